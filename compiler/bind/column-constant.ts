/** What rewritten rows take from whole columns, and whether all of a column is there. */
import type { ColumnConstant } from '../kernel/passes/index.js'

type Numbers = Float64Array | Int32Array

/** Rows that stay in cache while their columns are visited one after another. */
const BLOCK_ROWS = 1024

/** A number for each column: the mean of the rows, or how far they are from a centre, as the root of the mean square. */
export function columnConstant(
  { take }: ColumnConstant,
  parts: Iterable<Numbers>,
  width: number,
  centre: Numbers | null,
): Float64Array {
  const sums = new Float64Array(width)
  const counts = new Float64Array(width)
  const isMean = take.kind === 'centre'
  for (const values of parts)
    for (let from = 0; from < values.length; from += BLOCK_ROWS * width) {
      const to = Math.min(values.length, from + BLOCK_ROWS * width)
      for (let j = 0; j < width; j++) {
        const zero = centre?.[j] ?? 0
        let [sum, count] = [sums[j] ?? 0, counts[j] ?? 0]
        for (let at = from + j; at < to; at += width) {
          const value = (values[at] ?? 0) - zero
          if (Number.isNaN(value)) continue
          sum += isMean ? value : value * value
          count++
        }
        sums[j] = sum
        counts[j] = count
      }
    }
  return sums.map((sum, j) => {
    const mean = sum / Math.max(1, counts[j] ?? 1)
    return isMean ? mean : Math.sqrt(mean)
  })
}

export function allFinite(values: Numbers): boolean {
  if (values instanceof Int32Array) return true
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return false
  return true
}
