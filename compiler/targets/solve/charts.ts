/** Unconstrained coordinates of supports, with first and second derivatives. */
import type { ParamLayout } from '../../../runtime/contract.js'
import type { Chart } from './chart.js'
import { correlation, covariance } from './matrix-charts.js'

export type { Chart } from './chart.js'

const get = (a: Float64Array, i: number): number => a[i] ?? 0

function scalarChart(
  to: (x: number) => number,
  from: (e: number) => number,
  first: (e: number) => number,
  second: (e: number) => number,
): Chart {
  return {
    size: 1,
    free: 1,
    toFree: (t) => Float64Array.of(to(get(t, 0))),
    fromFree: (e) => Float64Array.of(from(get(e, 0))),
    jacobian: (e) => Float64Array.of(first(get(e, 0))),
    curvature: (e, g) => Float64Array.of(get(g, 0) * second(get(e, 0))),
  }
}

const identity = scalarChart(
  (x) => x,
  (e) => e,
  () => 1,
  () => 0,
)
const logarithm = scalarChart((x) => Math.log(Math.max(x, 1e-300)), Math.exp, Math.exp, Math.exp)

function logit(low: number, high: number): Chart {
  const width = high - low
  const s = (e: number): number => 1 / (1 + Math.exp(-e))
  return scalarChart(
    (x) => {
      const p = Math.min(1 - 1e-12, Math.max(1e-12, (x - low) / width))
      return Math.log(p / (1 - p))
    },
    (e) => low + width * s(e),
    (e) => width * s(e) * (1 - s(e)),
    (e) => width * s(e) * (1 - s(e)) * (1 - 2 * s(e)),
  )
}

/** A number above `low`: θ = low + exp η. */
const above = (low: number): Chart =>
  scalarChart(
    (x) => Math.log(Math.max(x - low, 1e-300)),
    (e) => low + Math.exp(e),
    Math.exp,
    Math.exp,
  )

/** A number below `high`: θ = high − exp η. */
const below = (high: number): Chart =>
  scalarChart(
    (x) => Math.log(Math.max(high - x, 1e-300)),
    (e) => high - Math.exp(e),
    (e) => -Math.exp(e),
    (e) => -Math.exp(e),
  )

/** A number in an interval, either end of which may be infinite. */
export function intervalChart(low: number, high: number): Chart {
  if (Number.isFinite(low)) return Number.isFinite(high) ? logit(low, high) : above(low)
  return Number.isFinite(high) ? below(high) : identity
}

/** θ_i = exp η_i / Σ exp η_j with η_n = 0. */
function simplex(n: number): Chart {
  const m = n - 1
  const from = (e: Float64Array): Float64Array => {
    const max = Math.max(0, ...e)
    const w = Float64Array.from({ length: n }, (_, i) => Math.exp((i < m ? get(e, i) : 0) - max))
    const total = w.reduce((a, b) => a + b, 0)
    return w.map((x) => x / total)
  }
  return {
    size: n,
    free: m,
    toFree: (t) => {
      const last = Math.log(Math.max(get(t, m), 1e-300))
      return Float64Array.from({ length: m }, (_, i) => Math.log(Math.max(get(t, i), 1e-300)) - last)
    },
    fromFree: from,
    jacobian: (e) => {
      const p = from(e)
      const out = new Float64Array(n * m)
      for (let i = 0; i < n; i++)
        for (let a = 0; a < m; a++) out[i * m + a] = get(p, i) * ((i === a ? 1 : 0) - get(p, a))
      return out
    },
    curvature: (e, g) => {
      const p = from(e)
      const out = new Float64Array(m * m)
      for (let a = 0; a < m; a++)
        for (let b = 0; b < m; b++) {
          let sum = 0
          for (let i = 0; i < n; i++) {
            const [da, db] = [(i === a ? 1 : 0) - get(p, a), (i === b ? 1 : 0) - get(p, b)]
            sum += get(g, i) * get(p, i) * (da * db - get(p, a) * ((a === b ? 1 : 0) - get(p, b)))
          }
          out[a * m + b] = sum
        }
      return out
    },
  }
}

/** θ_1 = η_1, θ_i = θ_{i−1} + exp η_i. */
function ordered(n: number): Chart {
  return {
    size: n,
    free: n,
    toFree: (t) =>
      Float64Array.from({ length: n }, (_, i) =>
        i === 0 ? get(t, 0) : Math.log(Math.max(get(t, i) - get(t, i - 1), 1e-300)),
      ),
    fromFree: (e) => {
      const out = new Float64Array(n)
      for (let i = 0; i < n; i++) out[i] = i === 0 ? get(e, 0) : get(out, i - 1) + Math.exp(get(e, i))
      return out
    },
    jacobian: (e) => {
      const out = new Float64Array(n * n)
      for (let i = 0; i < n; i++) for (let a = 0; a <= i; a++) out[i * n + a] = a === 0 ? 1 : Math.exp(get(e, a))
      return out
    },
    curvature: (e, g) => {
      const out = new Float64Array(n * n)
      for (let a = 1; a < n; a++)
        for (let i = a; i < n; i++) out[a * n + a] = get(out, a * n + a) + get(g, i) * Math.exp(get(e, a))
      return out
    },
  }
}

/** A chart by the support that it is for. */
interface ChartOfSupport {
  /** The coordinates in words, after "a param goes by": null where they are the numbers themselves. */
  readonly words: string | null
  /** How many trailing positions of an array one chart takes. */
  readonly rank: 0 | 1 | 2
  /** @param last extent of the last position; `low` and `high` are the ends of an interval */
  make(last: number, low: number, high: number): Chart
}

const CHARTS = {
  real: { words: null, rank: 0, make: () => identity },
  positive: { words: 'its logarithm', rank: 0, make: () => logarithm },
  nonnegative: { words: 'its logarithm', rank: 0, make: () => logarithm },
  unit: { words: 'its logit', rank: 0, make: () => logit(0, 1) },
  interval: {
    words: 'the logit of its place between its bounds',
    rank: 0,
    make: (_, low, high) => intervalChart(low, high),
  },
  simplex: { words: 'the logarithms of its ratios to its last element, whose softmax it is', rank: 1, make: simplex },
  ordered: { words: 'its first element and the logarithms of its gaps', rank: 1, make: ordered },
  covariance: { words: 'its Cholesky factor, with the logarithms of the diagonal', rank: 2, make: covariance },
  correlation: {
    words: 'its Cholesky factor, each row over its diagonal element',
    rank: 2,
    make: correlation,
  },
} as const satisfies Readonly<Record<string, ChartOfSupport>>

const chartFor = (support: string): ChartOfSupport | undefined =>
  new Map<string, ChartOfSupport>(Object.entries(CHARTS)).get(support)

/** The coordinates of a support without constraints, in words; null where they are the numbers themselves or there are none. */
export const chartWords = (support: string): string | null => chartFor(support)?.words ?? null

/** The chart of a param's core block, and how many blocks it has. null where there is none. */
export function chartOf(layout: ParamLayout): { readonly chart: Chart; readonly blocks: number } | null {
  const { support } = layout
  const known = chartFor(support.kind)
  if (known === undefined) return null
  const last = layout.shape.at(-1) ?? 1
  const [low, high] = support.kind === 'interval' ? [support.low, support.high] : [0, 1]
  return { chart: known.make(last, low, high), blocks: layout.length / last ** known.rank }
}

/** A simplex of fewer elements than the padded extent. */
export const simplexChart = simplex
