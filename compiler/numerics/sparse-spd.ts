import { factorInPlace, solveInPlace } from './sparse/numeric-factor.js'
import { selectedInverse } from './sparse/selected-inverse.js'
import { sparseGraph } from './sparse/sparse-graph.js'
import { entryAt, type SymbolicFactor, symbolicFactor } from './sparse/symbolic-factor.js'

/**
 * A symmetric positive definite matrix A = Σ_e q_e (E_e + E_eᵀ), E_e the unit matrix of the entry (rows[e], columns[e]):
 * a diagonal entry counts twice, an entry with a position of −1 not at all. Positions are fixed, values change:
 *
 *   clear(), add(…) for every entry, factor(), then logdet(), solve(…) and inverseAt(…).
 *
 * A cell that no entry names is alone with precision 1: nothing in logdet, mean 0, variance 1.
 *
 * Order, elimination tree and pattern are found once, by the constructor; nothing is allocated after the first round.
 * Where A is not numerically positive definite every answer is NaN.
 */
export class SparseSpd {
  readonly order: number
  private readonly symbolic: SymbolicFactor
  /** For each entry where its value is added: an entry below the diagonal, or `entries` + a place; −1: nowhere. */
  private readonly slots: Int32Array
  /** Places of the cells that no entry names. */
  private readonly alone: Int32Array
  /** A, then L and D: `lower` and `diagonal` are parts of `values`. */
  private readonly values: Float64Array
  private readonly lower: Float64Array
  private readonly diagonal: Float64Array
  private readonly x: Float64Array
  private readonly next: Int32Array
  private inverse: Float64Array | null = null
  private inverseDiagonal: Float64Array
  private weights: Float64Array
  private definite = false
  private inverted = false

  constructor(order: number, rows: Int32Array, columns: Int32Array) {
    this.order = order
    const symbolic = symbolicFactor(sparseGraph(order, rows, columns))
    this.symbolic = symbolic
    const entries = symbolic.rows.length
    this.slots = slotsOf(symbolic, rows, columns)
    this.alone = alonePlaces(symbolic, rows, columns)
    this.values = new Float64Array(entries + order)
    this.lower = this.values.subarray(0, entries)
    this.diagonal = this.values.subarray(entries)
    this.x = new Float64Array(order)
    this.next = new Int32Array(order)
    this.inverseDiagonal = new Float64Array(0)
    this.weights = new Float64Array(0)
  }

  /** Entries of L below its diagonal, fill included. */
  get entries(): number {
    return this.symbolic.rows.length
  }

  /** A = 0. */
  clear(): void {
    this.values.fill(0)
    this.definite = false
    this.inverted = false
  }

  /** Adds values[0], …, values[count − 1] at the entries from number `from` on. */
  add(values: Float64Array | Int32Array, count: number, from: number): void {
    const { slots, values: sums } = this
    for (let e = 0; e < count; e++) {
      const slot = slots[from + e] ?? -1
      if (slot >= 0) sums[slot] = (sums[slot] ?? 0) + (values[e] ?? Number.NaN)
    }
  }

  /** A = L D Lᵀ of what was added; false when A is not positive definite. */
  factor(): boolean {
    const { diagonal, alone, order } = this
    for (let k = 0; k < order; k++) diagonal[k] = 2 * (diagonal[k] ?? 0)
    for (let a = 0; a < alone.length; a++) diagonal[alone[a] ?? 0] = 1
    this.definite = factorInPlace(this.symbolic, this.lower, diagonal, this.next, this.x)
    this.inverted = false
    return this.definite
  }

  logdet(): number {
    if (!this.definite) return Number.NaN
    let sum = 0
    for (let k = 0; k < this.order; k++) sum += Math.log(this.diagonal[k] ?? Number.NaN)
    return sum
  }

  /** target = A⁻¹ right (0 for cells that are alone); both by cell, perhaps the same array. */
  solve(right: Float64Array, target: Float64Array): void {
    const { order, x, alone } = this
    const { sequence } = this.symbolic
    if (!this.definite) {
      target.fill(Number.NaN, 0, order)
      return
    }
    for (let k = 0; k < order; k++) x[k] = right[sequence[k] ?? 0] ?? Number.NaN
    for (let a = 0; a < alone.length; a++) x[alone[a] ?? 0] = 0
    solveInPlace(this.symbolic, this.lower, this.diagonal, x)
    for (let k = 0; k < order; k++) target[sequence[k] ?? 0] = x[k] ?? Number.NaN
  }

  /** Number of the pair of cells (i, j) for `inverseAt`, the same for (j, i); −1 outside the pattern of L. */
  pair(i: number, j: number): number {
    const { place } = this.symbolic
    const [a, b] = [place[i] ?? -1, place[j] ?? -1]
    if (a < 0 || b < 0) return -1
    if (a === b) return this.entries + a
    return a > b ? entryAt(this.symbolic, a, b) : entryAt(this.symbolic, b, a)
  }

  /** Element of A⁻¹ at a pair. The inverse on the pattern is computed when it is first asked for. */
  inverseAt(pair: number): number {
    if (!this.definite) return Number.NaN
    const inverse = this.inverted && this.inverse !== null ? this.inverse : this.invert()
    return inverse[pair] ?? Number.NaN
  }

  private invert(): Float64Array {
    let inverse = this.inverse
    if (inverse === null) {
      inverse = new Float64Array(this.values.length)
      this.inverse = inverse
      this.inverseDiagonal = inverse.subarray(this.entries)
      this.weights = new Float64Array(this.order)
    }
    const { symbolic, lower, diagonal, inverseDiagonal, next, weights, x } = this
    selectedInverse(symbolic, lower, diagonal, inverse, inverseDiagonal, next, weights, x)
    this.inverted = true
    return inverse
  }
}

function slotsOf(symbolic: SymbolicFactor, rows: Int32Array, columns: Int32Array): Int32Array {
  const { place } = symbolic
  const entries = symbolic.rows.length
  return rows.map((row, e) => {
    const column = columns[e] ?? -1
    if (row < 0 || column < 0) return -1
    const [a, b] = [place[row] ?? 0, place[column] ?? 0]
    if (a === b) return entries + a
    return a > b ? entryAt(symbolic, a, b) : entryAt(symbolic, b, a)
  })
}

function alonePlaces(symbolic: SymbolicFactor, rows: Int32Array, columns: Int32Array): Int32Array {
  const { place, order } = symbolic
  const named = new Uint8Array(order)
  rows.forEach((row, e) => {
    const column = columns[e] ?? -1
    if (row < 0 || column < 0) return
    named[place[row] ?? 0] = 1
    named[place[column] ?? 0] = 1
  })
  return Int32Array.from({ length: order }, (_, k) => k).filter((k) => named[k] === 0)
}
