import {
  columnHeights,
  type Elimination,
  eliminationOf,
  eliminationTree,
  postorder,
  subtreeSizes,
  walkRows,
} from './elimination-tree.js'
import { minimumDegree } from './minimum-degree.js'
import type { SparseGraph } from './sparse-graph.js'

/** Entries of a factor beyond this are refused: two arrays of 8 bytes an entry are kept. */
export const MOST_ENTRIES = 2 ** 28

/** A tail shorter than this is not worth its own treatment; a column joins it when it is this full. */
const SHORTEST_TAIL = 32
const TAIL_FULLNESS = 0.7

/**
 * Where the entries of L lie, in the order of elimination: row and column numbers are places, not cells. The places from
 * `tail` on, where fill has left next to nothing empty, are one dense matrix (crossed effects end so).
 */
export interface SymbolicFactor extends Elimination {
  readonly order: number
  readonly tail: number
  /** Below the diagonal, column j < tail has the rows rows[starts[j]] < … < rows[starts[j + 1] − 1]; others have none. */
  readonly starts: Int32Array
  readonly rows: Int32Array
  /** Left of the diagonal and of the tail, row k has the columns rowColumns[rowStarts[k]] < … < rowColumns[rowStarts[k + 1] − 1]. */
  readonly rowStarts: Int32Array
  readonly rowColumns: Int32Array
  /** Number of places whose elimination reaches a place, itself included. */
  readonly subtree: Int32Array
}

interface Choice {
  readonly elimination: Elimination
  readonly parent: Int32Array
  readonly heights: Int32Array
}

/** Order, tree and pattern of L for a graph. */
export function symbolicFactor(graph: SparseGraph): SymbolicFactor {
  const { elimination, parent, heights } = chooseOrder(graph)
  const { order } = graph
  const tail = startOfTail(heights)
  const starts = new Int32Array(order + 1)
  for (let j = 0; j < order; j++) starts[j + 1] = (starts[j] ?? 0) + (j < tail ? (heights[j] ?? 0) : 0)
  const entries = starts[order] ?? 0
  const rows = new Int32Array(entries)
  const rowStarts = new Int32Array(order + 1)
  const next = starts.slice(0, order)
  walkRows(graph, elimination, parent, (row, column) => {
    if (column >= tail) return true
    const at = next[column] ?? 0
    rows[at] = row
    next[column] = at + 1
    rowStarts[row + 1] = (rowStarts[row + 1] ?? 0) + 1
    return true
  })
  for (let k = 0; k < order; k++) rowStarts[k + 1] = (rowStarts[k + 1] ?? 0) + (rowStarts[k] ?? 0)
  const rowColumns = new Int32Array(entries)
  next.set(rowStarts.subarray(0, order))
  for (let j = 0; j < order; j++) {
    for (let at = starts[j] ?? 0; at < (starts[j + 1] ?? 0); at++) {
      const row = rows[at] ?? 0
      const to = next[row] ?? 0
      rowColumns[to] = j
      next[row] = to + 1
    }
  }
  return { ...elimination, order, tail, starts, rows, rowStarts, rowColumns, subtree: subtreeSizes(parent) }
}

/** The order as given where it gives no fill or no more than minimum degree, else minimum degree in postorder. */
function chooseOrder(graph: SparseGraph): Choice {
  const natural = eliminationOf(Int32Array.from({ length: graph.order }, (_, i) => i))
  const naturalParent = eliminationTree(graph, natural)
  const asGiven = (most: number): Choice | null => {
    const counted = columnHeights(graph, natural, naturalParent, most)
    return counted === null ? null : { elimination: natural, parent: naturalParent, heights: counted.heights }
  }
  const withoutFill = asGiven(graph.neighbours.length / 2)
  if (withoutFill !== null) return withoutFill
  const least = inPostorder(graph, minimumDegree(graph))
  const counted = columnHeights(graph, least.elimination, least.parent, MOST_ENTRIES)
  const limit = counted?.total ?? MOST_ENTRIES
  const given = asGiven(limit)
  if (given !== null) return given
  if (counted === null) {
    const cells = `a joint Gaussian of ${graph.order} cells`
    throw new RangeError(`${cells} needs more than ${MOST_ENTRIES} entries in the factor of its precision`)
  }
  return { ...least, heights: counted.heights }
}

function startOfTail(heights: Int32Array): number {
  const order = heights.length
  let tail = order
  while (tail > 0 && (heights[tail - 1] ?? 0) >= TAIL_FULLNESS * (order - tail)) tail -= 1
  return order - tail < SHORTEST_TAIL ? order : tail
}

function inPostorder(
  graph: SparseGraph,
  sequence: Int32Array,
): { readonly elimination: Elimination; readonly parent: Int32Array } {
  const parent = eliminationTree(graph, eliminationOf(sequence))
  const elimination = eliminationOf(postorder(parent).map((place) => sequence[place] ?? 0))
  return { elimination, parent: eliminationTree(graph, elimination) }
}

/** Index in `rows` of the entry at (row, column), row > column, column < tail; −1 outside the pattern. */
export function entryAt(factor: SymbolicFactor, row: number, column: number): number {
  const { rows, starts } = factor
  let low = starts[column] ?? 0
  let high = (starts[column + 1] ?? 0) - 1
  while (low <= high) {
    const middle = (low + high) >>> 1
    const found = rows[middle] ?? 0
    if (found === row) return middle
    if (found < row) low = middle + 1
    else high = middle - 1
  }
  return -1
}
