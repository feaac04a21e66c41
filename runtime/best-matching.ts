/**
 * The assignment of rows to columns with the least total cost, each column used at most once (Kuhn 1955, Munkres 1957, in
 * the form with potentials: O(rows² · columns)). Rows must not outnumber columns; more rows are matched by transposing.
 *
 * @returns the column of each row; −1 where there are more rows than columns and the row is left over
 */
export function bestMatching(cost: readonly (readonly number[])[]): number[] {
  const rows = cost.length
  const columns = cost[0]?.length ?? 0
  if (rows > columns) {
    const back = bestMatching(Array.from({ length: columns }, (_, j) => cost.map((row) => row[j] ?? 0)))
    return cost.map((_, i) => back.indexOf(i))
  }
  const u = new Float64Array(rows + 1)
  const v = new Float64Array(columns + 1)
  const rowOf = new Int32Array(columns + 1)
  const way = new Int32Array(columns + 1)
  for (let i = 1; i <= rows; i++) {
    rowOf[0] = i
    let j0 = 0
    const least = new Float64Array(columns + 1).fill(Number.POSITIVE_INFINITY)
    const used = new Uint8Array(columns + 1)
    do {
      used[j0] = 1
      const i0 = rowOf[j0] ?? 0
      let delta = Number.POSITIVE_INFINITY
      let j1 = 0
      for (let j = 1; j <= columns; j++) {
        if (used[j] === 1) continue
        const reduced = (cost[i0 - 1]?.[j - 1] ?? 0) - (u[i0] ?? 0) - (v[j] ?? 0)
        if (reduced < (least[j] ?? 0)) {
          least[j] = reduced
          way[j] = j0
        }
        if ((least[j] ?? 0) < delta) {
          delta = least[j] ?? 0
          j1 = j
        }
      }
      for (let j = 0; j <= columns; j++) {
        if (used[j] === 1) {
          const row = rowOf[j] ?? 0
          u[row] = (u[row] ?? 0) + delta
          v[j] = (v[j] ?? 0) - delta
        } else least[j] = (least[j] ?? 0) - delta
      }
      j0 = j1
    } while ((rowOf[j0] ?? 0) !== 0)
    do {
      const j1 = way[j0] ?? 0
      rowOf[j0] = rowOf[j1] ?? 0
      j0 = j1
    } while (j0 !== 0)
  }
  const result = new Array<number>(rows).fill(-1)
  for (let j = 1; j <= columns; j++) if ((rowOf[j] ?? 0) > 0) result[(rowOf[j] ?? 0) - 1] = j - 1
  return result
}
