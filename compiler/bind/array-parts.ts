import type { BoundArray } from '../../runtime/contract.js'

/** Rows of a window are a multiple of this: sums that are taken this many rows at a time are the same in any window. */
export const CHUNK_ROWS = 16_384

/**
 * The values of an array in their order: all at once, or some rows at a time where they do not lie in memory. A part
 * holds until the next one is taken.
 */
export function* partsOf(array: BoundArray): Generator<Float64Array | Int32Array, void, undefined> {
  const { stream, values } = array
  if (stream === undefined) {
    yield values
    return
  }
  const { rows, width } = stream
  const length = Math.min(rows, CHUNK_ROWS) * width
  const part = values instanceof Int32Array ? new Int32Array(length) : new Float64Array(length)
  for (let from = 0; from < rows; from += CHUNK_ROWS) {
    const to = Math.min(rows, from + CHUNK_ROWS)
    stream.read(from, to, part)
    yield part.subarray(0, (to - from) * width)
  }
}
