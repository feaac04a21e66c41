import type { KExpr, KernelOp } from '../../kernel/types.js'
import {
  axesOf,
  buffersRead,
  buffersReadByOp,
  buffersWritten,
  childrenOf,
  expressionsOf,
  freeAxes,
} from '../../kernel/visit.js'

/** How the operations of a kernel use a buffer. */
export interface BufferAccess {
  read: boolean
  written: boolean
  /** Each element stands at the row of the block: its first index is the row axis and nothing else. */
  byRow: boolean
  /** A dense operation works on it. */
  dense: boolean
  /** Rows are taken one after another, and the values of one lie side by side. */
  rowByRow: boolean
  /** No element is read twice: one place reads it, in loops that are all in its position. */
  once: boolean
}

const unused = (byRow: boolean): BufferAccess => ({
  read: false,
  written: false,
  byRow,
  dense: false,
  rowByRow: false,
  once: false,
})

/** Every buffer that the operations name, those of steps included. */
export function accessesOf(ops: readonly KernelOp[], rowAxis: string | null): ReadonlyMap<string, BufferAccess> {
  const found = new Map<string, BufferAccess>()
  const access = (buffer: string, first: KExpr | undefined): BufferAccess => {
    const own = found.get(buffer) ?? unused(rowAxis !== null)
    if (!(first?.k === 'axis' && first.axis === rowAxis)) own.byRow = false
    found.set(buffer, own)
    return own
  }
  const reads = (buffer: string, at: readonly KExpr[], loops: ReadonlySet<string>): void => {
    const own = access(buffer, at[0])
    const isIn = (axis: string): boolean => at.some((index) => freeAxes(index).has(axis))
    own.once = !own.read && [...loops].every(isIn)
    own.read = true
  }
  const visited = new Set<KExpr>()
  const visitExpr = (expr: KExpr, loops: ReadonlySet<string>): void => {
    if (buffersRead(expr).size === 0) return
    if (visited.has(expr)) {
      // what is known of its reads is as before, but for how many there are
      for (const id of buffersRead(expr)) {
        const own = found.get(id)
        if (own !== undefined) own.once = false
      }
      return
    }
    visited.add(expr)
    if (expr.k === 'load') reads(expr.buffer, expr.at, loops)
    if (expr.k === 'reduce' && expr.axis.ragged !== undefined)
      reads(expr.axis.ragged.sizes, [expr.axis.ragged.at], loops)
    const inner = expr.k === 'reduce' ? new Set([...loops, expr.axis.id]) : loops
    for (const part of childrenOf(expr)) visitExpr(part, inner)
  }
  const readAgain = (buffer: string, first: KExpr | undefined): BufferAccess => {
    const own = access(buffer, first)
    own.read = true
    own.once = false
    return own
  }
  const visit = (op: KernelOp, outer: ReadonlySet<string>): void => {
    const loops = new Set([...outer, ...axesOf(op).map((axis) => axis.id)])
    for (const axis of axesOf(op)) if (axis.ragged !== undefined) readAgain(axis.ragged.sizes, axis.ragged.at)
    for (const expr of expressionsOf(op)) visitExpr(expr, loops)
    switch (op.op) {
      case 'map':
      case 'reduce':
        access(op.out, op.at[0]).written = true
        return
      case 'contract':
      case 'scatterAdd': {
        const own = access(op.out, op.at[0])
        own.written = true
        own.read = true
        return
      }
      case 'gather': {
        const [axis] = op.axes
        access(op.out, axis === undefined ? undefined : { k: 'axis', axis: axis.id }).written = true
        readAgain(op.from, op.at[0])
        return
      }
      case 'fill': {
        const own = found.get(op.out)
        if (own === undefined) found.set(op.out, { ...unused(rowAxis !== null), written: true })
        else own.written = true
        return
      }
      case 'small': {
        const matrix = readAgain(op.matrix, op.at[0])
        matrix.dense = true
        const out = access(op.out, op.at[0])
        out.written = true
        out.dense = true
        if (op.rightHandSide === undefined) return
        const right = readAgain(op.rightHandSide, op.at[0])
        right.dense = true
        return
      }
      case 'scan':
      case 'repeat':
        if (op.op === 'repeat') readAgain(op.until, undefined)
        // a repetition is a loop that no position names
        for (const step of op.step) visit(step, op.op === 'repeat' ? new Set([...loops, '']) : loops)
        if (op.op === 'scan' && op.axis.id === rowAxis)
          for (const id of [...buffersReadByOp(op), ...buffersWritten(op)]) {
            const own = found.get(id)
            if (own !== undefined) own.rowByRow = true
          }
        return
      default:
        return
    }
  }
  for (const op of ops) visit(op, new Set())
  return found
}
