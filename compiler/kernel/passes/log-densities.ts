import type { KExpr, KernelOp } from '../types.js'
import { childrenOf } from '../visit.js'
import type { RowProgram } from './types.js'

/**
 * Which values may be −∞ although a factor beside them is 0: logarithms, and what is added up of them. What is taken of
 * them by exp is finite.
 */
export class LogDensities {
  private readonly writers = new Map<string, KExpr[]>()
  private readonly known = new Map<string, boolean>()

  constructor(program: RowProgram) {
    const visit = (op: KernelOp): void => {
      if (op.op === 'scan' || op.op === 'repeat') op.step.forEach(visit)
      else if (op.op === 'map' || op.op === 'scatterAdd') this.note(op.out, [op.value])
      else if (op.op === 'contract') this.note(op.out, op.factors)
      else if (op.op === 'reduce') this.note(op.out, [op.value])
      else if (op.op === 'gather') this.note(op.out, [{ k: 'load', buffer: op.from, at: [] }])
    }
    for (const op of [...program.prelude, ...program.rows]) visit(op)
  }

  has(expr: KExpr): boolean {
    switch (expr.k) {
      case 'call':
        if (expr.fn === 'exp' || expr.fn === 'logistic') return false
        return expr.fn.startsWith('log') || expr.args.some((part) => this.has(part))
      case 'load':
        return this.isWritten(expr.buffer)
      case 'compare':
      case 'and':
      case 'or':
      case 'not':
        return false
      case 'reduce':
        return expr.kind === 'logSumExp' || this.has(expr.body)
      case 'select':
        return this.has(expr.then) || this.has(expr.otherwise)
      default:
        return childrenOf(expr).some((part) => this.has(part))
    }
  }

  private isWritten(buffer: string): boolean {
    const known = this.known.get(buffer)
    if (known !== undefined) return known
    // what is written from itself has no other source
    this.known.set(buffer, false)
    const is = (this.writers.get(buffer) ?? []).some((e) => this.has(e))
    this.known.set(buffer, is)
    return is
  }

  private note(buffer: string, values: readonly KExpr[]): void {
    const known = this.writers.get(buffer)
    if (known === undefined) this.writers.set(buffer, [...values])
    else known.push(...values)
  }
}
