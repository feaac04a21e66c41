import { type FactorValues, factorValues, indexOfPlaces } from './sparse/factor-values.js'
import { factorInPlace, logdetOf, logPivotsOf, rootInPlace, solveInPlace } from './sparse/numeric-factor.js'
import { selectedInverse } from './sparse/selected-inverse.js'
import { sparseGraph } from './sparse/sparse-graph.js'
import { type SymbolicFactor, symbolicFactor } from './sparse/symbolic-factor.js'

/** What the inverse needs beyond the factor: made when it is first asked for. */
interface InverseStorage {
  readonly values: FactorValues
  readonly weights: Float64Array
}

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
  /** For each entry where in `values` it is added; −1: nowhere. */
  private readonly slots: Int32Array
  /** Places of the cells that no entry names. */
  private readonly alone: Int32Array
  private readonly values: FactorValues
  private readonly x: Float64Array
  private readonly next: Int32Array
  private inverse: InverseStorage | null = null
  private definite = false
  private inverted = false

  constructor(order: number, rows: Int32Array, columns: Int32Array) {
    this.order = order
    const symbolic = symbolicFactor(sparseGraph(order, rows, columns))
    this.symbolic = symbolic
    this.slots = slotsOf(symbolic, rows, columns)
    this.alone = alonePlaces(symbolic, rows, columns)
    this.values = factorValues(symbolic)
    this.x = new Float64Array(order)
    this.next = new Int32Array(order)
  }

  /** Entries of L below its diagonal, fill included. */
  get entries(): number {
    const dense = this.order - this.symbolic.tail
    return this.symbolic.rows.length + (dense * (dense - 1)) / 2
  }

  /** A = 0. */
  clear(): void {
    this.values.all.fill(0)
    this.definite = false
    this.inverted = false
  }

  /** Adds values[0], …, values[count − 1] at the entries from number `from` on. */
  add(values: Float64Array | Int32Array, count: number, from: number): void {
    const { slots } = this
    const sums = this.values.all
    for (let e = 0; e < count; e++) {
      const slot = slots[from + e] ?? -1
      if (slot >= 0) sums[slot] = (sums[slot] ?? 0) + (values[e] ?? Number.NaN)
    }
  }

  /** A = L D Lᵀ of what was added; false when A is not positive definite. */
  factor(): boolean {
    const { symbolic, alone, values } = this
    const { all, diagonal, tail } = values
    for (let k = 0; k < symbolic.tail; k++) diagonal[k] = 2 * (diagonal[k] ?? 0)
    const step = this.order - symbolic.tail + 1
    for (let at = 0; at < tail.length; at += step) tail[at] = 2 * (tail[at] ?? 0)
    for (let a = 0; a < alone.length; a++) {
      const place = alone[a] ?? 0
      all[indexOfPlaces(symbolic, place, place)] = 1
    }
    this.definite = factorInPlace(symbolic, values, this.next, this.x)
    this.inverted = false
    return this.definite
  }

  logdet(): number {
    return this.definite ? logdetOf(this.symbolic, this.values) : Number.NaN
  }

  /** The parts of log det A by cell: over cells that no entry joins with others they add up to the log det of these. */
  logPivots(): Float64Array {
    const { sequence } = this.symbolic
    const out = new Float64Array(this.order).fill(Number.NaN)
    if (this.definite)
      logPivotsOf(this.symbolic, this.values).forEach((part, k) => {
        out[sequence[k] ?? 0] = part
      })
    return out
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
    solveInPlace(this.symbolic, this.values, x)
    for (let k = 0; k < order; k++) target[sequence[k] ?? 0] = x[k] ?? Number.NaN
  }

  /** R ε in place of ε by cell, with R Rᵀ = A⁻¹: of covariance A⁻¹ where ε is standard normal. */
  root(noise: Float64Array): void {
    const { order, x } = this
    const { sequence } = this.symbolic
    if (!this.definite) {
      noise.fill(Number.NaN, 0, order)
      return
    }
    for (let k = 0; k < order; k++) x[k] = noise[sequence[k] ?? 0] ?? Number.NaN
    rootInPlace(this.symbolic, this.values, x)
    for (let k = 0; k < order; k++) noise[sequence[k] ?? 0] = x[k] ?? Number.NaN
  }

  /** Number of the pair of cells (i, j) for `inverseAt`, the same for (j, i); −1 outside the pattern of L. */
  pair(i: number, j: number): number {
    const { place } = this.symbolic
    const [a, b] = [place[i] ?? -1, place[j] ?? -1]
    return a < 0 || b < 0 ? -1 : indexOfPlaces(this.symbolic, a, b)
  }

  /** Element of A⁻¹ at a pair. The inverse on the pattern is computed when it is first asked for. */
  inverseAt(pair: number): number {
    if (!this.definite) return Number.NaN
    const { values } = this.inverted && this.inverse !== null ? this.inverse : this.invert()
    return values.all[pair] ?? Number.NaN
  }

  private invert(): InverseStorage {
    const { symbolic, next, x } = this
    const storage = this.inverse ?? { values: factorValues(symbolic), weights: new Float64Array(this.order) }
    this.inverse = storage
    selectedInverse(symbolic, this.values, storage.values, next, storage.weights, x)
    this.inverted = true
    return storage
  }
}

function slotsOf(symbolic: SymbolicFactor, rows: Int32Array, columns: Int32Array): Int32Array {
  const { place } = symbolic
  return rows.map((row, e) => {
    const column = columns[e] ?? -1
    return row < 0 || column < 0 ? -1 : indexOfPlaces(symbolic, place[row] ?? 0, place[column] ?? 0)
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
