/**
 * Signs and bounds of expressions, by interval arithmetic on their declared supports. Ends are closed unless
 * `aboveZero` says that 0 itself is left out.
 */
import type { BinaryOperator, Support, TExpr } from '../typed/types.js'
import type { CheckContext } from './context.js'
import type { Range } from './facts.js'

type Lookup = Pick<CheckContext, 'consts' | 'ranges'>

const everything: Range = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY, aboveZero: false }

function range(low: number, high: number, aboveZero = false): Range {
  if (Number.isNaN(low) || Number.isNaN(high)) return everything
  return { low, high, aboveZero: aboveZero || low > 0 }
}

/** Bounds of the elements of an expression. */
export function rangeOf(ctx: Lookup, e: TExpr): Range {
  const known = ctx.ranges.get(e)
  if (known !== undefined) return known
  const found = findRange(ctx, e)
  ctx.ranges.set(e, found)
  return found
}

function findRange(ctx: Lookup, e: TExpr): Range {
  if (e.kind === 'number') return range(e.value, e.value)
  if (e.kind === 'constant') return range(Math.E, Math.PI)
  if (e.kind === 'negate') return negative(rangeOf(ctx, e.of))
  if (e.kind === 'ref' && e.subscripts.length === 0) {
    const number = ctx.consts.get(e.symbol)?.number ?? null
    if (number !== null) return range(number, number)
  }
  const declared = e.type.support === null ? everything : rangeOfSupport(ctx, e.type.support)
  if (e.kind !== 'binary') return declared
  const exponent = e.right.kind === 'number' ? e.right.value : null
  return intersect(declared, combine(e.operator, rangeOf(ctx, e.left), rangeOf(ctx, e.right), exponent))
}

/** Bounds of the elements of a value with this support. */
export function rangeOfSupport(ctx: Lookup, support: Support): Range {
  switch (support.kind) {
    case 'positive':
      return range(0, Number.POSITIVE_INFINITY, true)
    case 'nonnegative':
    case 'count':
      return range(0, Number.POSITIVE_INFINITY)
    case 'unit':
    case 'bool':
    case 'simplex':
      return range(0, 1)
    case 'correlation':
      return range(-1, 1)
    case 'category':
      return range(1, Number.POSITIVE_INFINITY)
    case 'interval':
      return range(
        numericValue(ctx, support.low) ?? Number.NEGATIVE_INFINITY,
        numericValue(ctx, support.high) ?? Number.POSITIVE_INFINITY,
      )
    default:
      return everything
  }
}

/** The tightest support name that these bounds allow for a real number, or null. */
export function supportOfRange(bounds: Range): Support | null {
  if (bounds.low >= 0 && bounds.high <= 1) return { kind: 'unit' }
  if (bounds.aboveZero) return { kind: 'positive' }
  if (bounds.low >= 0) return { kind: 'nonnegative' }
  return null
}

/** Bounds of `left operator right`; `exponent` is the right side of a power where it is a number. */
export function combine(operator: string, a: Range, b: Range, exponent: number | null): Range {
  switch (operator) {
    case '+':
      return range(a.low + b.low, a.high + b.high, (a.aboveZero && b.low >= 0) || (b.aboveZero && a.low >= 0))
    case '-':
      return combine('+', a, negative(b), null)
    case '*':
    case '.*': {
      const ends = [a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high].map((x) =>
        Number.isNaN(x) ? 0 : x,
      )
      return range(Math.min(...ends), Math.max(...ends), a.aboveZero && b.aboveZero)
    }
    case '/':
    case './':
      if (b.aboveZero || b.low >= 0) {
        const inverse = range(1 / b.high, b.low > 0 ? 1 / b.low : Number.POSITIVE_INFINITY, true)
        return combine('*', a, inverse, null)
      }
      return everything
    case '^':
      if (exponent !== null && Number.isInteger(exponent) && exponent % 2 === 0 && a.low < 0)
        return range(0, Math.max(a.low ** exponent, a.high ** exponent))
      if (a.low >= 0) {
        if (exponent !== null && exponent >= 0) return range(a.low ** exponent, a.high ** exponent, a.aboveZero)
        if (a.high <= 1 && b.low >= 0) return range(0, 1, a.aboveZero)
        return range(0, Number.POSITIVE_INFINITY, a.aboveZero)
      }
      return everything
    default:
      return everything
  }
}

export function negative(a: Range): Range {
  return range(-a.high, -a.low)
}

function intersect(a: Range, b: Range): Range {
  return range(Math.max(a.low, b.low), Math.min(a.high, b.high), a.aboveZero || b.aboveZero)
}

/** The value of an expression of numbers and consts at their written values, or null. */
export function numericValue(ctx: Pick<CheckContext, 'consts'>, e: TExpr): number | null {
  switch (e.kind) {
    case 'number':
      return e.value
    case 'constant':
      return e.name === 'pi' ? Math.PI : Math.E
    case 'negate': {
      const value = numericValue(ctx, e.of)
      return value === null ? null : -value
    }
    case 'ref':
      return e.subscripts.length === 0 ? (ctx.consts.get(e.symbol)?.number ?? null) : null
    case 'binary':
      return numericOperation(e.operator, numericValue(ctx, e.left), numericValue(ctx, e.right))
    default:
      return null
  }
}

function numericOperation(operator: BinaryOperator, left: number | null, right: number | null): number | null {
  if (left === null || right === null) return null
  switch (operator) {
    case '+':
      return left + right
    case '-':
      return left - right
    case '*':
    case '.*':
      return left * right
    case '/':
    case './':
      return left / right
    case '^':
      return left ** right
  }
}
