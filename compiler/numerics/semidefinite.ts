/** Linear systems of symmetric positive semidefinite matrices, row by row in a `Float64Array`: Golub and Van Loan, 4th ed., 4.2.8. */
import { solveSpd } from './spd.js'

/** A pivot of a matrix with unit diagonal counts as 0 at or below n times this: what rounding leaves of sums of many terms. */
export const RANK_TOLERANCE = 1e-13

const at = (array: Float64Array, index: number): number => array[index] ?? Number.NaN

/**
 * Of all solutions of A y = b the one with the least Σ A_ii y_i², into `target`; b lies in the range of A. That one does
 * not depend on the order of the pivots, and the units of y do not matter to it: where A is singular, rounding moves
 * neither.
 *
 * With D A D of unit diagonal and P its pivots, D A D = [L; M] [Lᵀ Mᵀ]: u = (L Lᵀ)⁻¹ b_P with zeros elsewhere is a
 * solution, the columns of Z = [−W; I], W = L⁻ᵀ Mᵀ, span what leaves A y as it is, and u − Z (ZᵀZ)⁻¹ Zᵀ u is wanted.
 */
export function solveSemidefinite(matrix: Float64Array, right: Float64Array, target: Float64Array, n: number): void {
  const root = Float64Array.from({ length: n }, (_, i) => Math.sqrt(at(matrix, i * n + i)))
  // rows that nothing reads do not move
  const order = Int32Array.from(Array.from(root.keys()).filter((i) => at(root, i) > 0))
  const m = order.length
  const index = (k: number): number => order[k] ?? 0
  const factor = new Float64Array(m * m)
  for (let i = 0; i < m; i++)
    for (let j = 0; j < m; j++)
      factor[i * m + j] = at(matrix, index(i) * n + index(j)) / (at(root, index(i)) * at(root, index(j)))
  const rank = pivoted(factor, order, m, n * RANK_TOLERANCE)
  const free = m - rank
  const u = Float64Array.from({ length: rank }, (_, k) => at(right, index(k)) / at(root, index(k)))
  forward(factor, u, m)
  backward(factor, u, m)
  const w = Array.from({ length: free }, (_, j) => {
    const column = factor.slice((rank + j) * m, (rank + j) * m + rank)
    backward(factor, column, m)
    return column
  })
  const gram = new Float64Array(free * free)
  const b = new Float64Array(free)
  w.forEach((left, i) => {
    b[i] = dot(left, u)
    w.forEach((other, j) => {
      gram[i * free + j] = dot(left, other) + (i === j ? 1 : 0)
    })
  })
  const along = new Float64Array(free)
  solveSpd(gram, 0, b, 0, along, 0, free)
  target.fill(0)
  for (let k = 0; k < rank; k++) {
    const moved = w.reduce((x, column, j) => x - at(column, k) * at(along, j), at(u, k))
    target[index(k)] = moved / at(root, index(k))
  }
  for (let j = 0; j < free; j++) target[index(rank + j)] = at(along, j) / at(root, index(rank + j))
}

/** Lower factor in place, the largest pivot that is left first; `order` is permuted likewise. Gives the rank. */
function pivoted(a: Float64Array, order: Int32Array, n: number, cut: number): number {
  for (let k = 0; k < n; k++) {
    let best = k
    for (let i = k + 1; i < n; i++) if (at(a, i * n + i) > at(a, best * n + best)) best = i
    if (!(at(a, best * n + best) > cut)) return k
    if (best !== k) exchange(a, order, n, k, best)
    const pivot = Math.sqrt(at(a, k * n + k))
    a[k * n + k] = pivot
    for (let i = k + 1; i < n; i++) a[i * n + k] = at(a, i * n + k) / pivot
    for (let i = k + 1; i < n; i++) {
      const left = at(a, i * n + k)
      if (left !== 0) for (let j = k + 1; j < n; j++) a[i * n + j] = at(a, i * n + j) - left * at(a, j * n + k)
    }
  }
  return n
}

/** Rows and columns k and l of what is left, and the rows of the factor. */
function exchange(a: Float64Array, order: Int32Array, n: number, k: number, l: number): void {
  const swap = (array: Float64Array | Int32Array, x: number, y: number): void => {
    const kept = array[x] ?? 0
    array[x] = array[y] ?? 0
    array[y] = kept
  }
  swap(order, k, l)
  for (let j = 0; j < n; j++) swap(a, k * n + j, l * n + j)
  for (let i = k; i < n; i++) swap(a, i * n + k, i * n + l)
}

/** L y = b in place, L the leading rows of the factor, whose rows are `stride` apart. */
function forward(factor: Float64Array, b: Float64Array, stride: number): void {
  for (let i = 0; i < b.length; i++) {
    let sum = at(b, i)
    for (let k = 0; k < i; k++) sum -= at(factor, i * stride + k) * at(b, k)
    b[i] = sum / at(factor, i * stride + i)
  }
}

/** Lᵀ y = b in place. */
function backward(factor: Float64Array, b: Float64Array, stride: number): void {
  for (let i = b.length - 1; i >= 0; i--) {
    const value = at(b, i) / at(factor, i * stride + i)
    b[i] = value
    for (let k = 0; k < i; k++) b[k] = at(b, k) - at(factor, i * stride + k) * value
  }
}

const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, x, i) => sum + x * at(b, i), 0)
