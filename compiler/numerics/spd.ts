import { dots } from './dots.js'

/**
 * Dense routines for symmetric positive definite matrices that lie row by row in a `Float64Array`, from an offset.
 * Only the lower triangle of a matrix is read. Golub and Van Loan, Matrix Computations, 4th ed., section 4.2. They run
 * once a row of data: no call allocates, every loop runs along rows, and larger orders go by blocks of 4 × 2 sums.
 */

/** A pivot at or below this times n times the diagonal element counts as 0. */
const PIVOT_TOLERANCE = 2.220446049250313e-16

/** Orders from which blocks pay: of a factor, of an inverse from it. */
const BLOCKED_FACTOR = 16
const BLOCKED_INVERSE = 8

/** Sums of a block, and the factor of a routine that returns none; the latter grows to the largest order in use. */
const sums = new Float64Array(8)
let scratch = new Float64Array(64)

function scratchOf(length: number): Float64Array {
  if (scratch.length < length) scratch = new Float64Array(length)
  return scratch
}

/** `array[index]`; an index beyond the end reads NaN. */
function at(array: Float64Array, index: number): number {
  return array[index] ?? Number.NaN
}

function isPivot(pivot: number, diagonal: number, n: number): boolean {
  return pivot > PIVOT_TOLERANCE * n * diagonal && pivot < Number.POSITIVE_INFINITY
}

/**
 * Lower Cholesky factor of the n × n matrix at `from` into `to` (zeros above the diagonal). Source and target may be
 * the same place. Returns false when the matrix is not numerically positive definite; the target is then unspecified.
 */
export function cholesky(source: Float64Array, from: number, target: Float64Array, to: number, n: number): boolean {
  if (!lowerFactor(source, from, target, to, n)) return false
  for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) target[to + i * n + j] = 0
  return true
}

/** The factor without the zeros above its diagonal, which stay as they are. */
function lowerFactor(source: Float64Array, from: number, target: Float64Array, to: number, n: number): boolean {
  if (n >= BLOCKED_FACTOR) return lowerFactorBlocked(source, from, target, to, n)
  for (let i = 0; i < n; i++) {
    const rowI = to + i * n
    const diagonal = at(source, from + i * n + i)
    let pivot = diagonal
    for (let j = 0; j < i; j++) {
      const rowJ = to + j * n
      let sum = at(source, from + i * n + j)
      for (let k = 0; k < j; k++) sum -= at(target, rowI + k) * at(target, rowJ + k)
      const entry = sum / at(target, rowJ + j)
      target[rowI + j] = entry
      pivot -= entry * entry
    }
    if (!isPivot(pivot, diagonal, n)) return false
    target[rowI + i] = Math.sqrt(pivot)
  }
  return true
}

/** Two columns at a time, four rows at a time: L_ij = (A_ij − Σ_{k < j} L_ik L_jk) / L_jj. */
function lowerFactorBlocked(source: Float64Array, from: number, target: Float64Array, to: number, n: number): boolean {
  const last = to + (n - 1) * n
  for (let j = 0; j < n; j += 2) {
    const rowJ = to + j * n
    const rowNext = Math.min(rowJ + n, last)
    const pair = j + 1 < n
    let root = 0
    let below = 0
    let rootNext = 0
    for (let i = j; i < n; i += 4) {
      const row = to + i * n
      dots(
        target,
        row,
        Math.min(row + n, last),
        Math.min(row + 2 * n, last),
        Math.min(row + 3 * n, last),
        rowJ,
        rowNext,
        j,
        sums,
      )
      for (let r = 0; r < 4 && i + r < n; r++) {
        const rowI = row + r * n
        const place = from + (i + r) * n + j
        const left = at(source, place) - at(sums, 2 * r)
        if (i + r === j) {
          if (!isPivot(left, at(source, place), n)) return false
          root = Math.sqrt(left)
          target[rowI + j] = root
          continue
        }
        const entry = left / root
        target[rowI + j] = entry
        if (!pair) continue
        const right = at(source, place + 1) - at(sums, 2 * r + 1)
        if (i + r === j + 1) {
          below = entry
          const pivot = right - entry * entry
          if (!isPivot(pivot, at(source, place + 1), n)) return false
          rootNext = Math.sqrt(pivot)
          target[rowI + j + 1] = rootNext
        } else target[rowI + j + 1] = (right - entry * below) / rootNext
      }
    }
  }
  return true
}

/** log det of the matrix at `from`; NaN when it is not positive definite. */
export function logdetSpd(source: Float64Array, from: number, n: number): number {
  const factor = scratchOf(n * n)
  if (!lowerFactor(source, from, factor, 0, n)) return Number.NaN
  let sum = 0
  for (let i = 0; i < n; i++) sum += Math.log(at(factor, i * n + i))
  return 2 * sum
}

