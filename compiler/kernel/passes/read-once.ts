/**
 * A value that is read in one place, a few times at most, is made there: it goes through no memory. Products of data that
 * only one sum reads, for instance. Page: docs/kernel-passes/read-once.md.
 */
import type { KExpr, KernelOp, SizeKey } from '../types.js'
import { axesOf, buffersReadByOp, buffersWritten, expressionsOf, freeAxes, mapChildren } from '../visit.js'
import { rewriteOp } from './rewrite-op.js'
import type { KernelPass, PassContext, RowProgram } from './types.js'

export type MapOp = KernelOp & { readonly op: 'map' }
type Load = KExpr & { readonly k: 'load' }

/** Targets compute so many values side by side: what these share is made once for all of them. */
export const FEW = 4

export const readOnce: KernelPass = {
  name: 'read-once',
  apply(program, context) {
    let { rows } = program
    const applied: string[] = []
    for (const given of program.rows) {
      // other values may have been put into it
      const at = rows.findIndex((op) => op.op === 'map' && given.op === 'map' && op.out === given.out)
      const op = rows[at]
      if (op === undefined || !isValueOfRow(op, program, context)) continue
      const reader = onlyReader(op.out, program, rows)
      if (reader === null || reader <= at || !isUnchanged(op, rows.slice(at + 1, reader + 1))) continue
      const reading = rows[reader]
      if (reading === undefined || timesRead(op.out, reading, program.sizes) > FEW) continue
      const changed = withValue(reading, op)
      rows = rows.flatMap((other, i) => (i === at ? [] : [i === reader ? changed : other]))
      applied.push(op.out)
    }
    return { program: { ...program, rows }, applied, declined: [] }
  },
}

/** The operation with the value of another one in the place of what that writes. */
export function withValue(reading: KernelOp, op: MapOp): KernelOp {
  const expr = (part: KExpr): KExpr =>
    part.k === 'load' && part.buffer === op.out ? valueAt(op, part) : mapChildren(part, expr)
  return rewriteOp(reading, { expr, axis: (axis) => axis })
}

/** A cheap value for each element of scratch of the row, written once: each axis is an index. */
function isValueOfRow(op: KernelOp, { buffers, rows }: RowProgram, { rows: own }: PassContext): op is MapOp {
  if (op.op !== 'map' || !isCheap(op.value)) return false
  const buffer = buffers.find((b) => b.id === op.out)
  if (buffer?.space !== 'scratch' || buffer.rows !== own.table || buffer.type !== 'f64') return false
  const names = op.at.flatMap((index) => (index.k === 'axis' ? [index.axis] : []))
  if (names.length !== op.at.length || names[0] !== own.axis) return false
  const isWhole = op.axes.every((axis) => axis.ragged === undefined && names.includes(axis.id))
  return (
    isWhole &&
    new Set(names).size === op.axes.length &&
    rows.filter((other) => buffersWritten(other).has(op.out)).length === 1
  )
}

/** A sum or product of two elements, or less. */
export function isCheap(expr: KExpr): boolean {
  const isElement = (part: KExpr): boolean => part.k === 'load' || part.k === 'num'
  switch (expr.k) {
    case 'add':
    case 'mul':
      return expr.args.length <= 2 && expr.args.every(isElement)
    case 'sub':
      return isElement(expr.left) && isElement(expr.right)
    case 'neg':
      return isElement(expr.of)
    default:
      return isElement(expr)
  }
}

/** The one operation that reads a buffer, by its place; null where there are several, or it is done again and again. */
function onlyReader(buffer: string, { prelude, postlude }: RowProgram, rows: readonly KernelOp[]): number | null {
  if ([...prelude, ...postlude].some((op) => buffersReadByOp(op).has(buffer))) return null
  const readers = rows.flatMap((op, i) => (buffersReadByOp(op).has(buffer) ? [i] : []))
  const [only] = readers
  if (only === undefined || readers.length > 1) return null
  return isLoop(rows[only]) ? only : null
}

export const isLoop = (op: KernelOp | undefined): boolean =>
  op?.op === 'map' || op?.op === 'contract' || op?.op === 'scatterAdd' || op?.op === 'reduce'

/** What a value is made of is not written by the operations after it. */
export function isUnchanged(op: MapOp, after: readonly KernelOp[]): boolean {
  const reads = buffersReadByOp(op)
  return after.every((other) => [...buffersWritten(other)].every((id) => !reads.has(id)))
}

/** How often each element is read; ∞ where it is read in several places, or beyond loops that are not rectangular. */
export function timesRead(buffer: string, op: KernelOp, sizes: ReadonlyMap<SizeKey, number>): number {
  let places = 0
  let times = 1
  const visit = (expr: KExpr, loops: ReadonlyMap<string, number>): void => {
    if (expr.k === 'load' && expr.buffer === buffer) {
      places += 1
      const free = new Set(expr.at.flatMap((index) => [...freeAxes(index)]))
      for (const [id, extent] of loops) if (!free.has(id)) times *= extent
    }
    if (expr.k === 'reduce') {
      const { axis } = expr
      const extent = axis.ragged === undefined ? (sizes.get(axis.size) ?? Infinity) : Infinity
      visit(expr.body, new Map(loops).set(axis.id, extent))
      return
    }
    mapChildren(expr, (part) => {
      visit(part, loops)
      return part
    })
  }
  const loops = new Map(
    axesOf(op).map((axis) => [axis.id, axis.ragged === undefined ? (sizes.get(axis.size) ?? Infinity) : Infinity]),
  )
  for (const expr of expressionsOf(op)) visit(expr, loops)
  return places === 1 ? times : Infinity
}

/** The value at the position of a load. */
function valueAt(op: MapOp, { at }: Load): KExpr {
  const positions = new Map(op.at.flatMap((index, i) => (index.k === 'axis' ? [[index.axis, at[i]] as const] : [])))
  const moved = (part: KExpr): KExpr =>
    part.k === 'axis' ? (positions.get(part.axis) ?? part) : mapChildren(part, moved)
  return moved(op.value)
}
