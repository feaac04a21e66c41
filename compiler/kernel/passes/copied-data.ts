/**
 * Data that a row copies into scratch as it stands is read there by all that reads it: rows are turned once, as they are
 * copied. Page: docs/kernel-passes/copied-data.md.
 */
import * as k from '../build.js'
import type { KExpr, KernelOp } from '../types.js'
import { buffersReadByOp, mapChildren } from '../visit.js'
import { rewriteOp } from './rewrite-op.js'
import type { KernelPass, PassContext, RowProgram } from './types.js'

/** to[n, c + by] = from[n, c], for all c. */
interface Copied {
  readonly op: KernelOp
  readonly from: string
  readonly to: string
  readonly by: number
}

export const copiedData: KernelPass = {
  name: 'copied-data',
  apply(program, context) {
    const copies = new Map<string, Copied>()
    for (const op of program.rows) {
      const copy = copyOf(op, program, context)
      const others = program.rows.filter((other) => other !== op)
      if (copy !== null && !copies.has(copy.from) && others.some((other) => readsRow(other, copy.from)))
        copies.set(copy.from, copy)
    }
    if (copies.size === 0) return { program, applied: [], declined: [] }
    const first = [...copies.values()].map(({ op }) => op)
    const expr = (part: KExpr): KExpr => {
      const inner = mapChildren(part, expr)
      if (inner.k !== 'load') return inner
      const copy = copies.get(inner.buffer)
      const [row, column] = inner.at
      if (copy === undefined || row === undefined || column === undefined) return inner
      return k.load(copy.to, row, copy.by === 0 ? column : k.add(column, k.num(copy.by)))
    }
    const rest = program.rows.filter((op) => !first.includes(op))
    return {
      program: { ...program, rows: [...first, ...rest.map((op) => rewriteOp(op, { expr, axis: (axis) => axis }))] },
      applied: [...copies.values()].map(({ from, to }) => `${from} from ${to}`),
      declined: [],
    }
  },
}

/** A copy of all of a row of a table of numbers with columns, read at no other row, into scratch of the row. */
function copyOf(op: KernelOp, { buffers, sizes, rows }: RowProgram, { rows: own }: PassContext): Copied | null {
  if (op.op !== 'map' || op.value.k !== 'load' || op.value.at.length !== 2 || op.at.length !== 2) return null
  const [row, axis, ...more] = op.axes
  if (row?.id !== own.axis || axis === undefined || axis.ragged !== undefined || more.length > 0) return null
  const isPlain = (index: KExpr | undefined, id: string): boolean => index?.k === 'axis' && index.axis === id
  const from = buffers.find((b) => b.id === (op.value.k === 'load' ? op.value.buffer : ''))
  const to = buffers.find((b) => b.id === op.out)
  if (from?.space !== 'data' || from.type !== 'f64' || to?.space !== 'scratch' || to.rows !== own.table) return null
  if (!isPlain(op.value.at[0], row.id) || !isPlain(op.value.at[1], axis.id) || !isPlain(op.at[0], row.id)) return null
  if (sizes.get(axis.size) !== sizes.get(from.shape[1] ?? '')) return null
  const by = shift(op.at[1], axis.id)
  if (by === null || !rows.every((other) => other === op || isReadAtRow(other, from.id, own.axis))) return null
  return { op, from: from.id, to: to.id, by }
}

/** b of axis + b, b a number; null for anything else. */
function shift(index: KExpr | undefined, axis: string): number | null {
  if (index?.k === 'axis') return index.axis === axis ? 0 : null
  if (index?.k !== 'add' || index.args.length !== 2) return null
  const [a, b] = index.args
  if (a?.k === 'axis' && a.axis === axis && b?.k === 'num') return b.value
  return b?.k === 'axis' && b.axis === axis && a?.k === 'num' ? a.value : null
}

const readsRow = (op: KernelOp, buffer: string): boolean => buffersReadByOp(op).has(buffer)

/** Every load of a buffer by an operation, its steps included, is at the row; no other operation names it. */
function isReadAtRow(op: KernelOp, buffer: string, row: string): boolean {
  if (op.op === 'gather' && op.from === buffer) return false
  if (op.op === 'small' && (op.matrix === buffer || op.rightHandSide === buffer)) return false
  let all = true
  const visit = (part: KExpr): KExpr => {
    if (part.k === 'load' && part.buffer === buffer && !(part.at[0]?.k === 'axis' && part.at[0].axis === row))
      all = false
    return mapChildren(part, visit)
  }
  rewriteOp(op, { expr: visit, axis: (axis) => axis })
  return all
}
