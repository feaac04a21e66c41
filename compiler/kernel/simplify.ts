import * as k from './build.js'
import type { Axis, KExpr } from './types.js'
import { mapAxis, mapChildren } from './visit.js'

/** Values that axes are given. */
export type AxisValues = ReadonlyMap<string, KExpr>

/**
 * An expression with axes replaced and with conditions decided that hold, or fail, whatever the other axes are: they
 * count from 0 upwards. Axes that the expression binds itself keep their names.
 */
export function simplify(expr: KExpr, values: AxisValues = new Map()): KExpr {
  if (expr.k === 'axis') return values.get(expr.axis) ?? expr
  if (expr.k === 'reduce') {
    const axis = simplifyAxis(expr.axis, values)
    const inner = new Map([...values].filter(([id]) => id !== expr.axis.id))
    const body = simplify(expr.body, inner)
    return expr.kind === 'sum' ? k.sum(axis, body) : { ...expr, axis, body }
  }
  if (expr.k === 'select') {
    const when = simplify(expr.when, values)
    if (when.k === 'num') return simplify(when.value !== 0 ? expr.then : expr.otherwise, values)
    const make = expr.seldom === true ? k.seldom : k.select
    return make(when, simplify(expr.then, values), simplify(expr.otherwise, values))
  }
  const own = mapChildren(expr, (part) => simplify(part, values))
  switch (own.k) {
    case 'add':
      return k.add(...own.args)
    case 'mul':
      return k.mul(...own.args)
    case 'mul0':
      return k.mul0(...own.args)
    case 'sub':
      return k.sub(own.left, own.right)
    case 'div':
      return k.div(own.left, own.right)
    case 'neg':
      return k.neg(own.of)
    case 'and':
      return k.and(own.left, own.right)
    case 'or':
      return k.or(own.left, own.right)
    case 'not':
      return k.not(own.of)
    case 'compare':
      return decided(own) ?? k.compare(own.operator, own.left, own.right)
    default:
      return own
  }
}

export function simplifyAxis(axis: Axis, values: AxisValues): Axis {
  return mapAxis(axis, (part) => simplify(part, values))
}

/** A comparison of what is at least some number with a smaller number; of a condition with 1. */
function decided(e: KExpr & { readonly k: 'compare' }): KExpr | null {
  if (e.right.k !== 'num') return null
  const { value } = e.right
  if (e.operator === '==' && value === 1 && isCondition(e.left)) return e.left
  const least = leastOf(e.left)
  if (least === null) return null
  switch (e.operator) {
    case '>=':
      return least >= value ? k.num(1) : null
    case '>':
    case '!=':
      return least > value ? k.num(1) : null
    case '<':
      return least >= value ? k.num(0) : null
    case '<=':
    case '==':
      return least > value ? k.num(0) : null
  }
}

const isCondition = (e: KExpr): boolean => e.k === 'compare' || e.k === 'and' || e.k === 'or' || e.k === 'not'

/** What an integer expression is never below. */
function leastOf(e: KExpr): number | null {
  if (e.k === 'num') return e.value
  if (e.k === 'axis' || e.k === 'size') return 0
  if (e.k !== 'add') return null
  let least = 0
  for (const arg of e.args) {
    const own = leastOf(arg)
    if (own === null) return null
    least += own
  }
  return least
}
