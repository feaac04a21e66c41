/** Sums over rows that discrete data spread over tables, as sums by key. */
import * as k from '../build.js'
import { printKernelExpr } from '../print.js'
import type { Axis, Buffer, KExpr, KernelOp, SizeKey } from '../types.js'
import { buffersRead, buffersWritten, freeAxes } from '../visit.js'
import type { Additions } from './additions.js'
import { type DiscreteReader, type DiscreteTerm, type Load, substitute } from './discrete-terms.js'
import type { KeyedItem, TableKeys } from './keyed-items.js'
import { digitOf } from './table-keys.js'
import type { PassContext, RowProgram } from './types.js'

type AddOp = KernelOp & { readonly op: 'contract' | 'scatterAdd' }

/** out[at] += factors · scratch · weights, for each row: what an accumulation over rows is made of. */
interface KeyedSum {
  readonly op: AddOp
  readonly at: number
  /** Scratch of the row, at positions that no row changes. */
  readonly scratch: Load
  /** Factors that change with the row and with nothing else. */
  readonly weights: readonly KExpr[]
  /** Discrete and fixed factors. */
  readonly factors: readonly KExpr[]
  /** Loops that choose elements of the row, in items with their keys; null: no data of the row enters. */
  readonly term: (DiscreteTerm & { readonly keyed: readonly KeyedItem[] }) | null
}

/**
 * Σ_n w_n[k] F(y_n) with F discrete is Σ_e F(y of key e) S[e, k] with S[key_n, k] += w_n[k]: one addition a group for each
 * row and k, whatever the number of items and of sums; the sums by item are taken after the rows. Gives what stands for
 * each operation that it replaces; sums that would not gain stay.
 */
export function packSums(
  program: RowProgram,
  reader: DiscreteReader,
  keys: TableKeys,
  adds: Additions,
  context: PassContext,
): ReadonlyMap<number, readonly KernelOp[]> {
  const buffers = new Map(program.buffers.map((b) => [b.id, b]))
  const written = new Map<string, number>()
  const byWeight = new Map<string, KeyedSum[]>()
  program.rows.forEach((op, at) => {
    const sum = keyedSum(op, at, reader, keys, buffers, context)
    if (sum !== null) {
      const version = written.get(sum.scratch.buffer) ?? 0
      const id = [sum.scratch.buffer, version, ...sum.weights.map(printKernelExpr).sort()].join(' ')
      byWeight.set(id, [...(byWeight.get(id) ?? []), sum])
    }
    for (const id of buffersWritten(op)) written.set(id, (written.get(id) ?? 0) + 1)
  })
  const out = new Map<number, KernelOp[]>()
  for (const sums of byWeight.values()) {
    const scratch = buffers.get(sums[0]?.scratch.buffer ?? '')
    if (scratch !== undefined) sumByKey(sums, scratch, keys, adds, context, out)
  }
  return out
}

function sumByKey(
  sums: readonly KeyedSum[],
  scratch: Buffer,
  keys: TableKeys,
  adds: Additions,
  context: PassContext,
  out: Map<number, KernelOp[]>,
): void {
  const shape = scratch.shape.slice(1)
  const used = new Set(sums.flatMap(({ term }) => (term?.keyed ?? []).map((item) => item.group)))
  const [first] = used
  const width = shape.reduce((product, key) => product * adds.extent(key), 1)
  const replaced = sums.reduce((total, sum) => total + additionsOf(sum, adds, context), 0)
  if (first === undefined || replaced < used.size * width) return
  const tables = new Map([...used].map((group) => [group, adds.table('by key', 'sum', [keys.size(group), ...shape])]))
  sums.forEach((sum, i) => {
    out.set(
      sum.at,
      i === 0 ? [...tables].map(([group, table]) => addByKey(sum, table, group, shape, keys, adds, context)) : [],
    )
    const groups = sum.term === null ? [first] : new Set(sum.term.keyed.map((item) => item.group))
    for (const group of groups) adds.postlude.push(afterRows(sum, group, tables.get(group) ?? '', keys, adds, context))
  })
}

/** Additions that a sum makes for each row. */
function additionsOf({ op, term }: KeyedSum, adds: Additions, { rows }: PassContext): number {
  const own = op.axes.filter((axis) => axis.id !== rows.axis && !term?.axes.includes(axis))
  return own.reduce((product, axis) => product * adds.extent(axis.size), term === null ? 1 : term.items.length)
}

/** S[key_n, …] += w_n · scratch[n, …]. */
function addByKey(
  { op, scratch, weights }: KeyedSum,
  table: string,
  group: number,
  shape: readonly SizeKey[],
  keys: TableKeys,
  adds: Additions,
  { rows }: PassContext,
): KernelOp {
  const row = op.axes.find((axis) => axis.id === rows.axis) ?? { id: rows.axis, name: rows.axis, size: rows.size }
  const axes = shape.map((size) => adds.axis(size))
  const inner = axes.map((axis) => k.axis(axis))
  return {
    op: 'scatterAdd',
    out: table,
    axes: [row, ...axes],
    at: [k.load(keys.key(group), k.axis(row)), ...inner],
    value: k.mul(...weights, k.load(scratch.buffer, k.axis(row), ...inner)),
  }
}

