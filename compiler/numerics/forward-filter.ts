/**
 * Filtered marginals of a joint Gaussian whose cells have places in time, in information form: the terms of each place are
 * added to Λ and h as they come, the marginals of the cells of the place are read off, and cells that no later term
 * reads are eliminated, Λ_bb − Λ_ba Λ_aa⁻¹ Λ_ab. For a linear-Gaussian chain this is the Kalman filter (Rue and Held 2005,
 * section 2.3.2; Durbin and Koopman 2012, section 4.3).
 */
import { inverseSpd } from './spd.js'

/** Λ += value (E_row,column + E_column,row), known from `times` on; positions of −1 and NaN are passed over. */
export interface TimedEntries {
  readonly rows: ArrayLike<number>
  readonly columns: ArrayLike<number>
  readonly values: ArrayLike<number>
  readonly times: ArrayLike<number>
}

/** h[row] += value. */
export interface TimedVector {
  readonly rows: ArrayLike<number>
  readonly values: ArrayLike<number>
  readonly times: ArrayLike<number>
}

/** Marginals of cells: `covariance` is cells × cells, row-major. */
export type Visit = (cells: readonly number[], mean: Float64Array, covariance: Float64Array) => void

interface Term {
  readonly time: number
  readonly row: number
  /** −1: a term of h. */
  readonly column: number
  readonly value: number
}

/**
 * Calls `visit` with the cells of each place of each connected component, given the terms of no later place; cells
 * without a place (`cellTimes` NaN) come last, given all. Terms at −∞ are there from the beginning.
 */
export function forwardFilter(
  cellTimes: Float64Array,
  entries: readonly TimedEntries[],
  vectors: readonly TimedVector[],
  visit: Visit,
): void {
  const terms: Term[] = []
  for (const e of entries)
    for (let i = 0; i < e.values.length; i++) {
      const [row, column] = [e.rows[i] ?? -1, e.columns[i] ?? -1]
      if (row >= 0 && column >= 0) terms.push({ time: e.times[i] ?? 0, row, column, value: e.values[i] ?? 0 })
    }
  for (const v of vectors)
    for (let i = 0; i < v.values.length; i++) {
      const row = v.rows[i] ?? -1
      if (row >= 0) terms.push({ time: v.times[i] ?? 0, row, column: -1, value: v.values[i] ?? 0 })
    }
  const component = components(cellTimes.length, terms)
  const byComponent = new Map<number, Term[]>()
  for (const t of terms) {
    const id = component(t.row)
    const own = byComponent.get(id)
    if (own === undefined) byComponent.set(id, [t])
    else own.push(t)
  }
  for (const own of byComponent.values()) filterComponent(own, cellTimes, visit)
}

function components(cells: number, terms: readonly Term[]): (cell: number) => number {
  const parent = Int32Array.from({ length: cells }, (_, i) => i)
  const find = (i: number): number => {
    let root = i
    while ((parent[root] ?? root) !== root) root = parent[root] ?? root
    for (let x = i; x !== root; ) {
      const next = parent[x] ?? root
      parent[x] = root
      x = next
    }
    return root
  }
  for (const t of terms) if (t.column >= 0 && t.column !== t.row) parent[find(t.column)] = find(t.row)
  return find
}

function filterComponent(terms: readonly Term[], cellTimes: Float64Array, visit: Visit): void {
  const sorted = [...terms].sort((a, b) => a.time - b.time)
  const last = new Map<number, number>()
  for (const t of sorted) for (const c of t.column < 0 ? [t.row] : [t.row, t.column]) last.set(c, t.time)
  const system = new ActiveSystem()
  for (let i = 0; i < sorted.length; ) {
    const time = sorted[i]?.time ?? 0
    for (; i < sorted.length && sorted[i]?.time === time; i++) {
      const t = sorted[i]
      if (t !== undefined) system.add(t.row, t.column, t.value)
    }
    const here = system.cells.filter((c) => cellTimes[c] === time)
    if (here.length > 0) system.marginal(here, visit)
    for (const c of [...system.cells])
      if (!Number.isNaN(cellTimes[c] ?? Number.NaN) && (last.get(c) ?? 0) <= time) system.eliminate(c)
  }
  if (system.cells.length > 0) system.marginal([...system.cells], visit)
}

/** Λ and h over the cells that are still read, which come and go. */
class ActiveSystem {
  cells: number[] = []
  private rows: number[][] = []
  private h: number[] = []

  private slot(cell: number): number {
    const at = this.cells.indexOf(cell)
    if (at >= 0) return at
    for (const row of this.rows) row.push(0)
    this.cells.push(cell)
    this.rows.push(new Array<number>(this.cells.length).fill(0))
    this.h.push(0)
    return this.cells.length - 1
  }

  add(row: number, column: number, value: number): void {
    const i = this.slot(row)
    if (column < 0) {
      this.h[i] = (this.h[i] ?? 0) + value
      return
    }
    const j = this.slot(column)
    this.increase(i, j, value)
    this.increase(j, i, value)
  }

  private increase(i: number, j: number, value: number): void {
    const row = this.rows[i]
    if (row !== undefined) row[j] = (row[j] ?? 0) + value
  }

  marginal(cells: readonly number[], visit: Visit): void {
    const n = this.cells.length
    const inverse = Float64Array.from(this.rows.flat())
    inverseSpd(inverse, 0, inverse, 0, n)
    const slots = cells.map((c) => this.cells.indexOf(c))
    const mean = Float64Array.from(slots, (i) => this.h.reduce((s, x, j) => s + (inverse[i * n + j] ?? 0) * x, 0))
    visit(cells, mean, Float64Array.from(slots.flatMap((i) => slots.map((j) => inverse[i * n + j] ?? Number.NaN))))
  }

  eliminate(cell: number): void {
    const k = this.cells.indexOf(cell)
    const own = this.rows[k] ?? []
    const pivot = own[k] ?? 0
    const share = own.map((x) => x / pivot)
    const ofH = this.h[k] ?? 0
    this.rows = this.rows.flatMap((row, i) =>
      i === k ? [] : [row.flatMap((x, j) => (j === k ? [] : [x - (own[i] ?? 0) * (share[j] ?? 0)]))],
    )
    this.h = this.h.flatMap((x, i) => (i === k ? [] : [x - (share[i] ?? 0) * ofH]))
    this.cells.splice(k, 1)
  }
}
