import type { Axis, Buffer, KExpr, SizeKey } from '../types.js'
import { childrenOf } from '../visit.js'

interface Range {
  readonly from: number
  readonly to: number
}

/**
 * true where every load stays inside its buffer whatever the axes are, each between 0 and its largest extent: such an
 * expression may be evaluated where a guard would have kept it from being.
 */
export function isInRange(
  expr: KExpr,
  scope: readonly Axis[],
  buffers: ReadonlyMap<string, Buffer>,
  sizes: ReadonlyMap<SizeKey, number>,
): boolean {
  if (expr.k === 'covariance') return false
  if (expr.k === 'reduce') {
    const { ragged } = expr.axis
    if (ragged !== undefined) {
      const extents: KExpr = { k: 'load', buffer: ragged.sizes, at: [ragged.at] }
      if (!isInRange(extents, scope, buffers, sizes)) return false
    }
    return isInRange(expr.body, [...scope, expr.axis], buffers, sizes)
  }
  if (expr.k === 'load') {
    const shape = buffers.get(expr.buffer)?.shape
    if (shape === undefined) return false
    const inside = expr.at.every((index, i) => {
      const range = rangeOf(index, scope, sizes)
      return range !== null && range.from >= 0 && range.to < (sizes.get(shape[i] ?? '') ?? 0)
    })
    if (!inside) return false
  }
  return childrenOf(expr).every((part) => isInRange(part, scope, buffers, sizes))
}

/** Interval arithmetic over axes, numbers and sizes; null: not known. */
function rangeOf(expr: KExpr, scope: readonly Axis[], sizes: ReadonlyMap<SizeKey, number>): Range | null {
  const of = (part: KExpr): Range | null => rangeOf(part, scope, sizes)
  switch (expr.k) {
    case 'num':
      return { from: expr.value, to: expr.value }
    case 'size': {
      const size = sizes.get(expr.size)
      return size === undefined ? null : { from: size, to: size }
    }
    case 'axis': {
      const size = sizes.get(scope.find((axis) => axis.id === expr.axis)?.size ?? '')
      return size === undefined ? null : { from: 0, to: size - 1 }
    }
    case 'add':
      return expr.args.reduce<Range | null>(
        (sum, arg) => {
          const range = of(arg)
          return sum === null || range === null ? null : { from: sum.from + range.from, to: sum.to + range.to }
        },
        { from: 0, to: 0 },
      )
    case 'sub':
      return of({ k: 'add', args: [expr.left, { k: 'neg', of: expr.right }] })
    case 'neg': {
      const range = of(expr.of)
      return range === null ? null : { from: -range.to, to: -range.from }
    }
    case 'compare':
    case 'and':
    case 'or':
    case 'not':
      return { from: 0, to: 1 }
    case 'select': {
      const [then, otherwise] = [of(expr.then), of(expr.otherwise)]
      if (then === null || otherwise === null) return null
      return { from: Math.min(then.from, otherwise.from), to: Math.max(then.to, otherwise.to) }
    }
    default:
      return null
  }
}
