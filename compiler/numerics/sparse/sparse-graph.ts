/** Which cells of a symmetric matrix meet: for each cell its neighbours, each once, itself left out. */
export interface SparseGraph {
  readonly order: number
  /** Neighbours of cell i lie at starts[i] … starts[i + 1] − 1. */
  readonly starts: Int32Array
  readonly neighbours: Int32Array
}

/** Graph of the matrix with entries at (rows[e], columns[e]) and their mirror images; −1 in either passes over it. */
export function sparseGraph(order: number, rows: Int32Array, columns: Int32Array): SparseGraph {
  const starts = new Int32Array(order + 1)
  for (let e = 0; e < rows.length; e++) {
    const [i, j] = [rows[e] ?? -1, columns[e] ?? -1]
    if (i < 0 || j < 0 || i === j) continue
    starts[i + 1] = (starts[i + 1] ?? 0) + 1
    starts[j + 1] = (starts[j + 1] ?? 0) + 1
  }
  for (let i = 0; i < order; i++) starts[i + 1] = (starts[i + 1] ?? 0) + (starts[i] ?? 0)
  const repeated = new Int32Array(starts[order] ?? 0)
  const next = starts.slice(0, order)
  const put = (i: number, j: number): void => {
    const at = next[i] ?? 0
    repeated[at] = j
    next[i] = at + 1
  }
  for (let e = 0; e < rows.length; e++) {
    const [i, j] = [rows[e] ?? -1, columns[e] ?? -1]
    if (i < 0 || j < 0 || i === j) continue
    put(i, j)
    put(j, i)
  }
  return withoutRepeats(order, starts, repeated)
}

/** Keeps the first of equal neighbours; works in place. */
function withoutRepeats(order: number, starts: Int32Array, neighbours: Int32Array): SparseGraph {
  const seenBy = new Int32Array(order).fill(-1)
  let kept = 0
  for (let i = 0; i < order; i++) {
    const [from, to] = [starts[i] ?? 0, starts[i + 1] ?? 0]
    starts[i] = kept
    for (let at = from; at < to; at++) {
      const j = neighbours[at] ?? 0
      if (seenBy[j] === i) continue
      seenBy[j] = i
      neighbours[kept] = j
      kept += 1
    }
  }
  starts[order] = kept
  return { order, starts, neighbours: neighbours.slice(0, kept) }
}
