/** Bars of a histogram, and the values at which densities are drawn over it. */
import { type Domain, extentOf, linear } from './scales.js'

export interface Bins {
  readonly bars: readonly {
    readonly from: number
    readonly to: number
    readonly rows: number
    readonly height: number
  }[]
  readonly domain: Domain
  /** Where curves are evaluated: every integer for whole numbers. */
  readonly grid: Float64Array
  readonly whole: boolean
  /** Values that are there. */
  readonly count: number
}

const CURVE_POINTS = 240
const MOST_INTEGERS = 60

/**
 * Densities: rows of a bar, each as often as it counts, over (rows · width), so that the bars have area 1. Whole numbers have a bar each where these are
 * few. The width is Freedman and Diaconis's 2·IQR·n^(−1/3), as a round number.
 */
export function binsOf(values: Float64Array, integers: boolean, weights: Float64Array | null = null): Bins {
  const sorted = values.filter(Number.isFinite).sort()
  const count = sorted.length
  const [low, high] = extentOf(sorted)
  const whole = integers && high - low <= MOST_INTEGERS
  const width = whole ? 1 : roundWidth(sorted, low, high)
  const first = whole ? low - 0.5 : Math.floor(low / width) * width
  const bars = Math.max(1, whole ? high - low + 1 : Math.floor((high - first) / width) + 1)
  const rows = new Array<number>(bars).fill(0)
  let total = 0
  for (const [row, x] of values.entries()) {
    if (!Number.isFinite(x)) continue
    const i = Math.min(bars - 1, Math.max(0, Math.floor((x - first) / width)))
    const weight = weights?.[row] ?? 1
    rows[i] = (rows[i] ?? 0) + weight
    total += weight
  }
  const end = first + bars * width
  const room = whole ? 0 : 0.05 * (end - first)
  const domain: Domain = [first - room, end + room]
  return {
    bars: rows.map((n, i) => ({
      from: first + i * width,
      to: first + (i + 1) * width,
      rows: n,
      height: total === 0 ? 0 : n / total / width,
    })),
    domain,
    grid: whole
      ? Float64Array.from({ length: bars }, (_, i) => low + i)
      : integers
        ? integersIn(domain)
        : Float64Array.from(
            { length: CURVE_POINTS },
            (_, i) => domain[0] + ((domain[1] - domain[0]) * i) / (CURVE_POINTS - 1),
          ),
    whole,
    count,
  }
}

function integersIn([low, high]: Domain): Float64Array {
  const step = Math.max(1, Math.round((high - low) / CURVE_POINTS))
  const first = Math.ceil(low)
  return Float64Array.from({ length: Math.max(1, Math.floor((high - first) / step) + 1) }, (_, i) => first + i * step)
}

function roundWidth(sorted: Float64Array, low: number, high: number): number {
  const at = (p: number): number => sorted[Math.floor(p * (sorted.length - 1))] ?? low
  const iqr = at(0.75) - at(0.25)
  const spread = iqr > 0 ? iqr : (high - low) / 2
  const raw = sorted.length === 0 || spread <= 0 ? 1 : (2 * spread) / Math.cbrt(sorted.length)
  const bars = Math.min(60, Math.max(5, (high - low) / raw))
  const [a = 0, b = 1] = linear([low, high > low ? high : low + 1], [0, 1]).ticks(bars)
  return b - a
}
