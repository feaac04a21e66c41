/** Arithmetic: shapes, elements and supports of results. */
import type { Span } from '../source.js'
import type { BinaryOperator, Dim, ElementKind, Support, TExpr, ValueType } from '../typed/types.js'
import { type CheckContext, textAt } from './context.js'
import { combine, negative, rangeOf, supportOfRange } from './ranges.js'
import { compareSizes } from './size-form.js'
import { compareDims, describeDims, describeValue, dim, scalar } from './value-types.js'

/** Reports where an expression takes part in arithmetic but is a level of a category. */
export function requireNumeric(ctx: CheckContext, e: TExpr, span: Span): boolean {
  if (e.type.element !== 'label') return true
  ctx.report({
    code: 'E232',
    span,
    message: 'a category has levels, not numbers: there is no arithmetic with it',
    help: 'declare it int or count if its values are numbers; use it as an index, or compare it with a label',
  })
  return false
}

export function arithmetic(
  ctx: CheckContext,
  operator: BinaryOperator,
  left: TExpr,
  right: TExpr,
  span: Span,
  sides: readonly [Span, Span],
): TExpr | null {
  const numeric = [requireNumeric(ctx, left, sides[0]), requireNumeric(ctx, right, sides[1])]
  if (numeric.includes(false)) return null
  const shape = resultShape(ctx, operator, left, right, span)
  if (shape === null) return null
  const type: ValueType = {
    element: resultElement(operator, left, right),
    dims: shape.dims,
    support: resultSupport(ctx, shape.operator, left, right, shape.dims),
  }
  return { kind: 'binary', operator: shape.operator, left, right, span: ctx.spanOf(span), type }
}

interface Shape {
  readonly dims: readonly Dim[]
  readonly operator: BinaryOperator
}

function resultShape(ctx: CheckContext, operator: BinaryOperator, left: TExpr, right: TExpr, span: Span): Shape | null {
  const a = left.type.dims
  const b = right.type.dims
  const shape = (dims: readonly Dim[]): Shape => ({ dims, operator })
  if (b.length === 0 && a.length === 0) return shape(a)
  const mismatch = (help?: string): null => {
    ctx.report({
      code: 'E203',
      span,
      message: `\`${operator}\` of ${describeValue(left.type)} and ${describeValue(right.type)}: the shapes do not agree`,
      ...(help === undefined ? {} : { help }),
    })
    return null
  }
  const elementwise = (): Shape | null =>
    compareDims(ctx, a, b) === 'different' ? mismatch() : shape(a.length >= b.length ? a : b)
  switch (operator) {
    case '+':
    case '-':
    case '.*':
    case './':
      return a.length === 0 ? shape(b) : b.length === 0 ? shape(a) : elementwise()
    case '*':
      if (a.length === 0) return shape(b)
      if (b.length === 0) return shape(a)
      return product(ctx, left, right, span)
    case '/':
      if (b.length === 0) return shape(a)
      if (a.length === 0 && b.length === 1) return { dims: b, operator: './' }
      return mismatch(
        a.length === b.length ? 'element by element it is `./`' : 'only a number may stand under a vector or matrix',
      )
    case '^':
      if (b.length === 0 && a.length <= 1) return shape(a)
      if (a.length === 0 && b.length === 1) return shape(b)
      if (a.length === 1 && b.length === 1) return elementwise()
      return mismatch('a power applies to numbers and, element by element, to vectors')
  }
}

/** The mathematical product of arrays. */
function product(ctx: CheckContext, left: TExpr, right: TExpr, span: Span): Shape | null {
  const [a0, a1] = left.type.dims
  const [b0, b1] = right.type.dims
  const [x, y] = [textAt(ctx, left.span), textAt(ctx, right.span)]
  if (a1 === undefined && b1 === undefined) {
    ctx.report({
      code: 'E209',
      span,
      message: 'the product of two vectors is not defined',
      help: `write dot(${x}, ${y}) for the number, or ${x} .* ${y} for the product element by element`,
    })
    return null
  }
  if (
    a0 === undefined ||
    a1 === undefined ||
    b0 === undefined ||
    left.type.dims.length > 2 ||
    right.type.dims.length > 2
  ) {
    const help = a1 === undefined ? `write transpose(${y}) * ${x}` : undefined
    ctx.report({
      code: 'E210',
      span,
      message: `the product of ${describeValue(left.type)} and ${describeValue(right.type)} is not defined`,
      ...(help === undefined ? {} : { help }),
    })
    return null
  }
  if (compareSizes(ctx, a1.size, b0.size) === 'different') {
    ctx.report({
      code: 'E210',
      span,
      message: `the inner sizes of the product do not agree: ${describeDims(left.type.dims)} by ${describeDims(right.type.dims)}`,
    })
    return null
  }
  const dims = b1 === undefined ? [dim(a0.size)] : [dim(a0.size), dim(b1.size)]
  return { dims, operator: '*' }
}