/** out[at] += factors · S[e, …] over the entries of a group and its items. */
function afterRows(
  { op, scratch, factors, term }: KeyedSum,
  group: number,
  table: string,
  keys: TableKeys,
  adds: Additions,
  { rows }: PassContext,
): KernelOp {
  const entry = keys.entry(group)
  const others = op.axes.filter((axis) => axis.id !== rows.axis && !term?.axes.includes(axis))
  const axes: Axis[] = [entry, ...others]
  const at = new Map<string, KExpr>()
  const loads = new Map<string, KExpr>()
  if (term !== null) {
    const items = term.keyed.filter((item) => item.group === group)
    const size = adds.size('items', items.length)
    const item = adds.axis(size)
    axes.splice(1, 0, item)
    term.axes.forEach((axis, a) => {
      const values = Int32Array.from(items, (own) => own.item.values[a] ?? 0)
      at.set(axis.id, k.load(adds.constant('item', values, [size]), k.axis(item)))
    })
    term.loads.forEach((load, l) => {
      const entries = keys.entries(group)
      const values = Array.from({ length: entries * items.length }, (_, i) => {
        const { item, digit, position } = items[i % items.length] as KeyedItem
        const tuple = digitOf(keys.group(group), position, Math.floor(i / items.length))
        return keys.value(item.elements[l], digit.first[tuple] ?? 0)
      })
      const typed = keys.isInteger(load.buffer) ? Int32Array.from(values) : Float64Array.from(values)
      const constant = adds.constant('value', typed, [keys.size(group), size])
      loads.set(printKernelExpr(load), k.load(constant, k.axis(entry), k.axis(item)))
    })
  }
  const own = (expr: KExpr): KExpr => substitute(expr, at, loads)
  const sum = k.load(table, k.axis(entry), ...scratch.at.slice(1).map(own))
  return { op: 'scatterAdd', out: op.out, axes, at: op.at.map(own), value: k.mul(...factors.map(own), sum) }
}

/** An accumulation over rows taken apart; null where it is no such product. */
function keyedSum(
  op: KernelOp,
  at: number,
  reader: DiscreteReader,
  keys: TableKeys,
  buffers: ReadonlyMap<string, Buffer>,
  { rows }: PassContext,
): KeyedSum | null {
  if ((op.op !== 'contract' && op.op !== 'scatterAdd') || buffers.get(op.out)?.space !== 'sum') return null
  if (!op.axes.some((axis) => axis.id === rows.axis) || op.axes.some((axis) => axis.ragged !== undefined)) return null
  const isScratch = (factor: KExpr): boolean => isRowScratch(factor, reader, buffers, rows)
  const product = (op.op === 'contract' ? op.factors : [op.value]).flatMap((factor) => factorsOf(factor, isScratch))
  const scratches = product.filter(isScratch)
  const [scratch, ...more] = scratches
  if (scratch?.k !== 'load' || more.length > 0) return null
  const weights: KExpr[] = []
  const factors: KExpr[] = []
  for (const factor of product) {
    if (factor === scratch) continue
    const loads = reader.rowLoads(factor)
    const free = freeAxes(factor)
    if (loads !== null && (loads.length === 0 || isKeyed(factor, op.axes, reader, keys))) factors.push(factor)
    else if (free.size === 1 && free.has(rows.axis) && isOfData(factor, buffers)) weights.push(factor)
    else return null
  }
  const places = op.at.filter((index) => !reader.isFixed(index))
  const all = [...factors, ...places].filter((part) => !reader.isFixed(part))
  if (all.length === 0) return { op, at, scratch, weights, factors, term: null }
  const term = itemsOf(k.mul(...all), op.axes, reader, keys)
  return term === null ? null : { op, at, scratch, weights, factors, term }
}

function isKeyed(factor: KExpr, axes: readonly Axis[], reader: DiscreteReader, keys: TableKeys): boolean {
  return itemsOf(factor, axes, reader, keys) !== null
}

/** The items of an expression, all of them keyed; null where one is not. */
function itemsOf(
  expr: KExpr,
  axes: readonly Axis[],
  reader: DiscreteReader,
  keys: TableKeys,
): (DiscreteTerm & { readonly keyed: readonly KeyedItem[] }) | null {
  const loads = reader.rowLoads(expr)
  if (loads === null) return null
  const chosen = new Set(loads.flatMap((load) => load.at.slice(1)).flatMap((index) => [...freeAxes(index)]))
  const term = reader.items(
    expr,
    axes.filter((axis) => chosen.has(axis.id)),
  )
  if (term === null) return null
  const keyed = term.items.flatMap((item) => keys.find(item) ?? [])
  return keyed.length === term.items.length ? { ...term, keyed } : null
}

/** Scratch of the row at positions that no row changes. */
function isRowScratch(
  factor: KExpr,
  reader: DiscreteReader,
  buffers: ReadonlyMap<string, Buffer>,
  { table, axis }: PassContext['rows'],
): boolean {
  if (factor.k !== 'load') return false
  const buffer = buffers.get(factor.buffer)
  const [first, ...rest] = factor.at
  if (buffer?.space !== 'scratch' || buffer.rows !== table) return false
  return first?.k === 'axis' && first.axis === axis && rest.every((index) => reader.isFixed(index))
}

function isOfData(expr: KExpr, buffers: ReadonlyMap<string, Buffer>): boolean {
  return [...buffersRead(expr)].every((id) => buffers.get(id)?.space === 'data')
}

/** The factors of a product: select(c, w · b, 0) is w · select(c, b, 0) where w is finite, as what rows add to sums is. */
function factorsOf(expr: KExpr, isScratch: (factor: KExpr) => boolean): readonly KExpr[] {
  switch (expr.k) {
    case 'mul':
      return expr.args.flatMap((arg) => factorsOf(arg, isScratch))
    case 'neg':
      return [k.num(-1), ...factorsOf(expr.of, isScratch)]
    case 'select': {
      if (expr.otherwise.k !== 'num' || expr.otherwise.value !== 0) return [expr]
      const inner = factorsOf(expr.then, isScratch)
      const others = inner.filter((factor) => !isScratch(factor))
      return [...inner.filter(isScratch), { ...expr, then: k.mul(...others) }]
    }
    default:
      return [expr]
  }
}
