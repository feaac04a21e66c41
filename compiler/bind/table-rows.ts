/** The rows of a table over bound data, in the order in which buffers hold them. */
import type { IndexVar } from '../algebra/types.js'
import { extentOf } from '../lower/lowerer.js'
import { flatLengths } from '../lower/rows.js'
import type { BoundNumbers } from './sizes.js'

/** Lengths of the sequences where rows lie flat, sequence after sequence; else null. */
export function rowLengths(loops: readonly IndexVar[], numbers: BoundNumbers): readonly number[] | null {
  const flat = flatLengths(loops)
  return flat === null ? null : numbers.vector(flat)
}

/** Number of rows. */
export function rowCount(loops: readonly IndexVar[], numbers: BoundNumbers): number {
  const lengths = rowLengths(loops, numbers)
  const extents = loops.map((v) => numbers.extent(extentOf(v)))
  return lengths === null
    ? extents.reduce((a, b) => a * b, 1)
    : lengths.reduce((a, b) => a + b, 0) * extents.slice(2).reduce((a, b) => a * b, 1)
}

/** Places of the first loop, from 0. */
export interface RowRange {
  readonly from: number
  readonly to: number
}

/** The 1-based values of the loops at each row; with a range, at the rows of these places of the first loop. */
export function* tableRows(
  loops: readonly IndexVar[],
  numbers: BoundNumbers,
  range: RowRange | null = null,
): Generator<ReadonlyMap<string, number>, void, undefined> {
  const lengths = rowLengths(loops, numbers)
  const extents = loops.map((v) => numbers.extent(extentOf(v)))
  const indices = new Map<string, number>()
  function* along(depth: number): Generator<ReadonlyMap<string, number>, void, undefined> {
    const loop = loops[depth]
    if (loop === undefined) {
      yield indices
      return
    }
    const from = numbers.value(loop.from, indices)
    const first = indices.get(loops[0]?.id ?? '') ?? 1
    const extent = lengths !== null && depth === 1 ? (lengths[first - 1] ?? 0) : (extents[depth] ?? 0)
    const [low, high] = depth === 0 && range !== null ? [range.from, range.to] : [0, extent]
    for (let i = low; i < high; i++) {
      indices.set(loop.id, from + i)
      yield* along(depth + 1)
    }
    indices.delete(loop.id)
  }
  yield* along(0)
}

/** Rows at the first place along the loop at `position`. */
export function beginnings(loops: readonly IndexVar[], position: number, numbers: BoundNumbers): Int32Array {
  const lengths = rowLengths(loops, numbers)
  const extents = loops.map((v) => numbers.extent(extentOf(v)))
  const inner = extents.slice(position + 1).reduce((a, b) => a * b, 1)
  const out: number[] = []
  let row = 0
  if (lengths !== null && position === 1)
    for (const length of lengths) {
      for (let i = 0; i < inner && length > 0; i++) out.push(row + i)
      row += length * inner
    }
  else {
    const block = inner * (extents[position] ?? 1)
    for (const rows = rowCount(loops, numbers); row < rows; row += block)
      for (let i = 0; i < inner; i++) out.push(row + i)
  }
  return Int32Array.from(out)
}
