import type { BoundArray } from '../../runtime/contract.js'
import { partsOf } from './array-parts.js'
import { orderStatistics } from './order-statistics.js'

/** Mean and variance (divisor n) of each column of a data array; a vector has one column. Missing cells are left out. */
export interface DataScale {
  readonly means: readonly number[]
  readonly variances: readonly number[]
  /**
   * What spreads are compared with: the variance; where a few values make it (an sd above 10 times that of a Normal with
   * the same quartiles, as heavy tails give), the variance of that Normal.
   */
  readonly bulk: readonly number[]
  /** The same of the logarithms, where all cells are positive. */
  readonly logs?: DataScale | undefined
  /** Largest finite number, without its sign; 0 where there is none. */
  readonly largest: number
}

export function dataScale(array: BoundArray): DataScale {
  return scaleOf(array, (x) => x)
}

/** What few models ask for is found when it is asked for. */
function scaleOf(array: BoundArray, of: (x: number) => number): DataScale {
  const { means, variances, largest, isPositive } = momentsOf(array, of)
  let bulk: readonly number[] | null = null
  let logs: DataScale | null = null
  return {
    means,
    variances,
    largest,
    get bulk() {
      bulk ??= variances.map((variance, c) => bulkVariance(array, c, variances.length, of, variance))
      return bulk
    },
    get logs() {
      if (!isPositive) return undefined
      logs ??= scaleOf(array, (x) => Math.log(of(x)))
      return logs
    },
  }
}

function momentsOf(
  array: BoundArray,
  of: (x: number) => number,
): Pick<DataScale, 'means' | 'variances' | 'largest'> & { readonly isPositive: boolean } {
  // sequences lie one after another: their two dimensions are one
  const rank = array.shape.length - (array.offsets === null ? 0 : 1)
  const columns = rank >= 2 ? (array.shape.at(-1) ?? 1) : 1
  const counts = new Float64Array(columns)
  const means = new Float64Array(columns)
  const sums = new Float64Array(columns)
  // among finite numbers: these change seldom, a test of the sign would go either way
  let lowest = Number.POSITIVE_INFINITY
  let highest = Number.NEGATIVE_INFINITY
  let isBounded = true
  // Welford's update: no cancellation at large offsets
  for (const values of partsOf(array))
    for (let i = 0, c = 0; i < values.length; i++, c = c + 1 === columns ? 0 : c + 1) {
      const x = of(values[i] ?? Number.NaN)
      if (!Number.isFinite(x)) {
        if (x < 0) isBounded = false
        continue
      }
      if (x < lowest) lowest = x
      if (x > highest) highest = x
      const n = (counts[c] ?? 0) + 1
      counts[c] = n
      const d = x - (means[c] ?? 0)
      const mean = (means[c] ?? 0) + d / n
      means[c] = mean
      sums[c] = (sums[c] ?? 0) + d * (x - mean)
    }
  return {
    means: [...means],
    variances: Array.from(sums, (sum, c) => ((counts[c] ?? 0) === 0 ? 0 : sum / (counts[c] ?? 1))),
    largest: Math.max(0, highest, -lowest),
    isPositive: isBounded && lowest > 0,
  }
}

/** Quartiles of a Normal are 1.349 standard deviations apart. */
const QUARTILES = 1.349
const FEW_VALUES = 10

function bulkVariance(
  array: BoundArray,
  column: number,
  columns: number,
  of: (x: number) => number,
  variance: number,
): number {
  const [low = 0, high = 0] = orderStatistics(() => columnOf(array, column, columns, of), [0.25, 0.75])
  const central = ((high - low) / QUARTILES) ** 2
  return central > 0 && variance > FEW_VALUES ** 2 * central ? central : variance
}

/** The finite numbers of a column, part by part. */
function* columnOf(
  array: BoundArray,
  column: number,
  columns: number,
  of: (x: number) => number,
): Generator<Float64Array> {
  for (const values of partsOf(array)) {
    const own = new Float64Array(Math.ceil(values.length / columns))
    let n = 0
    for (let i = column; i < values.length; i += columns) {
      const x = of(values[i] ?? Number.NaN)
      if (Number.isFinite(x)) own[n++] = x
    }
    yield own.subarray(0, n)
  }
}
