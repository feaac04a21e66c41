/**
 * Look-ups by several discrete elements of a row as one, in tables over their joint values. Page:
 * docs/kernel-passes/pack-tables.md.
 */
import type { KernelOp } from '../types.js'
import { Additions } from './additions.js'
import { type DataArrays, DataCache } from './data-cache.js'
import { DiscreteReader } from './discrete-terms.js'
import { TableKeys } from './keyed-items.js'
import { packSums } from './pack-sums.js'
import { packedValue, packSum, type RowSum, rowSumOf } from './pack-terms.js'
import { inProbabilities, probabilityForm } from './probability-form.js'
import { rowStride } from './row-key.js'
import { type Digit, digitsOf, groupDigits, type KeyGroup, type RowData } from './table-keys.js'
import type { PassContext, RowProgram } from './types.js'

export type PackedTables =
  | {
      readonly kind: 'packed'
      readonly program: RowProgram
      /** The arrays of the data buffers that the program has in addition. */
      readonly data: DataArrays
      /** Digits and entries of each key. */
      readonly keys: readonly { readonly digits: number; readonly entries: number }[]
      /** What was rewritten, one line each. */
      readonly applied: readonly string[]
    }
  | { readonly kind: 'declined'; readonly declined: string }

export interface PackingLimits {
  /** Of the tables that rows read; those that rows add to are about as long. */
  readonly tableBytes: number
  /** Tables may cost this share of what rows cost without them. */
  readonly share: number
}

export const PACKING_LIMITS: PackingLimits = { tableBytes: 2 ** 17, share: 1 / 8 }

/** More than this, in nats, and products of probabilities of common rows would underflow: e^−460 = 1e-200. */
const MOST_NATS = 230

export function packTables(
  program: RowProgram,
  context: PassContext,
  data: DataArrays,
  cache: DataCache = new DataCache(),
  limits: PackingLimits = PACKING_LIMITS,
): PackedTables {
  const reader = new DiscreteReader(program, context)
  const sums = new Map<number, RowSum>()
  program.rows.forEach((op, at) => {
    const sum = rowSumOf(op, reader, context)
    if (sum !== null) sums.set(at, sum)
  })
  const items = [...sums.values()].flatMap((sum) => sum.discrete.flatMap((term) => term.items))
  if (items.length === 0) return { kind: 'declined', declined: 'no terms of a sum are functions of discrete data' }

  const buffers = new Map(program.buffers.map((b) => [b.id, b]))
  const rows: RowData = {
    data,
    cache,
    rows: program.sizes.get(context.rows.size) ?? 0,
    stride: (id) => {
      const buffer = buffers.get(id)
      return buffer === undefined ? 0 : rowStride(buffer, program.sizes)
    },
  }
  const adds = new Additions(program, context)
  const width = [...sums.values()].reduce((total, sum) => total + widthOf(sum, adds), 0)
  const mostEntries = limits.tableBytes / 8 / width
  const digits = digitsOf(items, rows, Math.min(mostEntries / 2, (limits.share / 2) * rows.rows))
  const read = digits.reduce((total, digit) => total + digit.items, 0)
  const fits = (groups: readonly KeyGroup[]): boolean => {
    const entries = groups.reduce((total, group) => total + group.entries, 0)
    const work = groups.reduce((total, group) => total + group.entries * itemsOf(group.digits), 0)
    return entries <= mostEntries && work <= limits.share * rows.rows * read
  }
  const groups = groupDigits(digits, fits)
  if (groups === null || groups.length >= read)
    return { kind: 'declined', declined: 'no two look-ups fit into one table' }

  const keys = new TableKeys(groups, rows, adds, context)
  const out = new Map<number, readonly KernelOp[]>()
  const applied: string[] = []
  const nats = groups.reduce((total, group) => total + Math.log(group.entries), 0)
  for (const [at, sum] of sums) {
    const packed = packSum(sum, keys, adds)
    if (packed === null) continue
    const form = nats > MOST_NATS ? null : probabilityForm(program.rows, at, packed)
    const ops =
      form === null
        ? [[at, [{ ...sum.op, value: packedValue(packed, keys) }]] as const]
        : inProbabilities(form, packed, keys, adds, context)
    for (const [i, own] of ops) out.set(i, own)
    const how = form === null ? 'a sum' : 'a product'
    applied.push(`${sum.op.out}: ${how} of ${packed.tables.length} tables`)
  }
  const keyed = packSums(program, reader, keys, adds, context)
  for (const [at, ops] of keyed) out.set(at, ops)
  if (keyed.size > 0) applied.push(`${keyed.size} sums by key`)
  return {
    kind: 'packed',
    program: adds.with(program.rows.flatMap((op, i) => out.get(i) ?? [op])),
    data: adds.data,
    keys: groups.map((group) => ({ digits: group.digits.length, entries: group.entries })),
    applied,
  }
}

function widthOf(sum: RowSum, adds: Additions): number {
  return sum.axes.reduce((product, axis) => product * adds.extent(axis.size), 1)
}

function itemsOf(digits: readonly Digit[]): number {
  return digits.reduce((total, digit) => total + digit.items, 0)
}
