/**
 * The distribution of a missing cell that no other statement reads: it integrates to one in the likelihood and is left
 * out of the E-step, and what is asked of it (`impute`) is its mean and variance, or the mass of each value, under the
 * posterior of the latents that its arguments read.
 */
import type { Span } from '../../lang/source.js'
import type { TDistribution } from '../../lang/typed/types.js'
import { idx } from '../algebra/build.js'
import { normaliseMatrices } from '../algebra/matrices.js'
import type { Expr, Guard } from '../algebra/types.js'
import type { Distribution } from '../distributions/types.js'
import { elementOf } from './log-density.js'
import { type BuiltTensor, type IndexSupply, unrollSums } from './tensors.js'
import type { Loop, Predictive } from './types.js'

export interface PredictivePlace {
  readonly loops: readonly Loop[]
  readonly guard: Guard
  readonly span: Span
  readonly supply: IndexSupply
}

/** null where the left side is no single cell of data. */
export function predictiveOf(
  distribution: Distribution,
  d: Extract<TDistribution, { kind: 'plain' }>,
  value: BuiltTensor,
  args: ReadonlyMap<string, BuiltTensor>,
  place: PredictivePlace,
): Predictive | null {
  const { supply } = place
  if (distribution.signature.value.rank > 0) return null
  const { indices, element, args: given } = elementOf(distribution, d, value, args, place)
  const cell = element.at([])
  if (cell.kind !== 'ref' || cell.space !== 'data') return null
  const plain = (e: Expr): Expr => normaliseMatrices(unrollSums(e))
  return {
    data: cell.name,
    index: cell.index,
    loops: [...place.loops.map((l) => l.index), ...indices],
    guard: place.guard,
    of: ((): Predictive['of'] => {
      const domain = distribution.mass === undefined ? undefined : distribution.domain?.(given)
      if (distribution.mass !== undefined && domain !== undefined && domain.high !== null) {
        const v = supply.fresh('k', domain.high, domain.low)
        const context = { index: (name: string, size: Expr) => supply.fresh(name, size) }
        return { kind: 'mass', value: v, mass: plain(distribution.mass(idx(v), given, context)) }
      }
      const moments = distribution.moments?.(given)
      if (moments === undefined)
        return { kind: 'none', reason: `the mean of ${d.name} has no closed form in this version` }
      return { kind: 'moments', mean: plain(moments.mean), variance: plain(moments.variance) }
    })(),
    span: place.span,
  }
}
