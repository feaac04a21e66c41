import { TriangularFactor } from '../../numerics/triangular-factor.js'
import { distinctRows, type RowColumn } from './distinct-rows.js'
import { missingCells } from './missing-cells.js'

type Numbers = Float64Array | Int32Array

/** What rows are factored by. */
export interface FactoredColumns {
  /** Cells that sums are polynomials of degree 2 in. */
  readonly polynomial: readonly RowColumn[]
  /** Rows are of one group where they are equal in these, */
  readonly key: readonly RowColumn[]
  /** and have the same cells of these missing, and of the polynomial ones. */
  readonly holes: readonly RowColumn[]
  /** √weight multiplies a row. */
  readonly weight: Numbers | null
}

/** Rows (unit, own) that have the same products of two, added up, as the rows (1, x − centre) of a group, weighted. */
export interface RowFactors {
  readonly kind: 'factors'
  readonly rows: number
  /** The column of the constant 1, and its square: the weight of a group at its first row, 0 elsewhere. */
  readonly unit: Float64Array
  readonly square: Float64Array
  /** A row of the group of each. */
  readonly like: Int32Array
  /** By polynomial column, row after row. NaN where the group has no cell; the centre is 0 there. */
  readonly own: readonly Float64Array[]
  readonly centre: readonly Float64Array[]
}

export type FactoredRows = RowFactors | { readonly kind: 'declined'; readonly declined: string }

/**
 * A few rows for many. For a group of rows x_n with weights ω_n, W = Σ ω_n, let c be its mean and R the triangular factor of
 * the rows √ω_n (x_n − c − δ), where δ = Σ ω_n (x_n − c) / W is what rounding left of the mean (Chan, Golub and LeVeque 1983,
 * Am. Stat. 37, p. 242: the corrected two-pass algorithm). Then for linear forms a, b of (1, x − c)
 *
 *     Σ_n ω_n a(1, x_n − c) b(1, x_n − c) = a(√W, √W δ) b(√W, √W δ) + Σ_i a(0, R_i) b(0, R_i)
 *
 * since the factored rows are orthogonal to the constant. A group with no more rows than that stays as it is.
 */
export function rowFactors(columns: FactoredColumns, rows: number, most: number): FactoredRows {
  const { polynomial, weight } = columns
  const declined = (why: string): FactoredRows => ({ kind: 'declined', declined: why })
  if (weight?.every((w) => w >= 0 && w < Number.POSITIVE_INFINITY) === false) return declined('a weight is negative')
  const pattern = missingCells([...polynomial, ...columns.holes], rows)
  if (pattern === null) return declined('a cell is infinite')
  const kinds = groupsOf([...columns.key, ...pattern], rows, most)
  if (kinds === null) return declined(`the ${rows} rows have more than ${most} keys`)
  const groups = new Groups(polynomial, weight, kinds, rows)
  const left = groups.count()
  if (left === 0 || left > most) return declined(`${left} rows would stand for ${rows}`)
  return groups.factor(left) ?? declined('cells are too far from 1 for their squares')
}

interface Kinds {
  /** How many rows each group has. */
  readonly times: Float64Array
  /** The group of each row. */
  readonly kind: Int32Array
}

function groupsOf(columns: readonly RowColumn[], rows: number, most: number): Kinds | null {
  if (columns.length === 0) return { times: Float64Array.of(rows), kind: new Int32Array(rows) }
  return distinctRows(columns, rows, most)
}

/** Rows of which sums are taken at a time. */
const BLOCK_ROWS = 512

/** One cell of a row. */
interface Cell {
  readonly values: Numbers
  readonly stride: number
  readonly offset: number
  /** Position of its column in what is made. */
  readonly column: number
}

/** Beyond these, squares of a column's norm would be lost. */
const [LEAST, MOST] = [2 ** -400, 2 ** 400]

class Groups {
  /** Rows, group after group, and where each group begins. */
  private readonly order: Int32Array
  private readonly starts: Int32Array
  private readonly cells: readonly Cell[]

  constructor(
    private readonly columns: readonly RowColumn[],
    private readonly weight: Numbers | null,
    { times, kind }: Kinds,
    rows: number,
  ) {
    this.starts = new Int32Array(times.length + 1)
    times.forEach((n, group) => {
      this.starts[group + 1] = (this.starts[group] ?? 0) + n
    })
    const next = this.starts.slice()
    this.order = new Int32Array(rows)
    for (let row = 0; row < rows; row++) {
      const group = kind[row] ?? 0
      const at = next[group] ?? 0
      this.order[at] = row
      next[group] = at + 1
    }
    this.cells = columns.flatMap(({ values, stride }, column) =>
      Array.from({ length: stride }, (_, offset) => ({ values, stride, offset, column })),
    )
  }

  /** How many rows are left. */
  count(): number {
    let left = 0
    for (let group = 0; group + 1 < this.starts.length; group++) {
      const [from, to] = this.range(group)
      if (this.weightOf(from, to) > 0) left += Math.min(to - from, this.present(from).length + 1)
    }
    return left
  }

  /** null where squares overflow or underflow. */
  factor(rows: number): RowFactors | null {
    const made = new Made(this.columns, rows)
    for (let group = 0; group + 1 < this.starts.length; group++) {
      const [from, to] = this.range(group)
      const total = this.weightOf(from, to)
      if (!(total > 0)) continue
      const present = this.present(from)
      const centre = this.means(present, null, from, to, total)
      if (to - from <= present.length + 1) this.keep(made, from, to, present, centre)
      else if (!this.reduce(made, from, to, present, centre, total)) return null
    }
    return made.finish()
  }

