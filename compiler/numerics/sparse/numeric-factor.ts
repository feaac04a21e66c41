import { cholesky, solveFactored } from '../spd.js'
import type { FactorValues } from './factor-values.js'
import type { SymbolicFactor } from './symbolic-factor.js'

/** A pivot at or below this, times the places that lead to it, times its diagonal element counts as 0. */
const PIVOT_TOLERANCE = 2.220446049250313e-16

/**
 * A = L D Lᵀ row by row (up-looking): Davis, "Algorithm 849: A concise sparse Cholesky factorization package", ACM
 * TOMS 31 (2005), with the pattern of each row at hand; what is left of the tail then is its Schur complement, which gets
 * a Cholesky factor. On entry `values` holds A, on return L and D, and the factor of the tail.
 * False, with both unspecified, when A is not numerically positive definite: rounding moves a pivot by at most about
 * ε times its diagonal element for each place below it in the tree. `next` and `row` are scratch of length n.
 */
export function factorInPlace(
  symbolic: SymbolicFactor,
  values: FactorValues,
  next: Int32Array,
  row: Float64Array,
): boolean {
  const { order, starts, rows, rowStarts, rowColumns, subtree, tail: tailFrom } = symbolic
  const { lower, diagonal, tail } = values
  const size = order - tailFrom
  for (let j = 0; j < order; j++) next[j] = starts[j] ?? 0
  for (let k = 0; k < order; k++) {
    const first = rowStarts[k] ?? 0
    const last = rowStarts[k + 1] ?? 0
    for (let at = first; at < last; at++) {
      const j = rowColumns[at] ?? 0
      row[j] = lower[next[j] ?? 0] ?? 0
    }
    const tailRow = (k - tailFrom) * size
    if (k >= tailFrom) {
      diagonal[k] = tail[tailRow + k - tailFrom] ?? Number.NaN
      for (let j = tailFrom; j < k; j++) row[j] = tail[tailRow + j - tailFrom] ?? Number.NaN
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
    if (k >= tailFrom) {
      for (let j = tailFrom; j < k; j++) tail[tailRow + j - tailFrom] = row[j] ?? Number.NaN
      tail[tailRow + k - tailFrom] = pivot
      continue
    }
    if (!isPivot(pivot, before, subtree[k] ?? 1)) return false
    diagonal[k] = pivot
  }
  if (!cholesky(tail, 0, tail, 0, size)) return false
  for (let k = tailFrom; k < order; k++) {
    const root = tail[(k - tailFrom) * (size + 1)] ?? Number.NaN
    if (!isPivot(root * root, diagonal[k] ?? Number.NaN, subtree[k] ?? 1)) return false
  }
  return true
}

function isPivot(pivot: number, before: number, places: number): boolean {
  return pivot > PIVOT_TOLERANCE * places * before && pivot < Number.POSITIVE_INFINITY
}

/** log det A of a factor. */
export function logdetOf({ order, tail: tailFrom }: SymbolicFactor, { diagonal, tail }: FactorValues): number {
  let sum = 0
  for (let k = 0; k < tailFrom; k++) sum += Math.log(diagonal[k] ?? Number.NaN)
  const step = order - tailFrom + 1
  for (let at = 0; at < tail.length; at += step) sum += 2 * Math.log(tail[at] ?? Number.NaN)
  return sum
}

/** The parts of log det A by place, which add up to it; over the places of a block of A to that of the block. */
export function logPivotsOf({ order, tail: tailFrom }: SymbolicFactor, { diagonal, tail }: FactorValues): Float64Array {
  const step = order - tailFrom + 1
  return Float64Array.from({ length: order }, (_, k) =>
    k < tailFrom ? Math.log(diagonal[k] ?? Number.NaN) : 2 * Math.log(tail[(k - tailFrom) * step] ?? Number.NaN),
  )
}

/** x = R ε in place of ε, with R Rᵀ = A⁻¹: R = L⁻ᵀ D^−½. */
export function rootInPlace(symbolic: SymbolicFactor, values: FactorValues, x: Float64Array): void {
  const { order, starts, rows, tail: tailFrom } = symbolic
  const { lower, diagonal, tail } = values
  const n = order - tailFrom
  for (let i = n - 1; i >= 0; i--) {
    const value = (x[tailFrom + i] ?? 0) / (tail[i * n + i] ?? 1)
    x[tailFrom + i] = value
    for (let k = 0; k < i; k++) x[tailFrom + k] = (x[tailFrom + k] ?? 0) - (tail[i * n + k] ?? 0) * value
  }
  for (let j = tailFrom - 1; j >= 0; j--) {
    let value = (x[j] ?? 0) / Math.sqrt(diagonal[j] ?? 1)
    const last = starts[j + 1] ?? 0
    for (let p = starts[j] ?? 0; p < last; p++) value -= (lower[p] ?? 0) * (x[rows[p] ?? 0] ?? 0)
    x[j] = value
  }
}

/** Solves A x = b in place. */
export function solveInPlace(symbolic: SymbolicFactor, values: FactorValues, x: Float64Array): void {
  const { order, starts, rows, tail: tailFrom } = symbolic
  const { lower, diagonal, tail } = values
  for (let j = 0; j < tailFrom; j++) {
    const value = x[j] ?? 0
    const last = starts[j + 1] ?? 0
    for (let p = starts[j] ?? 0; p < last; p++) {
      const i = rows[p] ?? 0
      x[i] = (x[i] ?? 0) - (lower[p] ?? 0) * value
    }
  }
  solveFactored(tail, 0, x, tailFrom, order - tailFrom)
  for (let j = tailFrom - 1; j >= 0; j--) {
    let value = (x[j] ?? 0) / (diagonal[j] ?? 1)
    const last = starts[j + 1] ?? 0
    for (let p = starts[j] ?? 0; p < last; p++) value -= (lower[p] ?? 0) * (x[rows[p] ?? 0] ?? 0)
    x[j] = value
  }
}
