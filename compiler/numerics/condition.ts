/**
 * An estimate from below, mostly within a small factor, of the condition number of a symmetric positive definite n × n
 * matrix after scaling to unit diagonal: the ratio of the squared pivots of its Cholesky factor. Rows without a positive
 * diagonal are left out; a matrix that is singular to working precision has 1/ε.
 *
 * Rounding in a Cholesky solve does not see the scaling: Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed.,
 * theorem 10.4 and section 10.3.
 */
export function conditionEstimate(matrix: Float64Array, from: number, n: number): number {
  const rows = new Int32Array(n)
  const sd = new Float64Array(n)
  let m = 0
  for (let i = 0; i < n; i++) {
    const diagonal = matrix[from + i * n + i] ?? 0
    if (!(diagonal > 0)) continue
    rows[m] = i
    sd[m] = Math.sqrt(diagonal)
    m++
  }
  const l = new Float64Array(m * m)
  let least = 1
  for (let a = 0; a < m; a++) {
    for (let b = 0; b <= a; b++) {
      let x = (matrix[from + (rows[a] ?? 0) * n + (rows[b] ?? 0)] ?? 0) / ((sd[a] ?? 1) * (sd[b] ?? 1))
      for (let c = 0; c < b; c++) x -= (l[a * m + c] ?? 0) * (l[b * m + c] ?? 0)
      if (a !== b) {
        l[a * m + b] = x / (l[b * m + b] ?? 1)
        continue
      }
      if (!(x > Number.EPSILON)) return 1 / Number.EPSILON
      least = Math.min(least, x)
      l[a * m + a] = Math.sqrt(x)
    }
  }
  return 1 / least
}
