/** Arithmetic, comparisons and logic: the types of their results, and what does not fit. */
import type * as ast from '../ast/types.js'
import type { Span } from '../source.js'
import type {
  BinaryOperator,
  ComparisonOperator,
  Dim,
  ElementKind,
  Subscript,
  Support,
  TExpr,
  ValueType,
} from '../typed/types.js'
import { type CheckContext, textAt } from './context.js'
import { combine, negative, rangeOf, supportOfRange } from './ranges.js'
import { compareSizes } from './size-form.js'
import { compareDims, describeDims, describeValue, dim, scalar } from './value-types.js'

type Operator = Extract<ast.Expression, { kind: 'binary' }>['operator']

/** `left operator right`, both sides checked already. */
export function checkBinary(
  ctx: CheckContext,
  operator: Operator,
  left: TExpr,
  right: TExpr,
  span: Span,
  sides: readonly [Span, Span],
): TExpr | null {
  switch (operator) {
    case 'and':
    case 'or': {
      const good = [requireBool(ctx, left, sides[0]), requireBool(ctx, right, sides[1])]
      if (good.includes(false)) return null
      return { kind: operator, left, right, span: ctx.spanOf(span), type: scalar('bool', { kind: 'bool' }) }
    }
    case '==':
    case '!=':
    case '<':
    case '<=':
    case '>':
    case '>=':
      return compare(ctx, operator, left, right, span, sides)
    default:
      return arithmetic(ctx, operator, left, right, span, sides)
  }
}

/** Reports where an expression is not a single truth value. */
export function requireBool(ctx: CheckContext, e: TExpr, span: Span): boolean {
  if (e.type.element === 'bool' && e.type.dims.length === 0) return true
  const number = e.type.dims.length === 0 && (e.type.element === 'int' || e.type.element === 'real')
  ctx.report({
    code: 'E230',
    span,
    message: `a condition is true or false, but this is ${describeValue(e.type)}`,
    ...(number ? { help: `compare it with something: ${textAt(ctx, span)} == 1` } : {}),
  })
  return false
}

function compare(
  ctx: CheckContext,
  operator: ComparisonOperator,
  left: TExpr,
  right: TExpr,
  span: Span,
  sides: readonly [Span, Span],
): TExpr | null {
  const type = scalar('bool', { kind: 'bool' })
  for (const [i, side] of [left, right].entries()) {
    if (side.type.dims.length > 0) {
      ctx.report({
        code: 'E203',
        span: sides[i] ?? span,
        message: `\`${operator}\` compares two numbers, but this is ${describeValue(side.type)}`,
        help: 'compare one element, or reduce it with min, max, sum or mean',
      })
      return null
    }
  }
  const sets = [left, right].map((side) => (side.type.support?.kind === 'category' ? side.type.support.levels : null))
  if (sets[0] !== null && sets[1] !== null && sets[0] !== sets[1]) {
    ctx.report({ code: 'E213', span, message: 'the two sides are levels of different categories' })
    return null
  }
  const oneIsLabel = left.type.element === 'label' || right.type.element === 'label'
  const ordered = operator !== '==' && operator !== '!='
  const bad = [left, right].find((side) => side.type.element === 'real' || side.type.element === 'bool')
  if (oneIsLabel && (ordered || bad !== undefined)) {
    ctx.report({
      code: 'E232',
      span,
      message: ordered
        ? `levels of a category have no order, so \`${operator}\` does not apply`
        : 'a level of a category is compared with a label in quotes, or with another level',
      help: 'write == "label"',
    })
    return null
  }
  return { kind: 'compare', operator, left, right, span: ctx.spanOf(span), type }
}

/** The text literal of `y[n] == "U"` as a level of y's set. */
export function labelFor(ctx: CheckContext, value: string, span: Span, other: TExpr): TExpr | null {
  const { support } = other.type
  if (support?.kind !== 'category') {
    ctx.report({
      code: 'E231',
      span,
      message: `the text "${value}" is compared with ${describeValue(other.type)}, but only a category has labels`,
    })
    return null
  }
  return {
    kind: 'label',
    value,
    levels: support.levels,
    column: columnOf(ctx, other),
    span: ctx.spanOf(span),
    type: { element: 'label', dims: [], support },
  }
}

/** The column that picks the level set of a category expression, where each column has its own. */
export function columnOf(ctx: CheckContext, e: TExpr): TExpr | null {
  if (e.kind !== 'ref' || e.type.support?.kind !== 'category') return null
  const symbol = ctx.symbols.get(e.symbol)
  if (symbol?.kind === 'index' && symbol.domain.kind === 'levels') return symbol.domain.column
  const second: Subscript | undefined = e.subscripts[1]
  return ctx.sizeOver.has(e.type.support.levels) && second?.kind === 'at' ? second.index : null
}

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

function arithmetic(
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
