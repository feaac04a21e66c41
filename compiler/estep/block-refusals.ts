/** Why latents have no posterior of a known family. */
import { add, mul } from '../algebra/build.js'
import type { ContinuousLatent } from '../graph/types.js'
import { type Base, isQuadratic, type Term } from './block-terms.js'
import { lengthOf } from './places.js'
import type { EStepRefusal } from './types.js'

export const refusal = (latent: ContinuousLatent, message: string): EStepRefusal => ({
  code: 'E402',
  span: latent.span,
  message,
})

/** Why cells that are coupled have no joint Normal posterior. */
export function coupling(
  base: Base,
  group: readonly ContinuousLatent[],
  coupled: boolean,
  monomials: readonly Term[],
): EStepRefusal {
  const [first] = group
  if (first === undefined) throw new Error('a block without latents')
  const names = group.map((l) => `\`${l.name}\``).join(' and ')
  const odd = monomials.filter((m) => !isQuadratic(m.atoms)).map((m) => m.factor.lifted)
  const joining = odd.find((f) => new Set(f.continuous.map((c) => c.latent.name)).size > 1) ?? odd[0]
  return {
    ...refusal(
      first,
      `${coupled && group.length === 1 ? `the cells of ${names} are coupled` : `${names} are coupled`} by this statement, which is not quadratic in them: their joint posterior is not Normal, nor Normal together with a Gamma or Wishart that scales it`,
    ),
    coupled: group.map((l) => l.name),
    cost: {
      kind: 'integral',
      dimensions: add(...base.latents.map((l) => mul(...l.coordinates.map(lengthOf)))),
      times: mul(...base.loops.map((l) => lengthOf(l.index))),
    },
    span: joining?.factor.span ?? first.span,
  }
}
