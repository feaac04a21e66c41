import type { Axis, KExpr, KernelOp, KFunction, SizeKey } from './types.js'

/**
 * Constructors of kernel expressions. They fold what costs nothing to see (numbers, units, nested sums and products)
 * and never reorder; they are meant to be imported together: `import * as k from '…/kernel/build.js'`.
 */

const ZERO: KExpr = { k: 'num', value: 0 }
const ONE: KExpr = { k: 'num', value: 1 }

export function num(value: number): KExpr {
  return { k: 'num', value }
}

/** 0-based value of a loop variable. */
export function axis(of: Axis | string): KExpr {
  return { k: 'axis', axis: typeof of === 'string' ? of : of.id }
}

export function size(key: SizeKey): KExpr {
  return { k: 'size', size: key }
}

export function load(buffer: string, ...at: readonly KExpr[]): KExpr {
  return { k: 'load', buffer, at }
}

/** Sum; nested sums are flattened, adjacent numbers folded into one at the end, zeros dropped. */
export function add(...args: readonly KExpr[]): KExpr {
  const terms: KExpr[] = []
  let constant = 0
  for (const arg of args) {
    for (const term of arg.k === 'add' ? arg.args : [arg]) {
      if (term.k === 'num') constant += term.value
      else terms.push(term)
    }
  }
  if (constant !== 0) terms.push(num(constant))
  const [first, second] = terms
  if (first === undefined) return num(constant)
  return second === undefined ? first : { k: 'add', args: terms }
}

/** Product; nested products are flattened, numbers folded into one in front, ones dropped; a number 0 makes it 0. */
export function mul(...args: readonly KExpr[]): KExpr {
  const factors: KExpr[] = []
  let constant = 1
  for (const arg of args) {
    for (const factor of arg.k === 'mul' ? arg.args : [arg]) {
      if (factor.k === 'num') constant *= factor.value
      else factors.push(factor)
    }
  }
  if (constant === 0) return ZERO
  const [first, second] = factors
  if (first === undefined) return num(constant)
  if (constant === 1) return second === undefined ? first : { k: 'mul', args: factors }
  if (constant === -1 && second === undefined) return neg(first)
  return { k: 'mul', args: [num(constant), ...factors] }
}

/** Product in which an exact 0 wins over anything, infinities and NaN included. Only units and numbers 0 fold. */
export function mul0(...args: readonly KExpr[]): KExpr {
  const factors = args.flatMap((arg) => (arg.k === 'mul0' ? arg.args : [arg])).filter((arg) => !isNumber(arg, 1))
  if (factors.some((factor) => isNumber(factor, 0))) return ZERO
  const [first, second] = factors
  if (first === undefined) return ONE
  return second === undefined ? first : { k: 'mul0', args: factors }
}

export function sub(left: KExpr, right: KExpr): KExpr {
  if (left.k === 'num' && right.k === 'num') return num(left.value - right.value)
  if (isNumber(right, 0)) return left
  return isNumber(left, 0) ? neg(right) : { k: 'sub', left, right }
}

export function div(left: KExpr, right: KExpr): KExpr {
  if (left.k === 'num' && right.k === 'num') return num(left.value / right.value)
  return isNumber(right, 1) ? left : { k: 'div', left, right }
}

export function neg(of: KExpr): KExpr {
  if (of.k === 'num') return num(of.value === 0 ? 0 : -of.value)
  return of.k === 'neg' ? of.of : { k: 'neg', of }
}

/** base^exponent for a number as exponent; 0 gives 1 whatever the base. */
export function pow(base: KExpr, exponent: number): KExpr {
  if (exponent === 0) return ONE
  if (exponent === 1) return base
  return base.k === 'num' ? num(base.value ** exponent) : { k: 'pow', base, exponent }
}

export function call(fn: KFunction, ...args: readonly KExpr[]): KExpr {
  return { k: 'call', fn, args }
}

export function sum(over: Axis, body: KExpr): KExpr {
  return isNumber(body, 0) ? ZERO : { k: 'reduce', kind: 'sum', axis: over, body }
}

export function maximum(over: Axis, body: KExpr): KExpr {
  return { k: 'reduce', kind: 'max', axis: over, body }
}

export function logSumExp(over: Axis, body: KExpr): KExpr {
  return { k: 'reduce', kind: 'logSumExp', axis: over, body }
}

/** `then` where `when` is not 0, else `otherwise`; the branch not taken is not evaluated. */
export function select(when: KExpr, then: KExpr, otherwise: KExpr): KExpr {
  if (when.k === 'num') return when.value !== 0 ? then : otherwise
  return { k: 'select', when, then, otherwise }
}

/** `then` in the few cases where `when` is not 0, else `otherwise`. */
export function seldom(when: KExpr, then: KExpr, otherwise: KExpr): KExpr {
  const made = select(when, then, otherwise)
  return made.k === 'select' ? { ...made, seldom: true } : made
}

type Operator = (KExpr & { readonly k: 'compare' })['operator']

export function compare(operator: Operator, left: KExpr, right: KExpr): KExpr {
  if (left.k === 'num' && right.k === 'num') return compareNumbers(operator, left.value, right.value) ? ONE : ZERO
  return { k: 'compare', operator, left, right }
}

/** Conjunction of any number of conditions; of none it is 1. */
export function and(...conditions: readonly KExpr[]): KExpr {
  return conditions.reduceRight((right, left) => {
    if (left.k === 'num') return left.value === 0 ? ZERO : right
    return isNumber(right, 1) ? left : { k: 'and', left, right }
  }, ONE)
}

/** Disjunction of any number of conditions; of none it is 0. */
export function or(...conditions: readonly KExpr[]): KExpr {
  return conditions.reduceRight((right, left) => {
    if (left.k === 'num') return left.value !== 0 ? ONE : right
    return isNumber(right, 0) ? left : { k: 'or', left, right }
  }, ZERO)
}

export function not(of: KExpr): KExpr {
  return of.k === 'num' ? num(of.value === 0 ? 1 : 0) : { k: 'not', of }
}

/** Element of the sparse inverse `of`; 0 where a position is the number −1. */
export function covariance(of: string, row: KExpr, column: KExpr): KExpr {
  return isNumber(row, -1) || isNumber(column, -1) ? ZERO : { k: 'covariance', of, row, column }
}

export function isNumber(expr: KExpr, value: number): boolean {
  return expr.k === 'num' && expr.value === value
}

/** `axes[i]` loops, `out[axes] = value`: the commonest map. */
export function mapOver(out: string, axes: readonly Axis[], value: KExpr): KernelOp {
  return { op: 'map', out, axes, at: axes.map((one) => axis(one)), value }
}

function compareNumbers(operator: Operator, left: number, right: number): boolean {
  switch (operator) {
    case '==':
      return left === right
    case '!=':
      return left !== right
    case '<':
      return left < right
    case '<=':
      return left <= right
    case '>':
      return left > right
    case '>=':
      return left >= right
  }
}
