/** Expressions: from syntax to typed, one case for each kind. null is an error that is told already. */
import type * as ast from '../ast/types.js'
import type { Dim, Domain, IndexSymbol, TExpr } from '../typed/types.js'
import { children } from '../typed/visit.js'
import { type CheckContext, nearestName } from './context.js'
import { builtinNames, checkBuiltin, checkLevels, countOf, isBuiltin } from './functions.js'
import { checkBinary, checkNegate, labelFor, requireBool, requireNumeric, signOf } from './operators.js'
import { domainSize } from './plates.js'
import { rangeOf, supportOfRange } from './ranges.js'
import { checkReference, lookUpName, subscriptValue, wholeNumberExpression } from './references.js'
import { type LoopFrame, loopScope, type Scope } from './scope.js'
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

/** How many values a domain has. */
function lengthOf(ctx: CheckContext, domain: Domain): TExpr {
  if (domain.kind === 'levels') return domainSize(ctx, domain, domain.column?.span ?? { start: 0, end: 0 })
  const { from, to } = domain
  if (from.kind === 'number' && from.value === 1) return to
  const type = scalar('int', { kind: 'count' })
  if (from.kind === 'number' && to.kind === 'number') return wholeNumber(to.value - from.value + 1, to.span)
  const difference: TExpr = { kind: 'binary', operator: '-', left: to, right: from, span: to.span, type }
  return { kind: 'binary', operator: '+', left: difference, right: wholeNumber(1, to.span), span: to.span, type }
}

/** The scope of a loop or comprehension. Where the domain is in error its end is unknown, which agrees with any size. */
export function openLoop(
  ctx: CheckContext,
  index: ast.Identifier,
  domain: ast.DomainExpression,
  scope: Scope,
): { readonly scope: Scope; readonly frame: LoopFrame } {
  const checked = ctx.domain(domain, scope) ?? unknownDomain(ctx, domain)
  const id = ctx.freshId('index', index.name)
  const span = ctx.spanOf(index.span)
  const symbol: IndexSymbol = { kind: 'index', id, name: index.name, span, domain: checked }
  ctx.symbols.set(id, symbol)
  const frame: LoopFrame = { id, name: index.name, domain: checked, span }
  return { scope: loopScope(scope, frame, symbol), frame }
}

function unknownDomain(ctx: CheckContext, domain: ast.DomainExpression): Domain {
  const span = ctx.spanOf(domain.span)
  const to: TExpr = { kind: 'call', name: 'unknown', arguments: [], span, type: scalar('int', { kind: 'count' }) }
  return { kind: 'range', from: wholeNumber(1, span), to }
}

/** `1..N`, `levels(y)`, `levels(y[:, j])`, `Journal`. */
export function checkDomain(ctx: CheckContext, domain: ast.DomainExpression, scope: Scope): Domain | null {
  if (domain.kind === 'range') {
    const from = wholeNumberExpression(ctx, domain.from, scope, 'the start of a range')
    const to = wholeNumberExpression(ctx, domain.to, scope, 'the end of a range')
    return from === null || to === null ? null : { kind: 'range', from, to }
  }
  const set = ctx.expression(domain.set, scope)
  if (set === null) return null
  const symbol = set.kind === 'ref' ? ctx.symbols.get(set.symbol) : undefined
  if (set.kind === 'ref' && symbol?.kind === 'size' && symbol.origin === 'levels' && set.type.dims.length === 0) {
    const column = set.subscripts[0]
    return { kind: 'levels', levels: symbol.id, column: column?.kind === 'at' ? column.index : null }
  }
  const text = ctx.source.text.slice(domain.span.start, domain.span.end)
  const isNumber = set.type.dims.length === 0 && set.type.element === 'int'
  const isSets = symbol?.kind === 'size' && symbol.origin === 'levels'
  const isCategory = set.type.support?.kind === 'category'
  ctx.report({
    code: 'E233',
    span: domain.span,
    message: `a loop runs over a range or the levels of a category, but this is ${isSets ? 'one set for each column' : describeValue(set.type)}`,
    ...(isNumber
      ? {
          help: `write 1..${text}`,
          fix: { title: `write 1..${text}`, edits: [{ span: domain.span, text: `1..${text}` }] },
        }
      : {}),
    ...(isSets ? { help: 'choose a column: levels(y[:, j])' } : {}),
    ...(isCategory ? { help: `write levels(${text})` } : {}),
  })
  return null
}

