/**
 * Dense routines for symmetric positive definite matrices that lie row by row in a `Float64Array`, from an offset.
 * Only the lower triangle of a matrix is read. Golub and Van Loan, Matrix Computations, 4th ed., section 4.2.
 */

/** A pivot at or below this times n times the diagonal element counts as 0. */
const PIVOT_TOLERANCE = 2.220446049250313e-16

/** `array[index]`; an index beyond the end reads NaN. */
function at(array: Float64Array, index: number): number {
  return array[index] ?? Number.NaN
}

/**
 * Lower Cholesky factor of the n × n matrix at `from` into `to` (zeros above the diagonal). Source and target may be
 * the same place. Returns false when the matrix is not numerically positive definite; the target is then unspecified.
 */
export function cholesky(source: Float64Array, from: number, target: Float64Array, to: number, n: number): boolean {
  for (let j = 0; j < n; j++) {
    const rowJ = to + j * n
    const diagonal = at(source, from + j * n + j)
    let pivot = diagonal
    for (let k = 0; k < j; k++) pivot -= at(target, rowJ + k) * at(target, rowJ + k)
    if (!(pivot > PIVOT_TOLERANCE * n * diagonal) || pivot === Infinity) return false
    const root = Math.sqrt(pivot)
    for (let i = j + 1; i < n; i++) {
      const rowI = to + i * n
      let sum = at(source, from + i * n + j)
      for (let k = 0; k < j; k++) sum -= at(target, rowI + k) * at(target, rowJ + k)
      target[rowI + j] = sum / root
    }
    target[rowJ + j] = root
  }
  for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) target[to + i * n + j] = 0
  return true
}

/** log det of the matrix at `from`; NaN when it is not positive definite. */
export function logdetSpd(source: Float64Array, from: number, n: number): number {
  const factor = new Float64Array(n * n)
  if (!cholesky(source, from, factor, 0, n)) return Number.NaN
  let sum = 0
  for (let i = 0; i < n; i++) sum += Math.log(at(factor, i * n + i))
  return 2 * sum
}

/** Solves L Lᵀ y = b in place, L the factor at `from`, b (length n) at `to`. */
export function solveFactored(factor: Float64Array, from: number, target: Float64Array, to: number, n: number): void {
  for (let i = 0; i < n; i++) {
    let sum = at(target, to + i)
    for (let k = 0; k < i; k++) sum -= at(factor, from + i * n + k) * at(target, to + k)
    target[to + i] = sum / at(factor, from + i * n + i)
  }
  for (let i = n - 1; i >= 0; i--) {
    let sum = at(target, to + i)
    for (let k = i + 1; k < n; k++) sum -= at(factor, from + k * n + i) * at(target, to + k)
    target[to + i] = sum / at(factor, from + i * n + i)
  }
}

/** Solution of A y = b into `target` at `to`; false, and the target filled with NaN, when A is not positive definite. */
export function solveSpd(
  source: Float64Array,
  from: number,
  right: Float64Array,
  rightFrom: number,
  target: Float64Array,
  to: number,
  n: number,
): boolean {
  const factor = new Float64Array(n * n)
  if (!cholesky(source, from, factor, 0, n)) {
    target.fill(Number.NaN, to, to + n)
    return false
  }
  for (let i = 0; i < n; i++) target[to + i] = at(right, rightFrom + i)
  solveFactored(factor, 0, target, to, n)
  return true
}

/** Inverse (symmetric to the bit) into `target` at `to`; false, and NaN everywhere, when A is not positive definite. */
export function inverseSpd(source: Float64Array, from: number, target: Float64Array, to: number, n: number): boolean {
  const factor = new Float64Array(n * n)
  if (!cholesky(source, from, factor, 0, n)) {
    target.fill(Number.NaN, to, to + n * n)
    return false
  }
  // The factor's inverse takes its place, column by column; then A⁻¹ = L⁻ᵀ L⁻¹.
  for (let j = 0; j < n; j++) {
    factor[j * n + j] = 1 / at(factor, j * n + j)
    for (let i = j + 1; i < n; i++) {
      let sum = 0
      for (let k = j; k < i; k++) sum -= at(factor, i * n + k) * at(factor, k * n + j)
      factor[i * n + j] = sum / at(factor, i * n + i)
    }
  }
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0
      for (let k = i; k < n; k++) sum += at(factor, k * n + i) * at(factor, k * n + j)
      target[to + i * n + j] = sum
      target[to + j * n + i] = sum
    }
  }
  return true
}