  private range(group: number): readonly [number, number] {
    return [this.starts[group] ?? 0, this.starts[group + 1] ?? 0]
  }

  /** Cells that the rows of a group have. */
  private present(from: number): readonly Cell[] {
    const row = this.order[from] ?? 0
    return this.cells.filter(({ values, stride, offset }) => !Number.isNaN(values[row * stride + offset]))
  }

  private weightOf(from: number, to: number): number {
    const { weight, order } = this
    if (weight === null) return to - from
    let sum = 0
    for (let i = from; i < to; i++) sum += weight[order[i] ?? 0] ?? 0
    return sum
  }

  /** Σ ω_n (x_n − c) / Σ ω_n over the rows of a group, for each cell. */
  private means(cells: readonly Cell[], c: Float64Array | null, from: number, to: number, total: number): Float64Array {
    const { order } = this
    const sums = new Float64Array(cells.length)
    const weights = new Float64Array(BLOCK_ROWS)
    // blocks of rows stay in cache while their cells are visited one after another
    for (let first = from; first < to; first += BLOCK_ROWS) {
      const rows = Math.min(BLOCK_ROWS, to - first)
      this.weights(weights, first, rows)
      cells.forEach(({ values, stride, offset }, j) => {
        const centre = c?.[j] ?? 0
        let sum = 0
        for (let i = 0; i < rows; i++)
          sum += (weights[i] ?? 0) * ((values[(order[first + i] ?? 0) * stride + offset] ?? 0) - centre)
        sums[j] = (sums[j] ?? 0) + sum
      })
    }
    return sums.map((sum) => sum / total)
  }

  private weights(out: Float64Array, first: number, rows: number): void {
    const { weight, order } = this
    if (weight === null) out.fill(1, 0, rows)
    else for (let i = 0; i < rows; i++) out[i] = weight[order[first + i] ?? 0] ?? 0
  }

  private keep(made: Made, from: number, to: number, present: readonly Cell[], centre: Float64Array): void {
    for (let i = from; i < to; i++) {
      const row = this.order[i] ?? 0
      const weight = this.weight?.[row] ?? 1
      const root = Math.sqrt(weight)
      const at = made.begin(row, root, weight)
      present.forEach((cell, j) => {
        const c = centre[j] ?? 0
        made.put(at, cell, root * ((cell.values[row * cell.stride + cell.offset] ?? 0) - c), c)
      })
    }
  }

  private reduce(
    made: Made,
    from: number,
    to: number,
    present: readonly Cell[],
    centre: Float64Array,
    total: number,
  ): boolean {
    const row = this.order[from] ?? 0
    const left = this.means(present, centre, from, to, total)
    const root = Math.sqrt(total)
    const at = made.begin(row, root, total)
    present.forEach((cell, j) => {
      made.put(at, cell, root * (left[j] ?? 0), centre[j] ?? 0)
    })
    const factor = this.factorOf(from, to, present, centre, left)
    const columns = present.length
    for (let i = 0; i < columns; i++) {
      const own = made.begin(row, 0, 0)
      present.forEach((cell, j) => {
        made.put(own, cell, factor[i * columns + j] ?? 0, centre[j] ?? 0)
      })
    }
    return present.every((_, j) => {
      let squares = 0
      for (let i = 0; i <= j; i++) squares += (factor[i * columns + j] ?? 0) ** 2
      return squares === 0 || (squares > LEAST * LEAST && squares < MOST * MOST)
    })
  }

  /** R of the rows √ω (x − c − δ). */
  private factorOf(
    from: number,
    to: number,
    present: readonly Cell[],
    centre: Float64Array,
    left: Float64Array,
  ): Float64Array {
    const { order } = this
    const { BLOCK } = TriangularFactor
    const factor = new TriangularFactor(present.length)
    const { block } = factor
    const roots = new Float64Array(BLOCK)
    for (let first = from; first < to; first += BLOCK) {
      const rows = Math.min(BLOCK, to - first)
      this.weights(roots, first, rows)
      for (let i = 0; i < rows; i++) roots[i] = Math.sqrt(roots[i] ?? 0)
      present.forEach(({ values, stride, offset }, j) => {
        const [c, d] = [centre[j] ?? 0, left[j] ?? 0]
        for (let i = 0; i < rows; i++) {
          const x = values[(order[first + i] ?? 0) * stride + offset] ?? 0
          block[BLOCK * j + i] = (roots[i] ?? 0) * (x - c - d)
        }
      })
      factor.fold(rows)
    }
    return factor.factor
  }
}

/** The rows that are made, one after another. */
class Made {
  private readonly unit: Float64Array
  private readonly square: Float64Array
  private readonly like: Int32Array
  private readonly own: readonly Float64Array[]
  private readonly centre: readonly Float64Array[]
  private size = 0

  constructor(columns: readonly RowColumn[], rows: number) {
    this.unit = new Float64Array(rows)
    this.square = new Float64Array(rows)
    this.like = new Int32Array(rows)
    this.own = columns.map(({ stride }) => new Float64Array(rows * stride).fill(Number.NaN))
    this.centre = columns.map(({ stride }) => new Float64Array(rows * stride))
  }

  begin(like: number, unit: number, square: number): number {
    this.like[this.size] = like
    this.unit[this.size] = unit
    this.square[this.size] = square
    return this.size++
  }

  put(row: number, { column, stride, offset }: Cell, own: number, centre: number): void {
    const at = row * stride + offset
    const [to, by] = [this.own[column], this.centre[column]]
    if (to === undefined || by === undefined) return
    to[at] = own
    by[at] = centre
  }

  finish(): RowFactors {
    const { unit, square, like, own, centre, size } = this
    return { kind: 'factors', rows: size, unit, square, like, own, centre }
  }
}
