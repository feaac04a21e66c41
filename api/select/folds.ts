/** Folds of cross-validation: units dealt at random, so that each fold has about as many rows. */
import type { SymbolId, TypedModel } from '../../lang/typed/types.js'
import type { BoundData } from '../../runtime/data/types.js'
import { randomSource } from '../../runtime/random.js'
import { takeRows } from '../take-rows.js'
import type { Units } from './units.js'

/** Rows to fit and rows to score, as (size → places). */
export interface Fold {
  readonly train: ReadonlyMap<SymbolId, readonly number[]>
  readonly held: ReadonlyMap<SymbolId, readonly number[]>
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
    const part = (inside: boolean): ReadonlyMap<SymbolId, readonly number[]> =>
      new Map(
        [...sizes].map((size) => {
          const rows = units.flatMap((u, i) => ((foldOf[i] === f) === inside ? (u.get(size) ?? []) : []))
          return [size, [...rows].sort((a, b) => a - b)] as const
        }),
      )
    return { train: part(false), held: part(true) }
  })
}

/** The data with these rows only. */
export function partOf(model: TypedModel, data: BoundData, rows: ReadonlyMap<SymbolId, readonly number[]>): BoundData {
  let own = data
  for (const [size, places] of rows) own = takeRows(model, own, size, places)
  return own
}
