import type { Axis, KExpr, KernelOp } from '../types.js'
import { axesOf, buffersReadByOp, buffersWritten, childrenOf, expressionsOf, freeAxes } from '../visit.js'
import type { PassContext, RowProgram } from './types.js'

/**
 * Which values change from row to row. An expression does where it has the row axis (or the position of a scan) free, or
 * reads a buffer that does; a buffer does where it has rows, or where an operation writes it whose values do.
 */
export class RowFacts {
  private readonly axes: ReadonlySet<string>
  private readonly buffers: Set<string>
  private readonly known = new WeakMap<KExpr, boolean>()

  constructor(program: RowProgram, context: PassContext) {
    this.axes = new Set([context.rows.axis, ...program.rows.flatMap(scanAxes)])
    this.buffers = new Set(
      program.buffers
        .filter((b) => b.rows !== undefined || b.space === 'given' || b.space === 'state' || b.space === 'sum')
        .map((b) => b.id),
    )
    for (let before = -1; before < this.buffers.size; ) {
      before = this.buffers.size
      for (const op of program.rows) if (this.opVaries(op)) for (const id of buffersWritten(op)) this.buffers.add(id)
    }
  }

  bufferVaries(id: string): boolean {
    return this.buffers.has(id)
  }

  opVaries(op: KernelOp): boolean {
    if (op.op === 'scan' || op.op === 'repeat' || op.op === 'sparseGaussian' || op.op === 'rng') return true
    if (axesOf(op).some((axis) => this.axes.has(axis.id))) return true
    if ([...buffersReadByOp(op), ...buffersWritten(op)].some((id) => this.buffers.has(id))) return true
    // a sparse inverse is not a buffer
    return expressionsOf(op).some((e) => this.hasCovariance(e))
  }

  varies(expr: KExpr): boolean {
    const known = this.known.get(expr)
    if (known !== undefined) return known
    const varies = this.compute(expr)
    this.known.set(expr, varies)
    return varies
  }

  private compute(expr: KExpr): boolean {
    switch (expr.k) {
      case 'axis':
        return this.axes.has(expr.axis)
      case 'covariance':
        return true
      case 'load':
        return this.buffers.has(expr.buffer) || expr.at.some((index) => this.varies(index))
      case 'reduce': {
        if (expr.axis.ragged !== undefined && this.buffers.has(expr.axis.ragged.sizes)) return true
        // a sum over all rows is the same for each
        if (this.axes.has(expr.axis.id)) return [...freeAxes(expr)].some((id) => this.axes.has(id)) || this.reads(expr)
        return childrenOf(expr).some((part) => this.varies(part))
      }
      default:
        return childrenOf(expr).some((part) => this.varies(part))
    }
  }

  private reads(expr: KExpr): boolean {
    if (expr.k === 'covariance' || (expr.k === 'load' && this.buffers.has(expr.buffer))) return true
    return childrenOf(expr).some((part) => this.reads(part))
  }

  private hasCovariance(expr: KExpr): boolean {
    return expr.k === 'covariance' || childrenOf(expr).some((part) => this.hasCovariance(part))
  }
}

function scanAxes(op: KernelOp): readonly string[] {
  if (op.op === 'scan') return [op.axis.id, ...op.step.flatMap(scanAxes)]
  return op.op === 'repeat' ? op.step.flatMap(scanAxes) : []
}

/** Operations, those inside scans and repeats included, with what they compute replaced; positions stay. */
export function mapValues(op: KernelOp, change: (value: KExpr, scope: readonly Axis[]) => KExpr): KernelOp {
  return mapOpValues(op, [], change)
}

function mapOpValues(
  op: KernelOp,
  outer: readonly Axis[],
  change: (value: KExpr, scope: readonly Axis[]) => KExpr,
): KernelOp {
  const scope = [...outer, ...axesOf(op)]
  switch (op.op) {
    case 'map':
    case 'scatterAdd':
    case 'reduce':
      return { ...op, value: change(op.value, scope) }
    case 'contract':
      return { ...op, factors: op.factors.map((factor) => change(factor, scope)) }
    case 'scan':
    case 'repeat':
      return { ...op, step: op.step.map((step) => mapOpValues(step, scope, change)) }
    default:
      return op
  }
}