function checkCall(ctx: CheckContext, e: Kind<'call'>, scope: Scope): TExpr | null {
  const { name } = e.callee
  const fn = ctx.functions.get(name)
  const given = e.arguments.map((argument) => ctx.expression(argument, scope))
  if (fn !== undefined) return inlineFunction(ctx, e, given)
  if (name === 'levels') {
    const argument = e.arguments[0]
    if (argument === undefined || e.arguments.length !== 1) {
      ctx.report({ code: 'E207', span: e.span, message: 'levels takes 1 argument, the name of a category' })
      return null
    }
    return checkLevels(ctx, given[0] ?? null, e.span, argument.span)
  }
  if (isBuiltin(name))
    return checkBuiltin(
      ctx,
      name,
      given,
      e.arguments.map((a) => a.span),
      e.span,
    )
  if (ctx.distributions.has(name) || specialDistributions.includes(name)) {
    ctx.report({
      code: 'E206',
      span: e.callee.span,
      message: `${name} is a distribution and has no value`,
      help: `write \`… ~ ${name}(…)\``,
    })
    return null
  }
  const nearest = nearestName(name, [...ctx.functions.keys(), ...builtinNames])
  const binding = lookUpName(ctx, name, scope)
  const isValue = binding !== undefined && binding.kind !== 'broken'
  ctx.report({
    code: 'E206',
    span: e.callee.span,
    message: isValue ? `\`${name}\` is not a function` : `there is no function \`${name}\``,
    ...(isValue
      ? { help: `for an element write ${name}[…]` }
      : nearest !== undefined
        ? {
            help: `did you mean \`${nearest}\`?`,
            fix: { title: `write \`${nearest}\``, edits: [{ span: e.callee.span, text: nearest }] },
          }
        : {}),
  })
  return null
}

/** The distributions that are made from others. */
export const specialDistributions: readonly string[] = ['Mixture', 'Truncated', 'Censored', 'Custom']

/** The body of a function of the model with the arguments in place of its parameters. */
function inlineFunction(ctx: CheckContext, e: Kind<'call'>, given: readonly (TExpr | null)[]): TExpr | null {
  const fn = ctx.functions.get(e.callee.name)
  if (fn === undefined) return null
  const { name } = fn.name
  if (given.length !== fn.parameters.length) {
    const n = fn.parameters.length
    ctx.report({
      code: 'E207',
      span: e.span,
      message: `\`${name}\` takes ${countOf(n, n)}, but ${given.length} ${given.length === 1 ? 'is' : 'are'} given`,
      related: [{ span: fn.span, message: 'defined here' }],
    })
    return null
  }
  if (ctx.inlineStack.includes(name)) {
    ctx.report({
      code: 'E225',
      span: e.span,
      message: `\`${name}\` calls itself`,
      help: 'functions are written out where they are called, so they cannot be recursive',
      related: [{ span: fn.span, message: 'defined here' }],
    })
    return null
  }
  const scope: Scope = {
    parent: ctx.root,
    names: new Map(fn.parameters.map((p, i) => [p.name, { kind: 'value', value: given[i] ?? null }])),
    loops: [],
    path: [],
  }
  // An argument in error has been told of.
  if (given.includes(null)) return null
  const budget = ctx.inlineBudget
  budget.left -= 1
  if (budget.left < 0) {
    if (budget.left === -1)
      ctx.report({ code: 'E241', span: e.span, message: 'there are too many calls of functions to write them all out' })
    return null
  }
  const value = ctx.inlining(name, e.span, () => ctx.expression(fn.body, scope))
  if (value === null || expressionSize(value) <= maxInlined) return value
  ctx.report({
    code: 'E241',
    span: e.span,
    message: `\`${name}\` written out here has more than ${maxInlined} parts`,
    help: 'functions are written out where they are called: name the intermediate results by let',
  })
  return null
}

/** Largest expression that a call of a function may become. */
const maxInlined = 20_000

/** Number of nodes, shared ones counted as often as they occur. */
function expressionSize(e: TExpr): number {
  const sizes = new Map<TExpr, number>()
  const sizeOf = (part: TExpr): number => {
    const known = sizes.get(part)
    if (known !== undefined) return known
    let size = 1
    for (const child of children(part)) size += sizeOf(child)
    sizes.set(part, size)
    return size
  }
  return sizeOf(e)
}
