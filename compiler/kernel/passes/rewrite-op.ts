import type { Axis, KExpr, KernelOp } from '../types.js'

export interface Rewriting {
  readonly expr: (expr: KExpr) => KExpr
  readonly axis: (axis: Axis) => Axis
}

/** An operation with its expressions and loops rewritten, the steps of a scan or a repeat included; buffers stay. */
export function rewriteOp(op: KernelOp, { expr, axis }: Rewriting): KernelOp {
  switch (op.op) {
    case 'map':
    case 'scatterAdd':
      return { ...op, axes: op.axes.map(axis), at: op.at.map(expr), value: expr(op.value) }
    case 'contract':
      return { ...op, axes: op.axes.map(axis), at: op.at.map(expr), factors: op.factors.map(expr) }
    case 'gather':
    case 'small':
      return { ...op, axes: op.axes.map(axis), at: op.at.map(expr) }
    case 'reduce':
      return { ...op, axes: op.axes.map(axis), over: op.over.map(axis), at: op.at.map(expr), value: expr(op.value) }
    case 'scan':
      return { ...op, axis: axis(op.axis), step: op.step.map((step) => rewriteOp(step, { expr, axis })) }
    case 'repeat':
      return { ...op, step: op.step.map((step) => rewriteOp(step, { expr, axis })) }
    case 'rng':
      return { ...op, axes: op.axes.map(axis) }
    case 'fill':
    case 'sparseGaussian':
      return op
  }
}
