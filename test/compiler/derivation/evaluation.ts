/** What a printed formula is evaluated with. */
import { num } from '../../../compiler/algebra/build.js'
import type { evaluate } from '../../../compiler/algebra/evaluate.js'
import type { Expr, IndexVar } from '../../../compiler/algebra/types.js'
import type { ProgramModel } from '../../../compiler/bind/bound-model.js'

/** Values for a formula: the posterior at the old params, the new params as the M-step left them. */
export function environment(
  model: ProgramModel,
  before: Float64Array,
  after: Float64Array,
): Parameters<typeof evaluate>[1] {
  const posterior = model.posterior(before)
  const means = model.expected(before)
  const layouts = new Map(model.params.map((p) => [p.name, p]))
  const latents = new Map(model.latents.map((l) => [l.name, l]))
  return {
    ref(space, name, index) {
      if (space !== 'param') return model.numbers.value({ kind: 'ref', space, name, index: index.map((i) => num(i)) })
      const layout = layouts.get(name)
      if (layout === undefined) throw new Error(name)
      return after[layout.offset + index.reduce((at, i, d) => at * (layout.shape[d] ?? 1) + i - 1, 0)] ?? Number.NaN
    },
    probability(of) {
      const [i] = of
      const layout = latents.get(i?.latent ?? '')
      if (i === undefined || of.length !== 1 || layout === undefined) throw new Error('one latent at a time')
      const row = i.index.reduce((at, x, d) => at * (layout.shape[d] ?? 1) + x - 1, 0)
      const first = layout.labels[0] === 'false' ? 0 : 1
      return posterior.get(i.latent)?.[row * layout.values + i.value - first] ?? Number.NaN
    },
    mean: (latent) => means.get(latent) ?? Number.NaN,
  }
}

/** Every assignment of the indices, each from 1 to its size. */
export function everyValue(
  indices: readonly IndexVar[],
  sizeOf: (e: Expr) => number,
): readonly ReadonlyMap<string, number>[] {
  return indices.reduce<readonly ReadonlyMap<string, number>[]>(
    (all, v) => all.flatMap((m) => Array.from({ length: sizeOf(v.to) }, (_, i) => new Map([...m, [v.id, i + 1]]))),
    [new Map()],
  )
}
