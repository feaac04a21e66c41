import type { RowColumn } from './distinct-rows.js'

/** Which cells are missing, as bits; none where all are there; null where one is infinite. */
export function missingCells(columns: readonly RowColumn[], rows: number): readonly RowColumn[] | null {
  const reals = columns.filter(({ values }) => values instanceof Float64Array)
  let isComplete = true
  for (const { values, stride } of reals)
    for (let at = 0; at < rows * stride; at++) {
      const value = values[at] ?? 0
      if (value - value === 0) continue
      if (!Number.isNaN(value)) return null
      isComplete = false
    }
  if (isComplete) return []
  const words = Math.ceil(reals.reduce((sum, { stride }) => sum + stride, 0) / WORD)
  const bits = new Int32Array(rows * words)
  let first = 0
  for (const { values, stride } of reals) {
    for (let row = 0, at = 0; row < rows; row++)
      for (let j = first; j < first + stride; j++, at++) {
        const word = row * words + Math.floor(j / WORD)
        if (Number.isNaN(values[at])) bits[word] = (bits[word] ?? 0) | (1 << (j % WORD))
      }
    first += stride
  }
  return [{ values: bits, stride: words }]
}

/** Bits of a word, without the sign. */
const WORD = 31
