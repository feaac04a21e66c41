/** What is observed beside each row of a discrete latent, as numbers: what rows are told apart by before there is a fit. */
import type { BoundArray, Features } from '../../runtime/contract.js'
import { keyOf } from '../algebra/key.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import type { Derivation } from '../derive.js'
import type { LiftedFactor, LiftedVariable } from '../graph/lift.js'
import type { BoundNumbers } from './sizes.js'
import { cellPosition } from './sizes.js'
import { rowCount, rowLengths, tableRows } from './table-rows.js'

/** Cells beyond which rows that are found by looking indices up, one by one, take too long. */
const MOST_LOOKED_UP = 2e6
/** Values of an index of the data that is none of the latent's, beyond which its cells are averaged. */
const MOST_COLUMNS = 64

/** A column under way: sums and numbers of what falls on each row. */
interface Column {
  readonly sums: Float64Array
  readonly counts: Float64Array
  /** Columns of one group have a variance of 1 together. */
  readonly group: string
}

/**
 * Columns of the data that statements give a density, as far as they read the latent: numbers as they are, counts by
 * their square root, a category by an indicator of each of its levels. Cells that fall on one row in one column are
 * averaged; what is missing stands at the mean. A number has mean 0 and sd 1 over the rows, a category variance 1 over
 * all of its levels. null where no data stand beside the latent.
 */
export function rowFeatures(
  d: Derivation,
  numbers: BoundNumbers,
  arrays: ReadonlyMap<string, BoundArray>,
  latent: string,
): Features | null {
  const columns = new Map<string, Column>()
  const loops = d.graph.latents.find((l) => l.name === latent)?.loops.map((l) => l.index) ?? []
  const rows = rowCount(loops, numbers)
  const rowOf = rowNumbers(loops, numbers)
  for (const f of d.lifted) {
    const { role, target } = f.factor
    const array = arrays.get(target.name)
    if (role !== 'likelihood' || target.space !== 'data' || target.index === undefined || array === undefined) continue
    for (const v of f.variables) {
      if (v.latent.name !== latent || !readsRowsOnly(v)) continue
      const cells = cellsOf(f, v, loops, target.index, array, numbers, rowOf)
      if (cells !== null) add(columns, rows, d, array, cells)
    }
  }
  const found = [...columns.values()].filter((c) => c.sums.some((x, i) => x !== 0 || (c.counts[i] ?? 0) > 0))
  return found.length === 0 ? null : scaled(found, rows)
}

/** A selector inside another one has no row of its own. */
const readsRowsOnly = (v: LiftedVariable): boolean => v.index.every((e) => e.kind !== 'ref' || e.space !== 'latent')

interface Cell {
  readonly row: number
  /** Position of the first of `width` numbers of the array. */
  readonly at: number
  /** Which column of the row it is, beside the number's own place. */
  readonly column: string
}

interface Cells {
  readonly width: number
  each(visit: (cell: Cell) => void): void
}

function cellsOf(
  f: LiftedFactor,
  v: LiftedVariable,
  loops: readonly IndexVar[],
  index: readonly Expr[],
  array: BoundArray,
  numbers: BoundNumbers,
  rowOf: (at: readonly number[]) => number,
): Cells | null {
  const own = f.factor.loops.map((l) => l.index)
  const width = array.shape.slice(index.length).reduce((a, b) => a * b, 1)
  // a row of the data is a row of the latent: nothing has to be looked up
  const plain = (e: Expr | undefined, w: IndexVar | undefined): boolean => e?.kind === 'index' && e.var === w?.id
  const same =
    array.offsets === null &&
    own.length === loops.length &&
    index.length === loops.length &&
    own.every(
      (w, i) =>
        plain(v.index[i], w) &&
        plain(index[i], w) &&
        keyOf(w.from) === '1' &&
        keyOf(w.to) === keyOf(loops[i]?.to ?? w.to),
    )
  if (same)
    return {
      width,
      each(visit) {
        for (let row = 0; row * width < array.values.length; row++) visit({ row, at: row * width, column: '' })
      },
    }
  if (array.values.length > MOST_LOOKED_UP) return null
  const apart = index.map(
    (e, i) =>
      !v.index.some((x) => keyOf(x) === keyOf(e)) &&
      i > 0 &&
      (array.shape[i] ?? 0) <= MOST_COLUMNS &&
      array.offsets === null,
  )
  return {
    width,
    each(visit) {
      for (const at of tableRows(own, numbers)) {
        const row = rowOf(v.index.map((e) => numbers.value(e, at)))
        const place = index.map((e) => numbers.value(e, at))
        const first = cellPosition(array, [...place, ...array.shape.slice(place.length).map(() => 1)])
        if (!(row >= 0) || !(first >= 0)) continue
        visit({ row, at: first, column: place.filter((_, i) => apart[i]).join(',') })
      }
    },
  }
}