function resultElement(operator: BinaryOperator, left: TExpr, right: TExpr): ElementKind {
  const whole = (e: TExpr): boolean => e.type.element === 'int' || e.type.element === 'bool'
  if (!whole(left) || !whole(right) || operator === '/' || operator === './') return 'real'
  if (operator === '^') return right.kind === 'number' && right.value >= 0 ? 'int' : 'real'
  return 'int'
}

function resultSupport(
  ctx: CheckContext,
  operator: BinaryOperator,
  left: TExpr,
  right: TExpr,
  dims: readonly Dim[],
): Support | null {
  const covariance = covarianceResult(ctx, operator, left, right, dims)
  if (covariance !== null) return covariance
  if (operator === '*' && left.type.dims.length > 0 && right.type.dims.length > 0) {
    const nonnegative = rangeOf(ctx, left).low >= 0 && rangeOf(ctx, right).low >= 0
    return nonnegative ? { kind: 'nonnegative' } : null
  }
  const exponent = right.kind === 'number' ? right.value : null
  const difference = operator === '-' && complement(left, right)
  const bounds = difference
    ? { low: 0, high: 1, aboveZero: false }
    : combine(operator, rangeOf(ctx, left), rangeOf(ctx, right), exponent)
  const element = resultElement(operator, left, right)
  if (element === 'int') return bounds.low >= 0 ? { kind: 'count' } : { kind: 'int' }
  return supportOfRange(bounds)
}

/** 1 − u with u in the unit interval. */
function complement(left: TExpr, right: TExpr): boolean {
  const unit = right.type.support?.kind === 'unit' || right.type.support?.kind === 'bool'
  return left.kind === 'number' && left.value === 1 && unit
}

function covarianceResult(
  ctx: CheckContext,
  operator: BinaryOperator,
  left: TExpr,
  right: TExpr,
  dims: readonly Dim[],
): Support | null {
  if (dims.length !== 2) return null
  const isCovariance = (e: TExpr): boolean =>
    e.type.support?.kind === 'covariance' || e.type.support?.kind === 'correlation'
  const isPositive = (e: TExpr): boolean => e.type.dims.length === 0 && rangeOf(ctx, e).low >= 0
  if (operator === '+' && isCovariance(left) && isCovariance(right)) return { kind: 'covariance' }
  if (operator === '*' && isPositive(left) && isCovariance(right)) return { kind: 'covariance' }
  if ((operator === '*' || operator === '/') && isCovariance(left) && isPositive(right)) return { kind: 'covariance' }
  return null
}

/** `-e`. */
export function checkNegate(ctx: CheckContext, of: TExpr, span: Span): TExpr | null {
  if (!requireNumeric(ctx, of, of.span)) return null
  if (of.kind === 'number')
    return {
      ...of,
      value: -of.value,
      span: ctx.spanOf(span),
      type: scalar(of.type.element, signOf(-of.value, of.type.element)),
    }
  const bounds = negative(rangeOf(ctx, of))
  const element = of.type.element === 'bool' ? 'int' : of.type.element
  const support = element === 'int' ? { kind: 'int' as const } : supportOfRange(bounds)
  return { kind: 'negate', of, span: ctx.spanOf(span), type: { element, dims: of.type.dims, support } }
}

/** The support of a number written in the file. */
export function signOf(value: number, element: ElementKind): Support | null {
  if (element === 'int') return value >= 0 ? { kind: 'count' } : { kind: 'int' }
  return supportOfRange({ low: value, high: value, aboveZero: value > 0 })
}
