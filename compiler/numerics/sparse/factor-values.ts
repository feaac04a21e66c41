import { entryAt, type SymbolicFactor } from './symbolic-factor.js'

/** Numbers on the pattern of a factor: A, then L and D in its place, or A⁻¹. All parts are views of `all`. */
export interface FactorValues {
  readonly all: Float64Array
  /** Entries below the diagonal of the columns before the tail. */
  readonly lower: Float64Array
  /** Diagonal, by place; of the tail, what stood there at first. */
  readonly diagonal: Float64Array
  /** The dense matrix of the tail, row by row. */
  readonly tail: Float64Array
}

export function factorValues({ order, tail, rows }: SymbolicFactor): FactorValues {
  const entries = rows.length
  const size = order - tail
  const all = new Float64Array(entries + order + size * size)
  return {
    all,
    lower: all.subarray(0, entries),
    diagonal: all.subarray(entries, entries + order),
    tail: all.subarray(entries + order),
  }
}

/** Index in `all` of the element at two places, in either order; −1 outside the pattern. */
export function indexOfPlaces(symbolic: SymbolicFactor, a: number, b: number): number {
  const { order, tail, rows } = symbolic
  const [row, column] = a > b ? [a, b] : [b, a]
  if (column >= tail) return rows.length + order + (row - tail) * (order - tail) + column - tail
  return row === column ? rows.length + row : entryAt(symbolic, row, column)
}