/** Number of the row at values of the loops, from 0. */
function rowNumbers(loops: readonly IndexVar[], numbers: BoundNumbers): (at: readonly number[]) => number {
  const lengths = rowLengths(loops, numbers)
  if (lengths === null && loops.every((w) => keyOf(w.from) === '1')) {
    const extents = loops.map((w) => numbers.extent(w.to))
    return (at) => at.reduce((flat, x, i) => flat * (extents[i] ?? 1) + x - 1, 0)
  }
  const known = new Map<string, number>()
  let row = 0
  for (const at of tableRows(loops, numbers)) known.set(loops.map((w) => at.get(w.id)).join(','), row++)
  return (at) => known.get(at.join(',')) ?? Number.NaN
}

function add(columns: Map<string, Column>, rows: number, d: Derivation, array: BoundArray, cells: Cells): void {
  const { name, values } = array
  const isCount = d.graph.data.some((x) => x.name === name && x.type.support.kind === 'count')
  const column = (key: string, group: string): Column => {
    const known = columns.get(key)
    if (known !== undefined) return known
    const made = { sums: new Float64Array(rows), counts: new Float64Array(rows), group }
    columns.set(key, made)
    return made
  }
  const put = ({ sums, counts }: Column, row: number, x: number): void => {
    sums[row] = (sums[row] ?? 0) + x
    counts[row] = (counts[row] ?? 0) + 1
  }
  const levels = values instanceof Int32Array ? values.reduce((most, x) => Math.max(most, x + 1), 0) : 0
  cells.each(({ row, at, column: own }) => {
    for (let i = 0; i < cells.width; i++) {
      const x = values[at + i] ?? Number.NaN
      const group = `${name} ${own} ${i}`
      if (values instanceof Int32Array) {
        if (x < 0) continue
        for (let level = 0; level < levels; level++) put(column(`${group} ${level}`, group), row, level === x ? 1 : 0)
      } else if (Number.isFinite(x)) put(column(group, group), row, isCount ? Math.sqrt(x) : x)
    }
  })
}

function scaled(found: readonly Column[], rows: number): Features {
  const width = found.length
  const values = new Float64Array(rows * width)
  const variances = new Map<string, number>()
  const means = found.map(({ sums, counts, group }) => {
    const cells = [...sums].flatMap((sum, n) => ((counts[n] ?? 0) > 0 ? [sum / (counts[n] ?? 1)] : []))
    const mean = cells.reduce((a, b) => a + b, 0) / Math.max(1, cells.length)
    const variance = cells.reduce((s, x) => s + (x - mean) ** 2, 0) / Math.max(1, cells.length)
    variances.set(group, (variances.get(group) ?? 0) + variance)
    return mean
  })
  found.forEach(({ sums, counts, group }, c) => {
    const sd = Math.sqrt(variances.get(group) ?? 0)
    for (let n = 0; n < rows; n++) {
      const cell = (counts[n] ?? 0) > 0 ? (sums[n] ?? 0) / (counts[n] ?? 1) - (means[c] ?? 0) : 0
      values[n * width + c] = sd > 0 ? cell / sd : 0
    }
  })
  return { columns: width, values }
}
