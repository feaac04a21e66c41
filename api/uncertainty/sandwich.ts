/**
 * The sandwich A⁻¹ B A⁻¹ (Huber 1967, White 1982): A the observed information, B the sum over independent units of the
 * outer products of their scores. It holds where the model is wrong, or weights are those of a sample.
 */
import type { ProgramModel } from '../../compiler/bind/bound-model.js'
import { samplingUnits } from '../../compiler/bind/sampling-units.js'
import { UnitScoreReader } from '../../compiler/bind/score-reader.js'
import type { Pacer } from '../../runtime/pacer.js'
import type { Information } from './information.js'
import { outerProducts, unitsByData } from './parts.js'
import type { WeightKind } from './types.js'

/** The covariance in free coordinates, and the number of units; one sentence where there are no units. */
export async function sandwich(
  model: ProgramModel,
  information: Information,
  weights: WeightKind,
  pacer: Pacer,
): Promise<{ readonly covariance: Float64Array; readonly units: number } | string> {
  const { coordinates, eta, inverse } = information
  const plan = samplingUnits(model)
  const parts = typeof plan === 'string' ? unitsByData(model) : null
  if (parts !== null) {
    const { covariance } = inverse
    const middle = await outerProducts(parts, information, pacer)
    const n = coordinates.size
    return { covariance: times(times(covariance, middle, n), covariance, n), units: parts.count }
  }
  if (typeof plan === 'string') return plan
  const reader = new UnitScoreReader(model)
  const [shared] = reader.shared
  if (shared !== undefined) return `all of the data hang together through \`${shared}\``
  const sums = new Map<string, Float64Array>()
  const params = coordinates.fromFree(eta)
  for (const { range, units, values } of reader.at(params)) {
    const keyed = plan.keyed.get(range)
    const root = keyed?.units ?? range
    const size = plan.ranges.get(root)?.size ?? units
    const into = sums.get(root) ?? new Float64Array(size * model.length)
    sums.set(root, into)
    for (let u = 0; u < units; u++) {
      const to = keyed === undefined ? u : (keyed.of[u] ?? -1)
      if (to < 0) continue
      for (let i = 0; i < model.length; i++)
        into[to * model.length + i] = (into[to * model.length + i] ?? 0) + (values[u * model.length + i] ?? 0)
    }
  }
  const n = coordinates.size
  const middle = new Float64Array(n * n)
  let total = 0
  for (const [root, scores] of sums) {
    const own = plan.ranges.get(root)?.weights ?? null
    for (let u = 0; u * model.length < scores.length; u++) {
      const weight = own?.[u] ?? 1
      if (weight === 0) continue
      total += weights === 'frequency' ? weight : 1
      const g = coordinates.pull(eta, scores.subarray(u * model.length, (u + 1) * model.length))
      // w rows that are alike, each with the score g/w; or one row with the score g
      const share = weights === 'frequency' ? 1 / weight : 1
      for (let a = 0; a < n; a++)
        for (let b = 0; b < n; b++) middle[a * n + b] = (middle[a * n + b] ?? 0) + share * (g[a] ?? 0) * (g[b] ?? 0)
    }
  }
  const { covariance } = inverse
  return { covariance: times(times(covariance, middle, n), covariance, n), units: total }
}

function times(a: Float64Array, b: Float64Array, n: number): Float64Array {
  const out = new Float64Array(n * n)
  for (let i = 0; i < n; i++)
    for (let k = 0; k < n; k++) {
      const x = a[i * n + k] ?? 0
      if (x === 0) continue
      for (let j = 0; j < n; j++) out[i * n + j] = (out[i * n + j] ?? 0) + x * (b[k * n + j] ?? 0)
    }
  return out
}
