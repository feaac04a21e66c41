/** Components of a refit in the order in which they are most like those of the fit. */
import type { ProgramModel } from '../../compiler/bind/bound-model.js'
import { movableGroups, permuteParams } from '../../runtime/canonical-order.js'
import type { BoundModel } from '../../runtime/contract.js'
import type { Pacer } from '../../runtime/pacer.js'
import { NoInformation, observedInformation } from './information.js'
import { isTold, quadratic } from './invert.js'

/** Orders that are all tried: 6! of them. Beyond, the refit, which began at the fit, keeps its order. */
const MOST_VALUES = 6

export function matched(
  model: BoundModel,
  params: Float64Array,
  like: Float64Array,
  scales: Float64Array,
): Float64Array {
  let best = params
  for (const group of movableGroups(model)) {
    const values = group[0]?.values ?? 0
    if (values > MOST_VALUES) continue
    const from = best
    let least = distance(from, like, scales)
    for (const order of permutations(values)) {
      const tried = permuteParams(model, from, new Map(group.map((l) => [l.name, order])))
      const far = distance(tried, like, scales)
      if (!(far < least)) continue
      least = far
      best = tried
    }
  }
  return best
}

/** Of each element its standard error from the information; NaN where it has none. */
export async function scalesOf(model: ProgramModel, params: Float64Array, pacer: Pacer): Promise<Float64Array> {
  const out = new Float64Array(params.length).fill(Number.NaN)
  try {
    const { coordinates, eta, inverse } = await observedInformation(model, params, pacer)
    for (const [offset, g] of coordinates.slopes(eta))
      if (isTold(g, inverse)) out[offset] = Math.sqrt(quadratic(g, inverse.covariance, g))
  } catch (e) {
    if (!(e instanceof NoInformation)) throw e
  }
  return out
}

/** In standard errors; elements without one do not count. */
const distance = (a: Float64Array, b: Float64Array, scales: Float64Array): number =>
  a.reduce((s, x, i) => ((scales[i] ?? 0) > 0 ? s + ((x - (b[i] ?? 0)) / (scales[i] ?? 1)) ** 2 : s), 0)

function* permutations(n: number, taken: readonly number[] = []): Generator<readonly number[]> {
  if (taken.length === n) yield taken
  for (let k = 0; k < n; k++) if (!taken.includes(k)) yield* permutations(n, [...taken, k])
}
