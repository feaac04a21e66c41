/** What a statement says of a cell at some values of the latents: its share, density, distribution function and moments. */
import { logPhi } from '../../numerics/index.js'

/** What one statement says of a cell at some values of the latents. */
export interface Said {
  readonly share: number
  readonly logDensity: number
  /** The log of what the share is divided by, to be that without the cell; where it is not `logDensity`. */
  readonly message?: number
  readonly below: readonly [number, number]
  readonly above: readonly [number, number]
  readonly mean: number
  readonly variance: number
  readonly masses: Float64Array | null
}

/** Beyond this share of its own variance that the latents take up, nothing is known of a cell without it. */
const DETERMINED = 1 - 1e-9

/** Of counts from 0 on. */
export function addedUp(masses: Float64Array | null, x: number): Pick<Said, 'below' | 'above'> {
  if (masses === null || x >= masses.length) return { below: UNKNOWN, above: UNKNOWN }
  let before = 0
  for (let v = 0; v < x; v++) before += masses[v] ?? 0
  const upTo = Math.min(1, before + (masses[x] ?? 0))
  return { below: [Math.log(before), Math.log(upTo)], above: [Math.log1p(-before), Math.log1p(-upTo)] }
}

const UNKNOWN = [Number.NaN, Number.NaN] as const
export const WITHOUT_ORDER: Pick<Said, 'below' | 'above'> = { below: [0, 0], above: [0, 0] }

/** A Normal cell whose mean is linear in Normal latents, given the other cells. */
export function linear(x: number, variance: number, share: number, residual: number, square: number): Said {
  const taken = Math.max(0, square - residual * residual) / variance
  if (!(taken < DETERMINED)) return normal(x, Number.NaN, Number.NaN, share, Number.NaN)
  const off = residual / (1 - taken)
  const whole = variance / (1 - taken)
  return normal(x, x - off, whole, share, -0.5 * Math.log(2 * Math.PI * whole) - (off * off) / (2 * whole))
}

export function normal(x: number, mean: number, variance: number, share: number, logDensity: number): Said {
  const z = (x - mean) / Math.sqrt(variance)
  const [below, above] = [logPhi(z), logPhi(-z)]
  return { share, logDensity, below: [below, below], above: [above, above], mean, variance, masses: null }
}

export function logSum(xs: readonly number[]): number {
  const most = xs.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
  if (most === Number.NEGATIVE_INFINITY || Number.isNaN(most)) return most
  return most + Math.log(xs.reduce((sum, x) => sum + Math.exp(x - most), 0))
}
