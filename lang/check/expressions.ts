/** Expressions: from syntax to typed, one case for each kind. null is an error that is told already. */
import type * as ast from '../ast/types.js'
import type { Dim, TExpr } from '../typed/types.js'
import { checkNegate, requireNumeric, signOf } from './arithmetic.js'
import { checkCall } from './calls.js'
import type { CheckContext } from './context.js'
import { lengthOf, openLoop } from './loops.js'
import { checkBinary, labelFor, requireBool } from './operators.js'
import { rangeOf, supportOfRange } from './ranges.js'
import { checkReference, subscriptValue } from './references.js'
import type { Scope } from './scope.js'
import { compareDims, describeValue, dim, scalar, wholeNumber } from './value-types.js'

/** Types an expression. */
export function checkExpression(ctx: CheckContext, e: ast.Expression, scope: Scope): TExpr | null {
  const span = ctx.spanOf(e.span)
  switch (e.kind) {
    case 'missing':
      return null
    case 'number': {
      const element = Number.isInteger(e.value) && /^\d+$/.test(e.text) ? 'int' : 'real'
      return { kind: 'number', value: e.value, span, type: scalar(element, signOf(e.value, element)) }
    }
    case 'bool':
      return { kind: 'bool', value: e.value, span, type: scalar('bool', { kind: 'bool' }) }
    case 'string':
      ctx.report({
        code: 'E231',
        span: e.span,
        message: 'a text in quotes has a meaning only where it is compared with a category',
        help: 'write y[n] == "label"',
      })
      return null
    case 'parenthesised':
      return checkExpression(ctx, e.of, scope)
    case 'name':
      return checkReference(ctx, e, [], e.span, scope)
    case 'subscript':
      return checkSubscripted(ctx, e, scope)
    case 'call':
      return checkCall(ctx, e, scope)
    case 'unary':
      return checkUnary(ctx, e, scope)
    case 'binary':
      return checkInfix(ctx, e, scope)
    case 'conditional':
      return checkConditional(ctx, e, scope)
    case 'vector':
      return checkVector(ctx, e, scope)
    case 'comprehension':
      return checkComprehension(ctx, e, scope)
  }
}

type Kind<K extends ast.Expression['kind']> = Extract<ast.Expression, { kind: K }>

function bare(e: ast.Expression): ast.Expression {
  return e.kind === 'parenthesised' ? bare(e.of) : e
}

function checkSubscripted(ctx: CheckContext, e: Kind<'subscript'>, scope: Scope): TExpr | null {
  const { of } = e
  if (of.kind === 'name') return checkReference(ctx, of, e.subscripts, e.span, scope)
  if (of.kind === 'subscript' && of.subscripts.every((s) => s.kind === 'at'))
    return checkSubscripted(ctx, { ...e, of: of.of, subscripts: [...of.subscripts, ...e.subscripts] }, scope)
  const value = ctx.expression(of, scope)
  if (value === null) {
    for (const s of e.subscripts) if (s.kind === 'at') ctx.expression(s.index, scope)
    return null
  }
  return subscriptValue(ctx, value, e.subscripts, e.span, scope)
}

function checkUnary(ctx: CheckContext, e: Kind<'unary'>, scope: Scope): TExpr | null {
  const of = ctx.expression(e.of, scope)
  if (of === null) return null
  if (e.operator === '-') return checkNegate(ctx, of, e.span)
  if (e.operator === '+') return requireNumeric(ctx, of, e.of.span) ? of : null
  if (!requireBool(ctx, of, e.of.span)) return null
  return { kind: 'not', of, span: ctx.spanOf(e.span), type: scalar('bool', { kind: 'bool' }) }
}

function checkInfix(ctx: CheckContext, e: Kind<'binary'>, scope: Scope): TExpr | null {
  const sides = [bare(e.left), bare(e.right)] as const
  const texts = sides.map((side) => (side.kind === 'string' ? side : null))
  const isEquality = e.operator === '==' || e.operator === '!='
  if (isEquality && (texts[0] === null) !== (texts[1] === null)) {
    const text = texts[0] ?? texts[1]
    const other = ctx.expression(texts[0] === null ? e.left : e.right, scope)
    if (other === null || text === null || text === undefined) return null
    const label = labelFor(ctx, text.value, text.span, other)
    if (label === null) return null
    const [left, right] = texts[0] === null ? [other, label] : [label, other]
    return checkBinary(ctx, e.operator, left, right, e.span, [e.left.span, e.right.span])
  }
  const left = ctx.expression(e.left, scope)
  const right = ctx.expression(e.right, scope)
  if (left === null || right === null) return null
  return checkBinary(ctx, e.operator, left, right, e.span, [e.left.span, e.right.span])
}