/** Solves L Lᵀ y = b in place, L the factor at `from`, b (length n) at `to`. */
export function solveFactored(factor: Float64Array, from: number, target: Float64Array, to: number, n: number): void {
  for (let i = 0; i < n; i++) {
    const row = from + i * n
    let sum = at(target, to + i)
    for (let k = 0; k < i; k++) sum -= at(factor, row + k) * at(target, to + k)
    target[to + i] = sum / at(factor, row + i)
  }
  for (let i = n - 1; i >= 0; i--) {
    const row = from + i * n
    const value = at(target, to + i) / at(factor, row + i)
    target[to + i] = value
    for (let k = 0; k < i; k++) target[to + k] = at(target, to + k) - at(factor, row + k) * value
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
  const factor = scratchOf(n * n)
  if (!lowerFactor(source, from, factor, 0, n)) {
    for (let i = 0; i < n; i++) target[to + i] = Number.NaN
    return false
  }
  for (let i = 0; i < n; i++) target[to + i] = at(right, rightFrom + i)
  solveFactored(factor, 0, target, to, n)
  return true
}

/**
 * Inverse (symmetric to the bit) into `target` at `to`, which may be the source; false, and NaN everywhere, when A is not
 * positive definite. L is made below the diagonal of the target, U = L⁻ᵀ on and above it, and A⁻¹ = U Uᵀ below again.
 */
export function inverseSpd(source: Float64Array, from: number, target: Float64Array, to: number, n: number): boolean {
  if (!lowerFactor(source, from, target, to, n)) {
    for (let i = 0; i < n * n; i++) target[to + i] = Number.NaN
    return false
  }
  inverseFactored(target, to, n)
  return true
}

/** A⁻¹ (symmetric to the bit) in place of the lower Cholesky factor of A at `from`. */
export function inverseFactored(factor: Float64Array, from: number, n: number): void {
  if (n >= BLOCKED_INVERSE) {
    invertFactorBlocked(factor, from, n)
    multiplyBlocked(factor, from, n)
  } else {
    invertFactor(factor, from, n)
    multiply(factor, from, n)
  }
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) factor[from + i * n + j] = at(factor, from + j * n + i)
  }
}

/** U_ji = − (Σ_{j ≤ k < i} L_ik U_jk) / L_ii above the diagonal, 1 / L_ii on it, column i after column i − 1. */
function invertFactor(a: Float64Array, to: number, n: number): void {
  for (let i = 0; i < n; i++) {
    const rowI = to + i * n
    const inverse = 1 / at(a, rowI + i)
    a[rowI + i] = inverse
    for (let j = 0; j < i; j++) {
      const rowJ = to + j * n
      let sum = 0
      for (let k = j; k < i; k++) sum += at(a, rowI + k) * at(a, rowJ + k)
      a[rowJ + i] = -sum * inverse
    }
  }
}

/** (U Uᵀ)_ij = Σ_{k ≥ i} U_ik U_jk for j ≤ i, below and on the diagonal, which U_ii leaves last. */
function multiply(a: Float64Array, to: number, n: number): void {
  for (let i = 0; i < n; i++) {
    const rowI = to + i * n
    for (let j = 0; j <= i; j++) {
      const rowJ = to + j * n
      let sum = 0
      for (let k = i; k < n; k++) sum += at(a, rowI + k) * at(a, rowJ + k)
      a[rowI + j] = sum
    }
  }
}

/** As `invertFactor`, two columns i, i + 1 and four rows j … j + 3 at a time; the corner near the diagonal one by one. */
function invertFactorBlocked(a: Float64Array, to: number, n: number): void {
  for (let i = 0; i < n; i += 2) {
    const rowI = to + i * n
    const pair = i + 1 < n
    const rowNext = pair ? rowI + n : rowI
    const inverse = 1 / at(a, rowI + i)
    const inverseNext = pair ? 1 / at(a, rowNext + i + 1) : 0
    const beside = pair ? at(a, rowNext + i) : 0
    a[rowI + i] = inverse
    if (pair) {
      a[rowNext + i + 1] = inverseNext
      a[rowI + i + 1] = -beside * inverse * inverseNext
    }
    for (let j = 0; j < i; j += 4) {
      const count = Math.min(4, i - j)
      const rowJ = to + j * n
      // Rows j … j + count − 1 all have the columns from j + count − 1 on.
      const common = j + count - 1
      const row1 = count > 1 ? rowJ + n : rowJ
      const row2 = count > 2 ? row1 + n : row1
      const row3 = count > 3 ? row2 + n : row2
      dots(
        a,
        rowJ + common,
        row1 + common,
        row2 + common,
        row3 + common,
        rowI + common,
        rowNext + common,
        i - common,
        sums,
      )
      for (let r = 0; r < count; r++) {
        const row = rowJ + r * n
        let sum = at(sums, 2 * r)
        let next = at(sums, 2 * r + 1)
        for (let k = j + r; k < common; k++) {
          sum += at(a, rowI + k) * at(a, row + k)
          next += at(a, rowNext + k) * at(a, row + k)
        }
        const entry = -sum * inverse
        a[row + i] = entry
        if (pair) a[row + i + 1] = -(next + beside * entry) * inverseNext
      }
    }
  }
}

/** As `multiply`, two rows i, i + 1 and four rows j … j + 3 at a time. */
function multiplyBlocked(a: Float64Array, to: number, n: number): void {
  const last = to + (n - 1) * n
  for (let i = 0; i < n; i += 2) {
    const rowI = to + i * n
    const pair = i + 1 < n
    const rowNext = pair ? rowI + n : rowI
    const own = at(a, rowI + i)
    let diagonal = 0
    let diagonalNext = 0
    for (let j = 0; j <= i + 1; j += 4) {
      const rowJ = to + j * n
      const from = i + 1
      const [row1, row2] = [Math.min(rowJ + n, last), Math.min(rowJ + 2 * n, last)]
      dots(
        a,
        rowJ + from,
        row1 + from,
        row2 + from,
        Math.min(rowJ + 3 * n, last) + from,
        rowI + from,
        rowNext + from,
        n - from,
        sums,
      )
      for (let r = 0; r < 4 && j + r <= i + 1; r++) {
        const row = rowJ + r * n
        if (j + r < i) a[rowI + j + r] = at(sums, 2 * r) + own * at(a, row + i)
        else if (j + r === i) diagonal = at(sums, 2 * r) + own * own
        if (!pair) continue
        if (j + r <= i) a[rowNext + j + r] = at(sums, 2 * r + 1)
        else diagonalNext = at(sums, 2 * r + 1)
      }
    }
    a[rowI + i] = diagonal
    if (pair) a[rowNext + i + 1] = diagonalNext
  }
}
