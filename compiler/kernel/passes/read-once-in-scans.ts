/** What `read-once` does for rows, for the steps of scans. Page: docs/kernel-passes/read-once.md. */
import type { Buffer, KernelOp, SizeKey } from '../types.js'
import { buffersReadByOp, buffersWritten } from '../visit.js'
import { FEW, isCheap, isLoop, isUnchanged, type MapOp, timesRead, withValue } from './read-once.js'

/** Where buffers are declared, and how long their extents are. */
interface Scratch {
  /** null: not to be touched, as others may read it. */
  declared(id: string): Buffer | null
  readonly sizes: ReadonlyMap<SizeKey, number>
}

/** Cheap values that one operation of the same step reads are made there, and go through no memory. */
export function readOnceInScans(ops: readonly KernelOp[], scratch: Scratch): readonly KernelOp[] {
  const lists: (readonly KernelOp[])[] = []
  const visit = (list: readonly KernelOp[]): void => {
    lists.push(list)
    for (const op of list) if (op.op === 'scan' || op.op === 'repeat') visit(op.step)
  }
  visit(ops)
  const isWhole = (op: KernelOp): op is MapOp => op.op === 'map' && writesAll(op, scratch.declared(op.out))
  /** No step reads what another one, or the same one a place before, has left there. */
  const isOfOneStep = (id: string): boolean =>
    lists.every((list) => {
      const reader = list.findIndex((op) => isDirect(op) && buffersReadByOp(op).has(id))
      return reader < 0 || list.slice(0, reader).some((op) => isWhole(op) && op.out === id)
    })
  const local = new Set(lists.flat().flatMap((op) => (isWhole(op) && isOfOneStep(op.out) ? [op.out] : [])))
  const inlined = (list: readonly KernelOp[]): readonly KernelOp[] => {
    let own = list.map((op) => (op.op === 'scan' || op.op === 'repeat' ? { ...op, step: inlined(op.step) } : op))
    for (const op of list) {
      if (!isWhole(op) || !local.has(op.out) || !isCheap(op.value)) continue
      const at = own.indexOf(op)
      // another value has been put into it: it is not as cheap any more
      if (at < 0) continue
      const touching = own.flatMap((other, i) =>
        i !== at && (buffersReadByOp(other).has(op.out) || buffersWritten(other).has(op.out)) ? [i] : [],
      )
      const [reader] = touching
      const reading = reader === undefined ? undefined : own[reader]
      if (reader === undefined || reading === undefined || touching.length > 1 || reader < at) continue
      if (!isLoop(reading) || buffersWritten(reading).has(op.out)) continue
      if (!isUnchanged(op, own.slice(at + 1, reader + 1)) || timesRead(op.out, reading, scratch.sizes) > FEW) continue
      const changed = withValue(reading, op)
      own = own.flatMap((other, i) => (i === at ? [] : [i === reader ? changed : other]))
    }
    return own
  }
  return inlined(ops)
}

const isDirect = (op: KernelOp): boolean => op.op !== 'scan' && op.op !== 'repeat'

/** Each element once: an axis for each index, as long as the extent. */
function writesAll(op: MapOp, buffer: Buffer | null): boolean {
  if (buffer === null || buffer.type !== 'f64' || op.at.length !== op.axes.length) return false
  const extents = op.at.map((index) => op.axes.find((axis) => index.k === 'axis' && axis.id === index.axis))
  return (
    new Set(extents).size === op.axes.length &&
    extents.every((axis, dim) => axis?.ragged === undefined && axis?.size === buffer.shape[dim])
  )
}
