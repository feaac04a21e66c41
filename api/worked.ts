/** One EM iteration of a bound model, as a derivation shows it with numbers. */
import { num } from '../compiler/algebra/build.js'
import type { Environment } from '../compiler/algebra/evaluate.js'
import type { ProgramModel } from '../compiler/bind/bound-model.js'
import { PrintedValues } from '../compiler/bind/printed-values.js'
import type { PrintedNumbers, WorkedIteration, WorkedParam } from '../compiler/derivation/index.js'
import type { EmIteration } from '../runtime/iterate.js'

export function workedIteration(model: ProgramModel, step: EmIteration): WorkedIteration {
  const params = (flat: Float64Array): readonly WorkedParam[] =>
    model.params.map((p) => ({
      name: p.name,
      shape: p.shape,
      values: [...flat.subarray(p.offset, p.offset + p.length)],
    }))
  return {
    numbers: numbersOf(model, step.params, step.next),
    before: params(step.params),
    after: params(step.next),
    expected: step.expected,
    objective: step.objective,
    elboAfterE: step.elboAfterE,
    elboAfterM: step.elboAfterM,
    nextObjective: step.nextObjective,
  }
}

/** Rows that do not lie in memory have no tables: what reads single posteriors alone is evaluated. */
function numbersOf(model: ProgramModel, before: Float64Array, after: Float64Array): PrintedNumbers {
  return model.memory.windows === null
    ? new PrintedValues(model, before, after)
    : { place: (e) => e, values: () => valuesOf(model, before, after) }
}

/** What a printed update is evaluated with: the posterior at the old params, the new params as the M-step left them. */
export function valuesOf(model: ProgramModel, before: Float64Array, after: Float64Array): Environment {
  const posterior = model.posterior(before)
  const means = model.expected(before)
  const layouts = new Map(model.params.map((p) => [p.name, p]))
  const latents = new Map(model.latents.map((l) => [l.name, l]))
  return {
    ref(space, name, index) {
      if (space !== 'param') return model.numbers.value({ kind: 'ref', space, name, index: index.map((i) => num(i)) })
      const layout = layouts.get(name)
      if (layout === undefined) throw new Error(`no param ${name}`)
      return after[layout.offset + index.reduce((at, i, d) => at * (layout.shape[d] ?? 1) + i - 1, 0)] ?? Number.NaN
    },
    probability(of) {
      const [i] = of
      const layout = latents.get(i?.latent ?? '')
      if (i === undefined || of.length !== 1 || layout === undefined)
        throw new Error('no report gives the joint probability of several latents')
      const row = i.index.reduce((at, x, d) => at * (layout.shape[d] ?? 1) + x - 1, 0)
      const first = layout.labels[0] === 'false' ? 0 : 1
      return posterior.get(i.latent)?.[row * layout.values + i.value - first] ?? Number.NaN
    },
    mean: (latent) => means.get(latent) ?? Number.NaN,
  }
}
