import type { BoundArray } from '../../runtime/contract.js'

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
  readonly logs?: DataScale
}

export function dataScale(array: BoundArray): DataScale {
  const own = momentsOf(array, (x) => x)
  const positive = array.values.every((x) => !(x <= 0))
  return positive ? { ...own, logs: momentsOf(array, Math.log) } : own
}

function momentsOf(array: BoundArray, of: (x: number) => number): DataScale {
  // sequences lie one after another: their two dimensions are one
  const rank = array.shape.length - (array.offsets === null ? 0 : 1)
  const columns = rank >= 2 ? (array.shape.at(-1) ?? 1) : 1
  const means: number[] = []
  const variances: number[] = []
  const bulk: number[] = []
  for (let c = 0; c < columns; c++) {
    // Welford's update: no cancellation at large offsets
    let n = 0
    let mean = 0
    let sum = 0
    for (let i = c; i < array.values.length; i += columns) {
      const x = of(array.values[i] ?? Number.NaN)
      if (!Number.isFinite(x)) continue
      n += 1
      const d = x - mean
      mean += d / n
      sum += d * (x - mean)
    }
    means.push(n === 0 ? 0 : mean)
    const variance = n === 0 ? 0 : sum / n
    variances.push(variance)
    bulk.push(bulkVariance(array, c, columns, of, variance))
  }
  return { means, variances, bulk }
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
  const own = array.values
    .filter((_, i) => i % columns === column)
    .map(of)
    .filter(Number.isFinite)
  const sorted = Float64Array.from(own).sort()
  const at = (q: number): number => sorted[Math.floor(q * (sorted.length - 1))] ?? 0
  const central = ((at(0.75) - at(0.25)) / QUARTILES) ** 2
  return central > 0 && variance > FEW_VALUES ** 2 * central ? central : variance
}
