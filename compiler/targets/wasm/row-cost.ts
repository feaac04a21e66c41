import type { Axis, Buffer, KExpr, KernelOp, SizeKey } from '../../kernel/types.js'
import { axesOf, childrenOf, expressionsOf } from '../../kernel/visit.js'
import { accessesOf } from './accesses.js'

/** What a row of a pass costs, for how rows are cut into chunks. */
export interface RowCost {
  /** Operations, about. */
  readonly work: number
  /** Numbers in the sums over rows. */
  readonly sums: number
}

export function rowCost(
  ops: readonly KernelOp[],
  buffers: readonly Buffer[],
  sizes: ReadonlyMap<SizeKey, number>,
  rowAxis: string,
): RowCost {
  const extent = (axis: Axis): number => (axis.id === rowAxis ? 1 : (sizes.get(axis.size) ?? 1))
  const workOf = (expr: KExpr): number => {
    const parts = childrenOf(expr).reduce((sum, part) => sum + workOf(part), 1)
    return expr.k === 'reduce' ? extent(expr.axis) * parts : parts
  }
  const ofOp = (op: KernelOp): number => {
    const steps = op.op === 'scan' || op.op === 'repeat' ? op.step.reduce((sum, step) => sum + ofOp(step), 0) : 0
    const values = expressionsOf(op).reduce((sum, expr) => sum + workOf(expr), 1)
    const order = op.op === 'small' ? (sizes.get(op.order) ?? 1) ** 3 : 1
    return axesOf(op).reduce((product, axis) => product * extent(axis), order) * (values + steps)
  }
  const accesses = accessesOf(ops, rowAxis)
  const sums = buffers
    .filter(({ id, space }) => space === 'sum' && accesses.get(id)?.written === true)
    .reduce((n, { shape }) => n + shape.reduce((product, key) => product * (sizes.get(key) ?? 1), 1), 0)
  return { work: ops.reduce((sum, op) => sum + ofOp(op), 0), sums }
}
