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
  /** Every cell is a finite number. */
  readonly isComplete: boolean
}

export function dataScale(array: BoundArray): DataScale {
  return scaleOf(array, (x) => x)
}

/** What few models ask for is found when it is asked for. */
function scaleOf(array: BoundArray, of: (x: number) => number): DataScale {
  const { means, variances, largest, isComplete, isPositive } = momentsOf(array, of)
  let bulk: readonly number[] | null = null
  let logs: DataScale | null = null
  return {
    means,
    variances,
    largest,
    isComplete,
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

type Moments = Pick<DataScale, 'means' | 'variances' | 'largest' | 'isComplete'> & { readonly isPositive: boolean }

function momentsOf(array: BoundArray, of: (x: number) => number): Moments {
  // sequences lie one after another: their two dimensions are one
  const rank = array.shape.length - (array.offsets === null ? 0 : 1)
  const columns = rank >= 2 ? (array.shape.at(-1) ?? 1) : 1
  const all = Array.from({ length: columns }, emptyColumn)
  let isComplete = true
  let isBounded = true
  for (const values of partsOf(array))
    for (let from = 0; from < values.length; from += BLOCK_ROWS * columns) {
      const to = Math.min(values.length, from + BLOCK_ROWS * columns)
      for (const [c, column] of all.entries()) {
        const cells = Math.ceil((to - from - c) / columns)
        if (add(column, values, from + c, to, columns, of) === cells) continue
        isComplete = false
        for (let i = from + c; i < to; i += columns) if (of(values[i] ?? Number.NaN) < -MOST) isBounded = false
      }
    }
  const lowest = Math.min(...all.map((column) => column.lowest))
  return {
    means: all.map(({ mean }) => mean),
    variances: all.map(({ sum, count }) => sum / Math.max(1, count)),
    largest: Math.max(0, -lowest, ...all.map((column) => column.highest)),
    isComplete,
    isPositive: isBounded && lowest > 0,
  }
}

/** Rows that stay in cache while their columns are visited one after another. */
const BLOCK_ROWS = 1024
const MOST = Number.MAX_VALUE

/** Of the finite numbers of a column; `sum`: of squares about their mean. */
interface ColumnMoments {
  count: number
  mean: number
  sum: number
  lowest: number
  highest: number
}

const emptyColumn = (): ColumnMoments => ({
  count: 0,
  mean: 0,
  sum: 0,
  lowest: Number.POSITIVE_INFINITY,
  highest: Number.NEGATIVE_INFINITY,
})

/**
 * Adds the finite ones among every `step`th number in [from, to): their own moments, then those of both together, without
 * cancellation at large offsets (Chan, Golub, LeVeque 1983, equation 2.1).
 *
 * @returns how many there are
 */
function add(
  column: ColumnMoments,
  values: Float64Array | Int32Array,
  from: number,
  to: number,
  step: number,
  of: (x: number) => number,
): number {
  let { lowest, highest } = column
  let count = 0
  let sum = 0
  for (let i = from; i < to; i += step) {
    const x = of(values[i] ?? Number.NaN)
    // not a number, or infinite
    if (x - x !== 0) continue
    if (x < lowest) lowest = x
    if (x > highest) highest = x
    sum += x
    count++
  }
  if (count === 0) return 0
  const mean = sum / count
  let squares = 0
  for (let i = from; i < to; i += step) {
    const d = of(values[i] ?? Number.NaN) - mean
    if (d - d === 0) squares += d * d
  }
  const all = column.count + count
  const apart = mean - column.mean
  column.mean += (apart * count) / all
  column.sum += squares + (apart * apart * column.count * count) / all
  column.count = all
  column.lowest = lowest
  column.highest = highest
  return count
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