function checkConditional(ctx: CheckContext, e: Kind<'conditional'>, scope: Scope): TExpr | null {
  const then = ctx.expression(e.then, scope)
  const condition = ctx.expression(e.condition, scope)
  const otherwise = ctx.expression(e.otherwise, scope)
  const conditionIsGood = condition !== null && requireBool(ctx, condition, e.condition.span)
  if (then === null || otherwise === null || condition === null || !conditionIsGood) return null
  const labels = then.type.element === 'label' || otherwise.type.element === 'label'
  if (
    compareDims(ctx, then.type.dims, otherwise.type.dims) === 'different' ||
    (labels && then.type.element !== otherwise.type.element)
  ) {
    ctx.report({
      code: 'E203',
      span: e.span,
      message: `the two values are ${describeValue(then.type)} and ${describeValue(otherwise.type)}: they must be of one type`,
    })
    return null
  }
  const element = then.type.element === otherwise.type.element ? then.type.element : widest(then, otherwise)
  const [a, b] = [rangeOf(ctx, then), rangeOf(ctx, otherwise)]
  const bounds = { low: Math.min(a.low, b.low), high: Math.max(a.high, b.high), aboveZero: a.aboveZero && b.aboveZero }
  const same = then.type.support?.kind === otherwise.type.support?.kind ? then.type.support : null
  const support = same ?? (element === 'int' && bounds.low >= 0 ? { kind: 'count' as const } : supportOfRange(bounds))
  const type = { element, dims: then.type.dims, support }
  return { kind: 'conditional', condition, then, otherwise, span: ctx.spanOf(e.span), type }
}

function widest(a: TExpr, b: TExpr): 'real' | 'int' {
  return a.type.element === 'real' || b.type.element === 'real' ? 'real' : 'int'
}

function checkVector(ctx: CheckContext, e: Kind<'vector'>, scope: Scope): TExpr | null {
  const checked = e.elements.map((element) => ctx.expression(element, scope))
  const elements = checked.filter((element): element is TExpr => element !== null)
  const first = elements[0]
  if (elements.length < checked.length || first === undefined) return null
  for (const [i, element] of elements.entries()) {
    if (!requireNumeric(ctx, element, e.elements[i]?.span ?? e.span)) return null
    if (element.type.dims.length > 1 || compareDims(ctx, element.type.dims, first.type.dims) === 'different') {
      ctx.report({
        code: 'E203',
        span: e.elements[i]?.span ?? e.span,
        message: `the elements of a list have one shape: this is ${describeValue(element.type)}, the first is ${describeValue(first.type)}`,
        help: 'concat joins numbers and vectors',
      })
      return null
    }
  }
  const element = elements.every((x) => x.type.element !== 'real') ? 'int' : 'real'
  const ranges = elements.map((x) => rangeOf(ctx, x))
  const bounds = {
    low: Math.min(...ranges.map((r) => r.low)),
    high: Math.max(...ranges.map((r) => r.high)),
    aboveZero: ranges.every((r) => r.aboveZero),
  }
  const support =
    element === 'int'
      ? bounds.low >= 0
        ? { kind: 'count' as const }
        : { kind: 'int' as const }
      : supportOfRange(bounds)
  const dims = [dim(wholeNumber(elements.length, ctx.spanOf(e.span))), ...first.type.dims]
  return { kind: 'vector', elements, span: ctx.spanOf(e.span), type: { element, dims, support } }
}

function checkComprehension(ctx: CheckContext, e: Kind<'comprehension'>, scope: Scope): TExpr | null {
  const opened = openLoop(ctx, e.index, e.domain, scope)
  const body = ctx.expression(e.body, opened.scope)
  if (body === null) return null
  if (!requireNumeric(ctx, body, e.body.span)) return null
  const { id, domain } = opened.frame
  const inner = body.type.dims.map(
    (d): Dim => ({ size: d.size, raggedBy: d.raggedBy === null ? null : d.raggedBy + 1 }),
  )
  const support = body.type.support?.kind === 'simplex' ? { kind: 'unit' as const } : body.type.support
  const type = { element: body.type.element, dims: [dim(lengthOf(ctx, domain)), ...inner], support }
  return { kind: 'comprehension', index: id, domain, body, span: ctx.spanOf(e.span), type }
}
