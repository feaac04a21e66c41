/**
 * Units that are drawn independently of each other, as far as the model says: rows of the outermost plates, groups that
 * share a latent, sequences. Rows that read the latent of a group through a key belong to its unit.
 */
import { keyOf } from '../algebra/key.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import { freeIndices } from '../algebra/visit.js'
import { unitOf } from '../lower/scores.js'
import type { ProgramModel } from './bound-model.js'

/** The rows of a range that belong to units of another one. */
export interface KeyedRows {
  readonly units: string
  /** 0-based unit of each row. */
  readonly of: Int32Array
  readonly key: Expr
}

export interface UnitRange {
  readonly loop: IndexVar
  readonly size: number
  /** Weight of each unit; null where all are 1. */
  readonly weights: Float64Array | null
  /** The expression of the weight, in the index `weightLoop`. */
  readonly weight: { readonly value: Expr; readonly loop: IndexVar } | null
}

export interface SamplingUnits {
  /** By the key of the range. */
  readonly ranges: ReadonlyMap<string, UnitRange>
  readonly keyed: ReadonlyMap<string, KeyedRows>
  readonly total: number
}

/** The units, or one sentence on why there are none. */
export function samplingUnits(model: ProgramModel): SamplingUnits | string {
  const { derivation: d, numbers } = model
  if (d.eStep.factorised !== null)
    return 'its posterior is factorised, and its rows fall into no units that keep to themselves'
  const loops = new Map<string, IndexVar>()
  const keyed = new Map<string, KeyedRows>()
  for (const f of d.lifted) {
    if (f.factor.role === 'prior' || f.factor.role === 'evidence') continue
    const unit = unitOf(f, d)
    const outer = f.factor.loops[0]?.index
    if (unit === null || outer === undefined)
      return `all of the data hang together through \`${f.factor.target.name}\`: there is one unit, and nothing that varies from unit to unit`
    const units = keyOf(unit.loop.to)
    const rows = keyOf(outer.to)
    loops.set(units, unit.loop)
    if (units === rows && unit.at.kind === 'index' && unit.at.var === outer.id) continue
    if ([...freeIndices(unit.at)].some((v) => v !== outer.id)) return 'the cells of one row belong to several units'
    const size = numbers.extent(outer.to)
    const from = numbers.value(outer.from)
    // a row that the loop leaves out belongs to none
    const of = new Int32Array(size).fill(-1)
    for (let i = from; i <= size; i++) of[i - 1] = numbers.value(unit.at, new Map([[outer.id, i]])) - 1
    const known = keyed.get(rows)
    if (known !== undefined && (known.units !== units || known.of.some((u, i) => u !== of[i])))
      return 'rows belong to several units at once'
    keyed.set(rows, { units, of, key: unit.at })
  }
  for (const rows of keyed.keys()) loops.delete(rows)
  const ranges = new Map([...loops].map(([key, loop]) => [key, rangeOf(model, key, loop)] as const))
  const total = [...ranges.values()].reduce((n, r) => n + r.size, 0)
  return total < 2 ? 'there is one unit, and nothing that varies from unit to unit' : { ranges, keyed, total }
}

/** Of the rows of a range, `key` being that of its extent. */
export function rangeOf({ derivation, numbers }: ProgramModel, key: string, loop: IndexVar): UnitRange {
  const size = numbers.extent(loop.to)
  for (const f of derivation.graph.factors)
    for (const l of f.loops) {
      if (l.weight === null || keyOf(l.index.to) !== key) continue
      const value = l.weight
      const weights = Float64Array.from({ length: size }, (_, i) =>
        numbers.value(value, new Map([[l.index.id, i + 1]])),
      )
      return { loop, size, weights, weight: { value, loop: l.index } }
    }
  return { loop, size, weights: null, weight: null }
}
