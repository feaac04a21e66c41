/** Dense linear algebra on small matrices: textbook algorithms (Golub and Van Loan, Matrix Computations, 4th ed.). */
import { at, dot, range, sum, transpose } from './arrays.js'

export type Matrix = readonly (readonly number[])[]

/**
 * Lower Cholesky factor L of a symmetric positive definite matrix A = L Lᵀ (Golub and Van Loan, algorithm 4.2.1), or
 * null when A is not positive definite. Reads the lower triangle.
 */
export function cholesky(a: Matrix): number[][] | null {
  const l: number[][] = a.map((row) => row.map(() => 0))
  for (let j = 0; j < a.length; j++) {
    const row = at(l, j)
    const d = at(at(a, j), j) - sum(row.slice(0, j).map((x) => x * x))
    if (!(d > 0) || d === Number.POSITIVE_INFINITY) return null
    row[j] = Math.sqrt(d)
    for (let i = j + 1; i < a.length; i++) {
      const below = at(l, i)
      below[j] = (at(at(a, i), j) - dot(below.slice(0, j), row.slice(0, j))) / at(row, j)
    }
  }
  return l
}

/** x with L x = b, L lower triangular. */
export function forwardSolve(l: Matrix, b: readonly number[]): number[] {
  const x: number[] = []
  l.forEach((row, i) => {
    x.push((at(b, i) - dot(row.slice(0, i), x)) / at(row, i))
  })
  return x
}

/** x with Lᵀ x = b, L lower triangular. */
export function backwardSolve(l: Matrix, b: readonly number[]): number[] {
  const n = l.length
  const x = b.slice()
  for (let i = n - 1; i >= 0; i--) {
    const tail = sum(range(i + 1, n - 1).map((k) => at(at(l, k), i) * at(x, k)))
    x[i] = (at(b, i) - tail) / at(at(l, i), i)
  }
  return x
}

/** x with A x = b, from the Cholesky factor of A. */
export function choleskySolve(l: Matrix, b: readonly number[]): number[] {
  return backwardSolve(l, forwardSolve(l, b))
}

/** log det A from the Cholesky factor of A. */
export function choleskyLogDet(l: Matrix): number {
  return 2 * sum(l.map((row, i) => Math.log(at(row, i))))
}

/** xᵀ A⁻¹ x from the Cholesky factor of A. */
export function inverseQuadratic(l: Matrix, x: readonly number[]): number {
  const y = forwardSolve(l, x)
  return dot(y, y)
}

/** xᵀ A x. */
export function quadratic(a: Matrix, x: readonly number[]): number {
  return dot(x, times(a, x))
}

/** A x. */
export function times(a: Matrix, x: readonly number[]): number[] {
  return a.map((row) => dot(row, x))
}

/** A B. */
export function product(a: Matrix, b: Matrix): number[][] {
  const columns = transpose(b)
  return a.map((row) => columns.map((column) => dot(row, column)))
}

export function identity(n: number): number[][] {
  return range(1, n).map((i) => range(1, n).map((j) => (i === j ? 1 : 0)))
}

/**
 * Gaussian elimination with partial pivoting (Golub and Van Loan, algorithm 3.4.1): the determinant of A and X with
 * A X = B, X null when A is singular.
 */
export function eliminate(a: Matrix, b: Matrix): { determinant: number; solution: number[][] | null } {
  const n = a.length
  const w = a.map((row, i) => [...row, ...at(b, i)])
  let determinant = 1
  for (let k = 0; k < n; k++) {
    let pivot = k
    for (let i = k + 1; i < n; i++) if (Math.abs(at(at(w, i), k)) > Math.abs(at(at(w, pivot), k))) pivot = i
    const top = at(w, pivot)
    if (at(top, k) === 0) return { determinant: 0, solution: null }
    if (pivot !== k) {
      w[pivot] = at(w, k)
      w[k] = top
      determinant = -determinant
    }
    determinant *= at(top, k)
    for (let i = 0; i < n; i++) {
      if (i === k) continue
      const factor = at(at(w, i), k) / at(top, k)
      if (factor !== 0) w[i] = at(w, i).map((x, j) => x - factor * at(top, j))
    }
  }
  return { determinant, solution: w.map((row, i) => row.slice(n).map((x) => x / at(row, i))) }
}

/** A⁻¹, or null when A is singular. */
export function inverse(a: Matrix): number[][] | null {
  return eliminate(a, identity(a.length)).solution
}

export function determinant(a: Matrix): number {
  return eliminate(
    a,
    a.map(() => []),
  ).determinant
}

export function trace(a: Matrix): number {
  return sum(a.map((row, i) => at(row, i)))
}
