/**
 * Units that the data tell apart and the model does not, as casks within batches and words within documents: what each adds to
 * the log-likelihood, or to the bound of a factorised posterior, is known, and its score by differences.
 */
import type { ProgramModel } from '../../compiler/bind/bound-model.js'
import { unitsByReach } from '../../compiler/bind/nested-units.js'
import { PosteriorReports } from '../../compiler/bind/posterior-reports.js'
import type { Pacer } from '../../runtime/pacer.js'
import { derivatives } from './differences.js'
import type { Information } from './information.js'

export interface UnitsByData {
  readonly count: number
  /** What each unit adds to the log-likelihood. */
  at(params: Float64Array): Float64Array
}

/** null where there are none. */
export function unitsByData(model: ProgramModel): UnitsByData | null {
  const { eStep, graph } = model.derivation
  if (eStep.factorised !== null) return unitsOfBounds(model)
  const isJoint = eStep.blocks.some((b) => b.kind === 'gaussian' && b.layout === 'joint' && b.scope.length === 0)
  const isWeighted = graph.factors.some((f) => f.loops.some((l) => l.weight !== null))
  if (!isJoint || isWeighted) return null
  const reports = new PosteriorReports(model, { contributions: true })
  const { contributions, units } = reports.at(model.interior(() => 0.5))
  const [only, second] = contributions
  const withData = units?.withData()[0]
  if (only === undefined || second !== undefined || withData === undefined) return null
  const places = [...withData.keys()].filter((i) => withData[i] === 1)
  if (places.length < 2) return null
  return {
    count: places.length,
    at(params) {
      const values = reports.at(params).contributions[0]?.values ?? new Float64Array(0)
      return Float64Array.from(places, (i) => values[i] ?? Number.NaN)
    },
  }
}

/**
 * Under a factorised posterior each unit adds its bound, with factors of its own that are the best at the params: the estimate
 * is that of these bounds' sum (Westling and McCormick 2019, J. Comput. Graph. Stat. 28, section 3).
 */
function unitsOfBounds(model: ProgramModel): UnitsByData | null {
  const units = unitsByReach(model)
  if (typeof units === 'string') return null
  const { graph } = model.derivation
  // rows within units may count several times, units themselves would be several
  const isWeighted = graph.factors.some(
    ({ loops: [outer] }) =>
      outer !== undefined && outer.weight !== null && model.numbers.extent(outer.index.to) <= units.count,
  )
  if (isWeighted) return null
  const parts = Array.from({ length: units.count }, (_, u) => model.over(units.take([u])))
  return {
    count: units.count,
    at: (params) => Float64Array.from(parts, (part) => part.eStep(params).logLikelihood),
  }
}

/** Σ g gᵀ over the units, g the slope of what one adds in free coordinates. */
export async function outerProducts(
  units: UnitsByData,
  { coordinates, eta, steps }: Pick<Information, 'coordinates' | 'eta' | 'steps'>,
  pacer: Pacer,
): Promise<Float64Array> {
  const n = coordinates.size
  const slopes = await derivatives((at) => units.at(coordinates.fromFree(at)), eta, steps, pacer)
  const out = new Float64Array(n * n)
  for (let u = 0; u < units.count; u++)
    for (let a = 0; a < n; a++)
      for (let b = 0; b < n; b++)
        out[a * n + b] = (out[a * n + b] ?? 0) + (slopes[a]?.[u] ?? Number.NaN) * (slopes[b]?.[u] ?? Number.NaN)
  return out
}
