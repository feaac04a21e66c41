import type { KExpr, KernelOp } from '../../kernel/types.js'
import { axesOf, expressionsOf, walk } from '../../kernel/visit.js'

/** How the operations of a kernel use a buffer. */
export interface BufferAccess {
  read: boolean
  written: boolean
  /** Each element stands at the row of the block: its first index is the row axis and nothing else. */
  byRow: boolean
  /** A dense operation works on it. */
  dense: boolean
}

/** Every buffer that the operations name, those of steps included. */
export function accessesOf(ops: readonly KernelOp[], rowAxis: string | null): ReadonlyMap<string, BufferAccess> {
  const found = new Map<string, BufferAccess>()
  const access = (buffer: string, first: KExpr | undefined): BufferAccess => {
    const own = found.get(buffer) ?? { read: false, written: false, byRow: rowAxis !== null, dense: false }
    if (!(first?.k === 'axis' && first.axis === rowAxis)) own.byRow = false
    found.set(buffer, own)
    return own
  }
  const visit = (op: KernelOp): void => {
    for (const axis of axesOf(op)) if (axis.ragged !== undefined) access(axis.ragged.sizes, axis.ragged.at).read = true
    for (const expr of expressionsOf(op))
      walk(expr, (part) => {
        if (part.k === 'load') access(part.buffer, part.at[0]).read = true
        if (part.k === 'reduce' && part.axis.ragged !== undefined)
          access(part.axis.ragged.sizes, part.axis.ragged.at).read = true
      })
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
        access(op.from, op.at[0]).read = true
        return
      }
      case 'fill': {
        const own = found.get(op.out)
        if (own === undefined) found.set(op.out, { read: false, written: true, byRow: rowAxis !== null, dense: false })
        else own.written = true
        return
      }
      case 'small': {
        const matrix = access(op.matrix, op.at[0])
        matrix.read = true
        matrix.dense = true
        const out = access(op.out, op.at[0])
        out.written = true
        out.dense = true
        if (op.rightHandSide === undefined) return
        const right = access(op.rightHandSide, op.at[0])
        right.read = true
        right.dense = true
        return
      }
      case 'scan':
      case 'repeat':
        if (op.op === 'repeat') access(op.until, undefined).read = true
        for (const step of op.step) visit(step)
        return
      default:
        return
    }
  }
  for (const op of ops) visit(op)
  return found
}
