/**
 * Sequences two at a time: where rows are taken one after another and each is a recurrence, two recurrences run side by
 * side as far as the shorter one goes. What does not depend on the row (the step of a chain) is then loaded once for both,
 * sums of both are added in registers, and neither has to wait for its place before.
 */
import * as k from '../../kernel/build.js'
import { rewriteOp } from '../../kernel/passes/rewrite-op.js'
import type { Axis, Buffer, KExpr, KernelOp, SizeKey } from '../../kernel/types.js'
import {
  buffersReadByOp,
  buffersWritten,
  expressionsOf,
  freeAxes,
  mapAxis,
  mapChildren,
  partsOf,
} from '../../kernel/visit.js'
import { asMap } from '../loop-op.js'
import type { BufferAccess } from './accesses.js'
import { isOneByOne } from './one-by-one.js'

/** Axis of the two rows: what is added to the number of the first. */
export const SIDE = 'side'

export const SIDES = 2

export interface TwoAtOnce {
  readonly axis: Axis
  /** Operations on row + side. */
  readonly step: readonly KernelOp[]
  /** Buffers that each of the rows has of its own; their first index is the side. */
  readonly own: ReadonlySet<string>
  /** Those scans of `step` that both rows go along together. */
  readonly together: ReadonlySet<KernelOp>
}

/** null where rows are no recurrences, or something is handed from one to the next. */
export function twoAtOnce(
  ops: readonly KernelOp[],
  declared: ReadonlyMap<string, Buffer>,
  accesses: ReadonlyMap<string, BufferAccess>,
  rowAxis: string | null,
  size: (key: SizeKey) => number,
): TwoAtOnce | null {
  const [scan] = ops
  if (!isOneByOne(ops, rowAxis) || scan?.op !== 'scan' || scan.independent !== true || rowAxis === null) return null
  if (!scan.step.every(isKnown)) return null
  const own = new Set<string>()
  for (const id of buffersWritten(scan)) {
    const space = declared.get(id)?.space
    const isSum = space === 'sum' && scan.step.every((op) => onlyAddsTo(op, id))
    if (isSum || accesses.get(id)?.byRow === true) continue
    if (space !== 'scratch') return null
    own.add(id)
  }
  const row = k.add({ k: 'axis', axis: rowAxis }, { k: 'axis', axis: SIDE })
  const changed = new Map<KExpr, KExpr>()
  const expr = (e: KExpr): KExpr => {
    if (e.k === 'axis') return e.axis === rowAxis ? row : e
    const known = changed.get(e)
    if (known !== undefined) return known
    const inner = mapChildren(e, expr)
    const made = inner.k === 'load' && own.has(inner.buffer) ? { ...inner, at: ownAt(inner.at) } : inner
    changed.set(e, made)
    return made
  }
  const axis = (one: Axis): Axis => mapAxis(one, expr)
  const step = scan.step.map((op) => withOwn(rewriteOp(asMaps(op, declared), { expr, axis }), own))
  const together = new Set(step.filter((op) => op.op === 'scan' && size(op.axis.size) > 1 && gains(op.step)))
  return together.size === 0 ? null : { axis: scan.axis, step, own, together }
}

const ownAt = (at: readonly KExpr[]): readonly KExpr[] => [{ k: 'axis', axis: SIDE }, ...at]

function isKnown(op: KernelOp): boolean {
  if (op.op === 'scan') return op.step.every(isKnown)
  return op.op !== 'small' && op.op !== 'repeat' && op.op !== 'sparseGaussian' && op.op !== 'rng'
}

/** Gathers and fills as maps, which have positions. */
function asMaps(op: KernelOp, declared: ReadonlyMap<string, Buffer>): KernelOp {
  if (op.op === 'scan') return { ...op, step: op.step.map((step) => asMaps(step, declared)) }
  if (op.op === 'gather') return asMap(op)
  if (op.op !== 'fill') return op
  const axes = (declared.get(op.out)?.shape ?? []).map((size, i): Axis => ({ id: `filled ${i + 1}`, name: 'i', size }))
  return { op: 'map', out: op.out, axes, at: axes.map((axis) => k.axis(axis)), value: k.num(op.value) }
}

/** The positions that are written. */
function withOwn(op: KernelOp, own: ReadonlySet<string>): KernelOp {
  switch (op.op) {
    case 'scan':
      return { ...op, step: op.step.map((step) => withOwn(step, own)) }
    case 'map':
    case 'contract':
    case 'scatterAdd':
    case 'reduce':
      return own.has(op.out) ? { ...op, at: ownAt(op.at) } : op
    default:
      return op
  }
}

function onlyAddsTo(op: KernelOp, id: string): boolean {
  if (op.op === 'scan') return op.step.every((step) => onlyAddsTo(step, id))
  if (buffersReadByOp(op).has(id)) return false
  return !buffersWritten(op).has(id) || op.op === 'contract' || op.op === 'scatterAdd'
}

/** Plain loops in which both sides read a table, or add to one. */
const gains = (step: readonly KernelOp[]): boolean => step.every(isPlain) && step.some(isShared)

function isPlain(op: KernelOp): boolean {
  if (op.op !== 'map' && op.op !== 'contract' && op.op !== 'scatterAdd' && op.op !== 'reduce') return false
  const axes = op.op === 'reduce' ? [...op.axes, ...op.over] : op.axes
  return (
    axes.every((axis) => axis.ragged === undefined) &&
    expressionsOf(op).every((e) => partsOf(e).every((part) => part.k !== 'reduce' || part.axis.ragged === undefined))
  )
}

function isShared(op: KernelOp): boolean {
  if (op.op === 'contract' && op.at.length >= 2) return op.at.every((index) => !freeAxes(index).has(SIDE))
  return expressionsOf(op).some((e) =>
    partsOf(e).some(
      (sum) =>
        sum.k === 'reduce' &&
        partsOf(sum.body).some(
          (part) =>
            part.k === 'load' && part.at.length >= 2 && !freeAxes(part).has(SIDE) && freeAxes(part).has(sum.axis.id),
        ),
    ),
  )
}
