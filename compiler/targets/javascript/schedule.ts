import type { Axis, Buffer, KExpr, KernelOp } from '../../kernel/types.js'
import { axesOf, expressionsOf, walk } from '../../kernel/visit.js'
import { asMap, type LoopOp } from '../loop-op.js'

/** Operations that share their outermost loop, or one that stands alone. */
export type Scheduled =
  | { readonly kind: 'loops'; readonly axis: Axis | null; readonly ops: readonly LoopOp[] }
  | { readonly kind: 'fill'; readonly op: KernelOp & { readonly op: 'fill' } }
  | { readonly kind: 'scan'; readonly op: KernelOp & { readonly op: 'scan' } }
  | { readonly kind: 'repeat'; readonly op: KernelOp & { readonly op: 'repeat' } }
  | { readonly kind: 'sparse'; readonly op: KernelOp & { readonly op: 'sparseGaussian' } }

interface Access {
  readonly buffer: string
  readonly at: readonly KExpr[]
}

const loadsFound = new WeakMap<LoopOp, readonly Access[]>()

/** Loads of an operation, what it adds to not included. */
function loadsOf(op: LoopOp): readonly Access[] {
  const known = loadsFound.get(op)
  if (known !== undefined) return known
  const loads: Access[] = []
  for (const expr of expressionsOf(op)) {
    walk(expr, (part) => {
      if (part.k === 'load') loads.push(part)
      if (part.k === 'reduce' && part.axis.ragged !== undefined) {
        loads.push({ buffer: part.axis.ragged.sizes, at: [part.axis.ragged.at] })
      }
    })
  }
  for (const axis of axesOf(op)) {
    if (axis.ragged !== undefined) loads.push({ buffer: axis.ragged.sizes, at: [axis.ragged.at] })
  }
  if (op.op === 'small') {
    loads.push({ buffer: op.matrix, at: op.at })
    if (op.rightHandSide !== undefined) loads.push({ buffer: op.rightHandSide, at: op.at })
  }
  loadsFound.set(op, loads)
  return loads
}

function accumulates(op: LoopOp): boolean {
  return op.op === 'contract' || op.op === 'scatterAdd'
}

function isFirstIndex(access: Access, axis: string): boolean {
  const first = access.at[0]
  return first?.k === 'axis' && first.axis === axis
}

/**
 * The operation with the axis that runs over rows outermost, where the order of loops is free: rows are then streamed
 * once. The row axis is the one that indexes the first extent of a buffer with rows.
 */
export function rowsOutermost(op: LoopOp, buffers: ReadonlyMap<string, Buffer>): LoopOp {
  const loads = loadsOf(op)
  if (loads.some((load) => load.buffer === op.out)) return op
  const accesses: readonly Access[] = [{ buffer: op.out, at: op.at }, ...loads]
  const isRow = (axis: Axis): boolean =>
    axis.ragged === undefined &&
    accesses.some((access) => buffers.get(access.buffer)?.rows !== undefined && isFirstIndex(access, axis.id))
  const row = op.axes.find(isRow)
  if (row === undefined || row === op.axes[0]) return op
  return { ...op, axes: [row, ...op.axes.filter((axis) => axis !== row)] }
}

/** May `next` run row by row after `before`, in one loop over `axis`? */
function fusible(before: LoopOp, next: LoopOp, axis: string): boolean {
  const wrote: Access = { buffer: before.out, at: before.at }
  const writes: Access = { buffer: next.out, at: next.at }
  const readBefore = loadsOf(before).filter((load) => load.buffer === next.out)
  const readAfter = loadsOf(next).filter((load) => load.buffer === before.out)
  const sameOut = before.out === next.out
  const bothAdd = accumulates(before) && accumulates(next)
  if (sameOut && bothAdd && readBefore.length + readAfter.length === 0) return true
  if (readAfter.length > 0 || sameOut) {
    if (!isFirstIndex(wrote, axis) || !readAfter.every((load) => isFirstIndex(load, axis))) return false
    if (sameOut && !isFirstIndex(writes, axis)) return false
  }
  if (readBefore.length > 0) {
    return isFirstIndex(writes, axis) && readBefore.every((load) => isFirstIndex(load, axis))
  }
  return true
}

/** Buffers that a group touches at all. */
function touches(op: LoopOp, buffer: string): boolean {
  return op.out === buffer || loadsOf(op).some((load) => load.buffer === buffer)
}

/**
 * Groups operations in order. Neighbours with the same outermost axis share its loop where what one writes the other
 * touches only at the same value of that axis; a `fill` moves ahead of a group that does not touch its buffer.
 */
export function schedule(ops: readonly KernelOp[], buffers: ReadonlyMap<string, Buffer>): readonly Scheduled[] {
  const done: Scheduled[] = []
  let group: LoopOp[] = []
  let groupAxis: Axis | null = null
  const close = (): void => {
    if (group.length > 0) done.push({ kind: 'loops', axis: groupAxis, ops: group })
    group = []
    groupAxis = null
  }
  const join = (written: LoopOp): void => {
    const op = rowsOutermost(written, buffers)
    const axis = op.axes[0]
    const plain = axis !== undefined && axis.ragged === undefined ? axis : null
    const same = plain !== null && groupAxis?.id === plain.id && groupAxis.size === plain.size
    if (!(same && group.every((before) => fusible(before, op, plain.id)))) {
      close()
      groupAxis = plain
    }
    group.push(op)
    if (plain === null) close()
  }
  for (const op of ops) {
    switch (op.op) {
      case 'fill':
        if (group.some((member) => touches(member, op.out))) close()
        done.push({ kind: 'fill', op })
        break
      case 'scan':
        close()
        done.push({ kind: 'scan', op })
        break
      case 'repeat':
        close()
        done.push({ kind: 'repeat', op })
        break
      case 'sparseGaussian':
        close()
        done.push({ kind: 'sparse', op })
        break
      case 'gather':
        join(asMap(op))
        break
      case 'rng':
        break
      default:
        join(op)
    }
  }
  close()
  return done
}
