/** Infix operators; comparisons and logic are here, arithmetic has a file of its own. */
import type * as ast from '../ast/types.js'
import type { Span } from '../source.js'
import type { ComparisonOperator, Subscript, TExpr } from '../typed/types.js'
import { arithmetic } from './arithmetic.js'
import { type CheckContext, textAt } from './context.js'
import { describeValue, scalar } from './value-types.js'

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
