import type { Axis, KExpr, KFunction, SizeKey } from '../types.js'
import { childrenOf } from '../visit.js'
import type { RowFacts } from './row-facts.js'

/** Functions that are a few instructions. */
const CHEAP: ReadonlySet<KFunction> = new Set(['abs', 'min', 'max', 'floor', 'ceil', 'round', 'isNaN', 'sqrt'])

/** Number of elements that axes run over; a ragged one counts with its largest extent. */
export function extentOf(axes: readonly Axis[], sizes: ReadonlyMap<SizeKey, number>): number {
  return axes.reduce((product, axis) => product * (sizes.get(axis.size) ?? 1), 1)
}

const costs = new WeakMap<ReadonlyMap<SizeKey, number>, WeakMap<KExpr, number>>()

/** Arithmetic of one evaluation, in additions: a call counts as 10, a division as 4; loads are free. */
export function costOf(expr: KExpr, sizes: ReadonlyMap<SizeKey, number>): number {
  if (expr.k === 'load' || expr.k === 'num' || expr.k === 'axis' || expr.k === 'size') return 0
  const known = costs.get(sizes) ?? new WeakMap<KExpr, number>()
  costs.set(sizes, known)
  const cost = known.get(expr) ?? made(expr, sizes)
  known.set(expr, cost)
  return cost
}

function made(expr: KExpr, sizes: ReadonlyMap<SizeKey, number>): number {
  const parts = childrenOf(expr).reduce((sum, part) => sum + costOf(part, sizes), 0)
  switch (expr.k) {
    case 'num':
    case 'axis':
    case 'size':
    case 'load':
    case 'neg':
      return parts
    case 'add':
    case 'mul':
    case 'mul0':
      return parts + Math.max(0, expr.args.length - 1)
    case 'sub':
    case 'compare':
    case 'and':
    case 'or':
    case 'not':
    case 'select':
      return parts + 1
    case 'div':
      return parts + 4
    case 'pow':
      if (expr.exponent === 2) return parts + 1
      return parts + (Number.isInteger(expr.exponent) ? 3 + Math.abs(expr.exponent) : 10)
    case 'call':
      return parts + (CHEAP.has(expr.fn) ? 1 : 10)
    case 'covariance':
      return parts + 10
    case 'reduce':
      return (parts + (expr.kind === 'logSumExp' ? 11 : 1)) * Math.max(1, extentOf([expr.axis], sizes))
  }
}

/** The same where what no row changes is a table. */
export function costInRows(expr: KExpr, facts: RowFacts, sizes: ReadonlyMap<SizeKey, number>): number {
  if (!facts.varies(expr) || expr.k === 'load') return 0
  const inner = childrenOf(expr).reduce((sum, part) => sum + costInRows(part, facts, sizes), 0)
  if (expr.k === 'reduce') return (inner + 1) * Math.max(1, extentOf([expr.axis], sizes))
  const own = costOf(expr, sizes) - childrenOf(expr).reduce((sum, part) => sum + costOf(part, sizes), 0)
  return own + inner
}
