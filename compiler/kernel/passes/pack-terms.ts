/** Terms of a row's log density as tables over keys, filled before the rows. */
import * as k from '../build.js'
import { printKernelExpr } from '../print.js'
import type { Axis, KExpr, KernelOp, SizeKey } from '../types.js'
import type { Additions } from './additions.js'
import { type DiscreteReader, type DiscreteTerm, type Item, substitute, termsOf } from './discrete-terms.js'
import type { KeyedItem, TableKeys } from './keyed-items.js'
import { digitOf } from './table-keys.js'
import type { PassContext } from './types.js'

type MapOp = KernelOp & { readonly op: 'map' }

/** A map over rows whose value is a sum of discrete terms, of terms without rows, and of others. */
export interface RowSum {
  readonly op: MapOp
  /** Its loops but the one over rows. */
  readonly axes: readonly Axis[]
  readonly row: Axis
  readonly discrete: readonly DiscreteTerm[]
  readonly fixed: readonly KExpr[]
  readonly other: readonly KExpr[]
}

/** The sum that an operation is; null where it has no discrete term. */
export function rowSumOf(op: KernelOp, reader: DiscreteReader, { rows }: PassContext): RowSum | null {
  if (op.op !== 'map') return null
  const row = op.axes.find((axis) => axis.id === rows.axis)
  const [first] = op.at
  if (row === undefined || first?.k !== 'axis' || first.axis !== rows.axis) return null
  const axes = op.axes.filter((axis) => axis !== row)
  if (axes.some((axis) => axis.ragged !== undefined && !reader.isFixed(axis.ragged.at))) return null
  const sum = { op, axes, row, discrete: [] as DiscreteTerm[], fixed: [] as KExpr[], other: [] as KExpr[] }
  for (const expr of termsOf(op.value)) {
    const term = reader.isFixed(expr) ? null : reader.term(expr)
    if (term !== null) sum.discrete.push(term)
    else (reader.isFixed(expr) ? sum.fixed : sum.other).push(expr)
  }
  return sum.discrete.length > 0 ? sum : null
}

/** Tables of a packed sum: at key e of a group, log t[e, axes…] for each. */
export interface PackedSum {
  readonly sum: RowSum
  readonly tables: readonly { readonly group: number; readonly table: string; readonly shape: readonly SizeKey[] }[]
  /** What no table has. */
  readonly rest: readonly KExpr[]
}

/**
 * For each group of digits, t[e, k…] = Σ of the items of the group at the values that key e stands for; terms without
 * rows go to the first. Items are evaluated once for each value of their digit, then added up for each key.
 */
export function packSum(sum: RowSum, keys: TableKeys, adds: Additions): PackedSum | null {
  const rest = [...sum.other]
  const byGroup = new Map<number, KExpr[]>()
  for (const term of sum.discrete) {
    const keyed: KeyedItem[] = []
    const left: Item[] = []
    for (const item of term.items) {
      const own = keys.find(item)
      if (own === null) left.push(item)
      else keyed.push(own)
    }
    if (left.length > 0) rest.push(itemsLeft(term, left, adds))
    if (keyed.length === 0) continue
    const values = itemTable(sum, term, keyed, keys, adds)
    for (const group of new Set(keyed.map((item) => item.group))) {
      const parts = byGroup.get(group) ?? []
      parts.push(values(group))
      byGroup.set(group, parts)
    }
  }
  if (byGroup.size === 0) return null
  const tables = [...byGroup].map(([group, parts], i) => {
    const shape = [keys.size(group), ...sum.axes.map((axis) => axis.size)]
    const table = adds.table(`log table ${sum.op.out}`, 'derived', shape)
    const entry = keys.entry(group)
    const axes = [entry, ...sum.axes]
    adds.prelude.push(k.mapOver(table, axes, k.add(...(i === 0 ? sum.fixed : []), ...parts)))
    return { group, table, shape }
  })
  return { sum, tables, rest }
}

/** The value of the sum at a row. */
export function packedValue({ sum, tables, rest }: PackedSum, keys: TableKeys): KExpr {
  const loads = tables.map(({ group, table }) => lookUp(table, group, sum, keys))
  return k.add(...rest, ...loads)
}

export function lookUp(table: string, group: number, { row, axes }: RowSum, keys: TableKeys): KExpr {
  return k.load(table, k.load(keys.key(group), k.axis(row)), ...axes.map((axis) => k.axis(axis)))
}

/** The sum over items that have no key. */
function itemsLeft(term: DiscreteTerm, items: readonly Item[], adds: Additions): KExpr {
  if (term.axes.length === 0) return term.body
  const size = adds.size('items', items.length)
  const axis = adds.axis(size)
  const at = new Map(
    term.axes.map((own, a) => {
      const values = Int32Array.from(items, (item) => item.values[a] ?? 0)
      return [own.id, k.load(adds.constant('item', values, [size]), k.axis(axis))] as const
    }),
  )
  return k.sum(axis, substitute(term.body, at, new Map()))
}

/**
 * A term at each value u of each keyed item, and with it the sum over the items of a group at entry e: loads of the
 * term at the values that stand for u.
 */
function itemTable(
  sum: RowSum,
  term: DiscreteTerm,
  items: readonly KeyedItem[],
  keys: TableKeys,
  adds: Additions,
): (group: number) => KExpr {
  const starts: number[] = []
  let length = 0
  for (const { digit } of items) {
    starts.push(length)
    length += digit.first.length
  }
  const size = adds.size('values', length)
  const u = adds.axis(size)
  const eachValue = (of: (item: KeyedItem, row: number) => number): readonly number[] =>
    items.flatMap((item) => Array.from(item.digit.first, (row) => of(item, row)))
  const at = new Map(
    term.axes.map((axis, a) => {
      const values = Int32Array.from(eachValue(({ item }) => item.values[a] ?? 0))
      return [axis.id, k.load(adds.constant('item', values, [size]), k.axis(u))] as const
    }),
  )
  const loads = new Map(
    term.loads.map((load, l) => {
      const values = eachValue(({ item }, row) => keys.value(item.elements[l], row))
      const typed = keys.isInteger(load.buffer) ? Int32Array.from(values) : Float64Array.from(values)
      return [printKernelExpr(load), k.load(adds.constant('value', typed, [size]), k.axis(u))] as const
    }),
  )
  const table = adds.table(`items ${sum.op.out}`, 'derived', [size, ...sum.axes.map((axis) => axis.size)])
  adds.prelude.push(k.mapOver(table, [u, ...sum.axes], substitute(term.body, at, loads)))
  return (group) => {
    const members = items.flatMap((item, i) => (item.group === group ? [{ item, start: starts[i] ?? 0 }] : []))
    const entries = keys.entries(group)
    const places = new Int32Array(entries * members.length)
    members.forEach(({ item, start }, m) => {
      for (let e = 0; e < entries; e++)
        places[e * members.length + m] = start + digitOf(keys.group(group), item.position, e)
    })
    const member = adds.axis(adds.size('members', members.length))
    const place = adds.constant('place', places, [keys.size(group), member.size])
    const at = k.load(place, k.axis(keys.entry(group)), k.axis(member))
    return k.sum(member, k.load(table, at, ...sum.axes.map((axis) => k.axis(axis))))
  }
}
