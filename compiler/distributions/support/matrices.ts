export type Matrix = readonly (readonly number[])[]

/** Element (i, j), counted from 0; outside the matrix it is 0. */
export function at(a: Matrix, i: number, j: number): number {
  return a[i]?.[j] ?? 0
}

/** The n × m matrix with the given elements, counted from 0. */
export function matrixOf(n: number, m: number, element: (i: number, j: number) => number): number[][] {
  return Array.from({ length: n }, (_row, i) => Array.from({ length: m }, (_column, j) => element(i, j)))
}

/**
 * Lower triangular L with L Lᵀ = A, or null where A is not positive definite (or not square).
 * Golub, Van Loan (2013), Matrix Computations, section 4.2.
 */
export function cholesky(a: Matrix): Matrix | null {
  const n = a.length
  if (a.some((row) => row.length !== n)) return null
  const lower = matrixOf(n, n, () => 0)
  for (let i = 0; i < n; i++) {
    const row = lower[i]
    if (row === undefined) return null
    for (let j = 0; j <= i; j++) {
      let rest = at(a, i, j)
      for (let k = 0; k < j; k++) rest -= at(lower, i, k) * at(lower, j, k)
      if (i === j && !(rest > 0)) return null
      row[j] = i === j ? Math.sqrt(rest) : rest / at(lower, j, j)
    }
  }
  return lower
}

/** `cholesky`, for an argument that is known to be a covariance. */
export function choleskyOf(a: Matrix): Matrix {
  const lower = cholesky(a)
  if (lower === null) throw new Error('a matrix is not positive definite')
  return lower
}

/** A B. */
export function product(a: Matrix, b: Matrix): number[][] {
  return matrixOf(a.length, b[0]?.length ?? 0, (i, j) => {
    let total = 0
    for (let k = 0; k < b.length; k++) total += at(a, i, k) * at(b, k, j)
    return total
  })
}

export function transpose(a: Matrix): number[][] {
  return matrixOf(a[0]?.length ?? 0, a.length, (i, j) => at(a, j, i))
}

/** L⁻¹ of a lower triangular L, by forward substitution. */
export function invertLower(lower: Matrix): number[][] {
  const n = lower.length
  const inverse = matrixOf(n, n, () => 0)
  inverse.forEach((row, i) => {
    for (let j = 0; j <= i; j++) {
      let rest = i === j ? 1 : 0
      for (let k = j; k < i; k++) rest -= at(lower, i, k) * at(inverse, k, j)
      row[j] = rest / at(lower, i, i)
    }
  })
  return inverse
}

/** true for a symmetric positive definite matrix (symmetric to 1e-8 of its largest element). */
export function isCovariance(a: Matrix): boolean {
  const largest = Math.max(0, ...a.flat().map(Math.abs))
  const symmetric = a.every((row, i) => row.every((x, j) => Math.abs(x - at(a, j, i)) <= 1e-8 * largest))
  return symmetric && cholesky(a) !== null
}
