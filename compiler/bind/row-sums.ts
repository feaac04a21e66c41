/** Sums over whole arrays, cut into those that one loop over rows can take together. */
import { buffersReadByOp, buffersWritten } from '../kernel/index.js'
import type { Axis, KernelOp } from '../kernel/types.js'

/** Sums with one outermost loop; null: without any. */
export interface SumGroup {
  readonly axis: Axis | null
  readonly ops: readonly KernelOp[]
}

/**
 * Neighbouring sums with one outermost loop, which may be taken some rows at a time; null where the operations are not
 * sums only, or one of them reads what another one adds up.
 */
export function sumGroups(ops: readonly KernelOp[]): readonly SumGroup[] | null {
  const written = new Set(ops.flatMap((op) => [...buffersWritten(op)]))
  const groups: { axis: Axis | null; ops: KernelOp[] }[] = []
  for (const op of ops) {
    if (op.op !== 'contract' && op.op !== 'scatterAdd') return null
    if ([...buffersReadByOp(op)].some((id) => written.has(id))) return null
    const [axis = null] = op.axes
    const last = groups.at(-1)
    if (last !== undefined && last.axis?.id === axis?.id) last.ops.push(op)
    else groups.push({ axis, ops: [op] })
  }
  return groups
}
