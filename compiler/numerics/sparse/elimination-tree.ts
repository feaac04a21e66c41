import type { SparseGraph } from './sparse-graph.js'

/** An order of elimination: cell `sequence[k]` is the k-th, and `place` is its inverse. */
export interface Elimination {
  readonly sequence: Int32Array
  readonly place: Int32Array
}

export function eliminationOf(sequence: Int32Array): Elimination {
  const place = new Int32Array(sequence.length)
  sequence.forEach((cell, k) => {
    place[cell] = k
  })
  return { sequence, place }
}

/**
 * Elimination tree: the parent of place k is the first place below the diagonal of column k of the factor, −1 at a
 * root. Liu, "A compact row storage scheme for Cholesky factors using elimination trees", ACM TOMS 12 (1986);
 * Davis, Direct Methods for Sparse Linear Systems (2006), section 4.1.
 */
export function eliminationTree(graph: SparseGraph, { sequence, place }: Elimination): Int32Array {
  const { order, starts, neighbours } = graph
  const parent = new Int32Array(order).fill(-1)
  /** Some ancestor, short-cut as paths are walked. */
  const ancestor = new Int32Array(order).fill(-1)
  for (let k = 0; k < order; k++) {
    const cell = sequence[k] ?? 0
    for (let at = starts[cell] ?? 0; at < (starts[cell + 1] ?? 0); at++) {
      let i = place[neighbours[at] ?? 0] ?? 0
      while (i !== -1 && i < k) {
        const above: number = ancestor[i] ?? -1
        ancestor[i] = k
        if (above === -1) parent[i] = k
        i = above
      }
    }
  }
  return parent
}

/**
 * Number of entries below the diagonal in each column of the factor; null as soon as their sum exceeds `most`. Row k of
 * the factor is the union of the paths of the tree from its entries up to k (Davis, theorem 4.1), so the time is
 * proportional to the sum.
 */
export function columnHeights(
  graph: SparseGraph,
  elimination: Elimination,
  parent: Int32Array,
  most: number,
): { readonly heights: Int32Array; readonly total: number } | null {
  const heights = new Int32Array(graph.order)
  let total = 0
  const finished = walkRows(graph, elimination, parent, (_row, column) => {
    heights[column] = (heights[column] ?? 0) + 1
    total += 1
    return total <= most
  })
  return finished ? { heights, total } : null
}

/** Calls `visit` with each entry of the factor below its diagonal, row by row; stops, with false, when it says so. */
export function walkRows(
  graph: SparseGraph,
  { sequence, place }: Elimination,
  parent: Int32Array,
  visit: (row: number, column: number) => boolean,
): boolean {
  const { order, starts, neighbours } = graph
  const seenBy = new Int32Array(order).fill(-1)
  for (let k = 0; k < order; k++) {
    const cell = sequence[k] ?? 0
    seenBy[k] = k
    for (let at = starts[cell] ?? 0; at < (starts[cell + 1] ?? 0); at++) {
      let i = place[neighbours[at] ?? 0] ?? 0
      if (i > k) continue
      while (seenBy[i] !== k) {
        seenBy[i] = k
        if (!visit(k, i)) return false
        i = parent[i] ?? -1
      }
    }
  }
  return true
}

/** Places in an order in which children come right before their parents; the fill does not change by it. */
export function postorder(parent: Int32Array): Int32Array {
  const n = parent.length
  const firstChild = new Int32Array(n).fill(-1)
  const sibling = new Int32Array(n).fill(-1)
  for (let k = n - 1; k >= 0; k--) {
    const above = parent[k] ?? -1
    if (above === -1) continue
    sibling[k] = firstChild[above] ?? -1
    firstChild[above] = k
  }
  const out = new Int32Array(n)
  const stack = new Int32Array(n)
  let count = 0
  for (let root = 0; root < n; root++) {
    if (parent[root] !== -1) continue
    let top = 0
    stack[0] = root
    while (top >= 0) {
      const k = stack[top] ?? 0
      const child = firstChild[k] ?? -1
      if (child === -1) {
        top -= 1
        out[count] = k
        count += 1
      } else {
        firstChild[k] = sibling[child] ?? -1
        top += 1
        stack[top] = child
      }
    }
  }
  return out
}

/** Number of places in the subtree of each place, itself included. */
export function subtreeSizes(parent: Int32Array): Int32Array {
  const sizes = new Int32Array(parent.length).fill(1)
  for (let k = 0; k < parent.length; k++) {
    const above = parent[k] ?? -1
    if (above !== -1) sizes[above] = (sizes[above] ?? 0) + (sizes[k] ?? 0)
  }
  return sizes
}
