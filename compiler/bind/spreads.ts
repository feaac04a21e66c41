/** How spreads of components compare with those of the data: floors and collapse. */
import type { ParamLayout } from '../../runtime/contract.js'
import type { Derivation } from '../derive.js'
import type { Spread } from '../mstep/types.js'
import { symmetricEigen } from '../numerics/index.js'
import type { DataScale } from './data-scale.js'

/** Spread params of a derivation, with the data (left sides only) they measure. */
function spreads(d: Derivation): readonly { readonly param: string; readonly spread: Spread }[] {
  const targets = new Set(d.graph.factors.filter((f) => f.role === 'likelihood').map((f) => f.target.name))
  const components = d.eStep.tables.length > 0
  return d.mStep.steps.flatMap((s) => {
    if (s.kind === 'newton')
      return !components
        ? []
        : s.roles.flatMap(({ param, role, data, logged, heavy = false }) =>
            role === 'location' ? [] : [{ param, spread: { kind: role, data: [data], logged, heavy } }],
          )
    const spread = s.kind === 'generalised-gamma' || s.kind === 'inverse-wishart' ? s.spread : null
    const [param] = s.params
    if (spread === null || param === undefined) return []
    const own = spread.data.filter((x) => targets.has(x))
    return [{ param, spread: { ...spread, data: own.length > 0 ? own : spread.data } }]
  })
}

/** Variance of the data in each direction that an element of the param measures. */
function variancesFor(
  spread: Spread,
  layout: ParamLayout,
  scales: ReadonlyMap<string, DataScale>,
): (flat: number) => number {
  const found = spread.data.map((n) => scales.get(n)).find((s) => s !== undefined)
  const scale = spread.logged ? (found?.logs ?? found) : found
  const variances = withoutZeros(scale, spread.heavy ?? false)
  const mean = variances.reduce((a, b) => a + b, 0) / Math.max(1, variances.length)
  const last = layout.shape.at(-1)
  const perColumn = last === variances.length && variances.length > 1 && layout.shape.length >= 1
  return (flat) => (perColumn ? (variances[flat % variances.length] ?? mean) : mean)
}

/**
 * The variance of each column, or of its bulk; where a column is constant, that of the others; where all are, the square of their size,
 * or 1. A floor relative to a variance of 0 would be none, and the density infinite.
 */
function withoutZeros(scale: DataScale | undefined, heavy: boolean): readonly number[] {
  if (scale === undefined) return [1]
  const own = heavy ? scale.bulk : scale.variances
  const varied = own.filter((v, i) => varies(v, scale.means[i] ?? 0))
  const size = scale.means.reduce((sum, m) => sum + m * m, 0) / Math.max(1, scale.means.length)
  const instead = varied.length > 0 ? varied.reduce((a, b) => a + b, 0) / varied.length : size > 0 ? size : 1
  return own.map((v, i) => (varies(v, scale.means[i] ?? 0) ? v : instead))
}

/** false for a variance that is nothing but the rounding of equal numbers. */
function varies(variance: number, mean: number): boolean {
  return variance > (4 * Number.EPSILON * mean) ** 2
}

/** Columns of observed data, counted from 1, that have a spread in the model and none in the data. */
export function constantColumns(
  d: Derivation,
  scales: ReadonlyMap<string, DataScale>,
): readonly { readonly data: string; readonly column: number; readonly value: number }[] {
  const measured = new Set(spreads(d).flatMap(({ spread }) => spread.data))
  return [...scales]
    .filter(([data]) => measured.has(data))
    .flatMap(([data, { means, variances }]) =>
      variances.flatMap((variance, i) => {
        const value = means[i] ?? 0
        return varies(variance, value) ? [] : [{ data, column: i + 1, value }]
      }),
    )
}

/** Floors of variances: per element of a scalar spread; n per matrix for a covariance. */
export function spreadFloors(
  d: Derivation,
  layouts: ReadonlyMap<string, ParamLayout>,
  scales: ReadonlyMap<string, DataScale>,
  floor: number,
): ReadonlyMap<string, Float64Array> {
  const out = new Map<string, Float64Array>()
  if (!(floor > 0)) return out
  for (const { param, spread } of spreads(d)) {
    const layout = layouts.get(param)
    if (layout === undefined) continue
    const variance = variancesFor(spread, layout, scales)
    const last = layout.shape.at(-1) ?? 1
    const count = spread.kind === 'covariance' ? layout.length / last : layout.length
    out.set(
      param,
      Float64Array.from({ length: count }, (_, i) => floor * variance(i)),
    )
  }
  return out
}

/** true where some spread has one value per value of the latent. */
export function hasOwnSpread(d: Derivation, layouts: ReadonlyMap<string, ParamLayout>, latent: string): boolean {
  return spreads(d).some(({ param }) => layouts.get(param)?.components.some((c) => c.latent === latent) ?? false)
}

/** Smallest variance of one component over that of the data in its direction; null where no spread belongs to it. */
export function relativeVariance(
  d: Derivation,
  layouts: ReadonlyMap<string, ParamLayout>,
  scales: ReadonlyMap<string, DataScale>,
  params: Float64Array,
  latent: string,
  value: number,
): number | null {
  let least: number | null = null
  for (const { param, spread } of spreads(d)) {
    const layout = layouts.get(param)
    if (layout === undefined) continue
    const dimension = layout.components.find((c) => c.latent === latent)?.dimension
    const variance = variancesFor(spread, layout, scales)
    const last = layout.shape.at(-1) ?? 1
    const block = spread.kind === 'covariance' ? last * last : 1
    for (let b = 0; b < layout.length / block; b++) {
      const shape = spread.kind === 'covariance' ? layout.shape.slice(0, -2) : layout.shape
      if (dimension !== undefined && coordinate(b, shape, dimension) !== value) continue
      let ratio: number
      if (spread.kind === 'covariance') {
        const m = Float64Array.from(
          { length: block },
          (_, i) =>
            (params[layout.offset + b * block + i] ?? 0) /
            Math.sqrt(variance(Math.floor(i / last)) * variance(i % last)),
        )
        ratio = Math.min(...symmetricEigen(m, 0, last).values)
      } else {
        const x = params[layout.offset + b] ?? 0
        ratio = (spread.kind === 'sd' ? x * x : spread.kind === 'precision' ? 1 / x : x) / variance(b)
      }
      if (!Number.isNaN(ratio) && (least === null || ratio < least)) least = ratio
    }
  }
  return least
}

function coordinate(flat: number, shape: readonly number[], dimension: number): number {
  const inner = shape.slice(dimension + 1).reduce((a, b) => a * b, 1)
  return Math.floor(flat / inner) % (shape[dimension] ?? 1)
}
