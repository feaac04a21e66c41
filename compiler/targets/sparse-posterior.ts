import { KernelError } from '../kernel/kernel-error.js'
import { SparseSpd } from '../numerics/index.js'

type Numbers = Float64Array | Int32Array

/** One of the op's lists of entries while it runs: the first `count` elements of its three arrays. */
interface Entries {
  rows: Numbers
  columns: Numbers
  values: Numbers
  count: number
}

/**
 * The state behind one `sparseGaussian`: the factor of its precision Λ and what of Λ⁻¹ is on its pattern. Targets run
 * it as begin, entries for each list, solve. Order and pattern are kept as long as the positions stay the same.
 */
export class SparsePosterior {
  private readonly name: string
  private order = 0
  private readonly lists: Entries[] = []
  private used = 0
  private rows = new Int32Array(0)
  private columns = new Int32Array(0)
  private spd: SparseSpd | null = null
  /** A draw stands for the posterior: it has no covariance. */
  private drawn = false

  constructor(name: string) {
    this.name = name
  }

  begin(order: number): void {
    this.drawn = false
    this.order = order
    this.used = 0
  }

  entries(rows: Numbers, columns: Numbers, values: Numbers, count: number): void {
    const list = this.lists[this.used]
    if (list === undefined) this.lists.push({ rows, columns, values, count })
    else Object.assign(list, { rows, columns, values, count })
    this.used += 1
  }

  /** mean = Λ⁻¹ linear and log det Λ; NaN everywhere when Λ is not positive definite. */
  solve(linear: Numbers, mean: Numbers, logdet: Numbers): void {
    const spd = this.samePositions() ? this.spd : null
    const factor = spd ?? this.analyse()
    factor.clear()
    let from = 0
    for (let l = 0; l < this.used; l++) {
      const list = this.lists[l]
      if (list === undefined) continue
      factor.add(list.values, list.count, from)
      from += list.count
    }
    factor.factor()
    factor.solve(floats(linear), floats(mean))
    logdet[0] = factor.logdet()
  }

  /** After `solve`: standard normal numbers become those of a draw about the mean, and the posterior that draw. */
  draw(noise: Numbers): void {
    this.spd?.root(floats(noise))
    this.drawn = true
  }

  /** The parts of log det Λ by cell, after `solve`. */
  logPivots(): Float64Array {
    if (this.spd === null) throw new KernelError(`the determinant behind ${this.name} is read before it is computed`)
    return this.spd.logPivots()
  }

  /** Element of Λ⁻¹; 0 where a position is −1 or NaN. */
  covariance(row: number, column: number): number {
    if (this.drawn || Number.isNaN(row) || Number.isNaN(column)) return 0
    const i = Math.trunc(row)
    const j = Math.trunc(column)
    if (i === -1 || j === -1) return 0
    const spd = this.spd
    if (spd === null) throw new KernelError(`the sparse inverse ${this.name} is read before it is computed`)
    const pair = spd.pair(i, j)
    if (pair < 0) throw new KernelError(`the sparse inverse ${this.name} has no element at ${i}, ${j}`)
    return spd.inverseAt(pair)
  }

  private samePositions(): boolean {
    if (this.spd === null || this.spd.order !== this.order) return false
    const { rows, columns } = this
    let at = 0
    for (let l = 0; l < this.used; l++) {
      const list = this.lists[l]
      if (list === undefined || at + list.count > rows.length) return false
      if (!samePart(list.rows, rows, list.count, at) || !samePart(list.columns, columns, list.count, at)) return false
      at += list.count
    }
    return at === rows.length
  }

  /** Order, pattern and slots for the positions of this run. */
  private analyse(): SparseSpd {
    this.spd = null
    const lists = this.lists.slice(0, this.used)
    const total = lists.reduce((sum, list) => sum + list.count, 0)
    const rows = new Int32Array(total)
    const columns = new Int32Array(total)
    let at = 0
    for (const list of lists) {
      for (let e = 0; e < list.count; e++) {
        rows[at] = this.position(list.rows[e] ?? Number.NaN)
        columns[at] = this.position(list.columns[e] ?? Number.NaN)
        at += 1
      }
    }
    this.rows = rows
    this.columns = columns
    this.spd = new SparseSpd(this.order, rows, columns)
    return this.spd
  }

  private position(value: number): number {
    const position = cellOf(value)
    if (position >= -1 && position < this.order) return position
    throw new KernelError(`position ${value} is out of range in the precision behind ${this.name}`)
  }
}

/** A position as an integer; NaN counts as −1, which is no position. */
function cellOf(value: number): number {
  return Number.isNaN(value) ? -1 : Math.trunc(value)
}

function samePart(positions: Numbers, known: Int32Array, count: number, at: number): boolean {
  for (let e = 0; e < count; e++) if (cellOf(positions[e] ?? Number.NaN) !== known[at + e]) return false
  return true
}

function floats(numbers: Numbers): Float64Array {
  if (numbers instanceof Float64Array) return numbers
  throw new KernelError('a joint Gaussian works on f64 buffers only')
}
