/** Folds of cross-validation: units dealt at random, so that each fold has about as many rows. */
import type { SymbolId, TypedModel } from '../../lang/typed/types.js'
import type { BoundData } from '../../runtime/data/types.js'
import { randomSource } from '../../runtime/random.js'
import { takeRows } from '../take-rows.js'
import type { CountedRows } from './counted-rows.js'
import type { Units } from './units.js'

/** Some of the rows, as (size → places). */
export interface Part {
  readonly rows: ReadonlyMap<SymbolId, readonly number[]>
  /** Where rows stand for several: the column that says so, and how many copies of each of these rows are in the part. */
  readonly counts: { readonly name: string; readonly copies: readonly number[] } | null
}

/** Rows to fit and rows to score. */
export interface Fold {
  readonly train: Part
  readonly held: Part
}

const STREAM = 0xf01d

/** The same seed deals the same folds, whatever the model is. */
export function foldsOf({ units }: Units, count: number, seed: number): readonly Fold[] {
  const random = randomSource(seed, STREAM)
  const order = units.map((_, i) => i)
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.integer(i + 1)
    const [a = 0, b = 0] = [order[i], order[j]]
    order[i] = b
    order[j] = a
  }
  const folds = Math.min(count, units.length)
  const loads = new Array<number>(folds).fill(0)
  const foldOf = new Int32Array(units.length)
  for (const unit of order) {
    let least = 0
    for (let f = 1; f < folds; f++) if ((loads[f] ?? 0) < (loads[least] ?? 0)) least = f
    foldOf[unit] = least
    loads[least] = (loads[least] ?? 0) + [...(units[unit]?.values() ?? [])].reduce((n, rows) => n + rows.length, 0)
  }
  const sizes = new Set(units.flatMap((u) => [...u.keys()]))
  return loads.map((_, f) => {
    const part = (inside: boolean): Part => ({
      rows: new Map(
        [...sizes].map((size) => {
          const rows = units.flatMap((u, i) => ((foldOf[i] === f) === inside ? (u.get(size) ?? []) : []))
          return [size, [...rows].sort((a, b) => a - b)] as const
        }),
      ),
      counts: null,
    })
    return { train: part(false), held: part(true) }
  })
}

/** The same where rows stand for several: the copies of a row are dealt one by one, as rows of their own would be. */
export function foldsOfCopies({ name, size, copies }: CountedRows, count: number, seed: number): readonly Fold[] {
  const random = randomSource(seed, STREAM)
  const rows = Int32Array.from(Array.from(copies).flatMap((w, row) => new Array<number>(w).fill(row)))
  for (let i = rows.length - 1; i > 0; i--) {
    const j = random.integer(i + 1)
    const [a = 0, b = 0] = [rows[i], rows[j]]
    rows[i] = b
    rows[j] = a
  }
  const folds = Math.min(count, rows.length)
  return Array.from({ length: folds }, (_, f) => {
    const held = new Array<number>(copies.length).fill(0)
    for (let i = f; i < rows.length; i += folds) held[rows[i] ?? 0] = (held[rows[i] ?? 0] ?? 0) + 1
    const part = (of: readonly number[]): Part => {
      const places = of.flatMap((n, row) => (n > 0 ? [row] : []))
      return { rows: new Map([[size, places]]), counts: { name, copies: places.map((row) => of[row] ?? 0) } }
    }
    return { train: part(held.map((n, row) => (copies[row] ?? 0) - n)), held: part(held) }
  })
}

/** The data with these rows only, counted as often as they are in the part. */
export function partOf(model: TypedModel, data: BoundData, { rows, counts }: Part): BoundData {
  let own = data
  for (const [size, places] of rows) own = takeRows(model, own, size, places)
  const weights = counts === null ? undefined : own.arrays.get(counts.name)
  if (counts === null || weights === undefined) return own
  const values =
    weights.values instanceof Int32Array ? Int32Array.from(counts.copies) : Float64Array.from(counts.copies)
  return { ...own, arrays: new Map([...own.arrays, [counts.name, { ...weights, values }]]) }
}

/** Numbers of the rows of a part, once for each copy. */
export const eachCopy = (numbers: ArrayLike<number>, { counts }: Part): Int32Array =>
  Int32Array.from(Array.from(numbers).flatMap((v, i) => new Array<number>(counts?.copies[i] ?? 1).fill(v)))
