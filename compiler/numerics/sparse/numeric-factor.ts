import type { SymbolicFactor } from './symbolic-factor.js'

/** A pivot at or below this, times the places that lead to it, times its diagonal element counts as 0. */
const PIVOT_TOLERANCE = 2.220446049250313e-16

/**
 * A = L D Lᵀ row by row (up-looking): Davis, "Algorithm 849: A concise sparse Cholesky factorization package", ACM
 * TOMS 31 (2005), with the pattern of each row at hand. On entry `lower` and `diagonal` hold A, on return L and D.
 * False, with both unspecified, when A is not numerically positive definite: rounding moves a pivot by at most about
 * ε times its diagonal element for each place below it in the tree. `next` and `row` are scratch of length n.
 */
export function factorInPlace(
  symbolic: SymbolicFactor,
  lower: Float64Array,
  diagonal: Float64Array,
  next: Int32Array,
  row: Float64Array,
): boolean {
  const { order, starts, rows, rowStarts, rowColumns, subtree } = symbolic
  for (let j = 0; j < order; j++) next[j] = starts[j] ?? 0
  for (let k = 0; k < order; k++) {
    const first = rowStarts[k] ?? 0
    const last = rowStarts[k + 1] ?? 0
    for (let at = first; at < last; at++) {
      const j = rowColumns[at] ?? 0
      row[j] = lower[next[j] ?? 0] ?? 0
    }
    const before = diagonal[k] ?? Number.NaN
    let pivot = before
    for (let at = first; at < last; at++) {
      const j = rowColumns[at] ?? 0
      const value = row[j] ?? 0
      const to = next[j] ?? 0
      for (let p = starts[j] ?? 0; p < to; p++) {
        const i = rows[p] ?? 0
        row[i] = (row[i] ?? 0) - (lower[p] ?? 0) * value
      }
      const scaled = value / (diagonal[j] ?? 1)
      pivot -= scaled * value
      lower[to] = scaled
      next[j] = to + 1
    }
    if (!(pivot > PIVOT_TOLERANCE * (subtree[k] ?? 1) * before) || pivot === Number.POSITIVE_INFINITY) return false
    diagonal[k] = pivot
  }
  return true
}

/** Solves L D Lᵀ x = b in place. */
export function solveInPlace(
  symbolic: SymbolicFactor,
  lower: Float64Array,
  diagonal: Float64Array,
  x: Float64Array,
): void {
  const { order, starts, rows } = symbolic
  for (let j = 0; j < order; j++) {
    const value = x[j] ?? 0
    const last = starts[j + 1] ?? 0
    for (let p = starts[j] ?? 0; p < last; p++) {
      const i = rows[p] ?? 0
      x[i] = (x[i] ?? 0) - (lower[p] ?? 0) * value
    }
  }
  for (let j = order - 1; j >= 0; j--) {
    let value = (x[j] ?? 0) / (diagonal[j] ?? 1)
    const last = starts[j + 1] ?? 0
    for (let p = starts[j] ?? 0; p < last; p++) value -= (lower[p] ?? 0) * (x[rows[p] ?? 0] ?? 0)
    x[j] = value
  }
}
