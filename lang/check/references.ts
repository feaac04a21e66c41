/** Names and subscripts: what `mu[z]`, `z[t-1]`, `T` stand for, with every index made explicit (rules 2, 3, 8). */
import type * as ast from '../ast/types.js'
import type { Span } from '../source.js'
import { sameDomain } from '../typed/equal.js'
import type { ArrayType, Dim, ModelSymbol, Subscript, Support, TExpr, ValueType } from '../typed/types.js'
import { type CheckContext, nearestName, sizeDims } from './context.js'
import { domainSize } from './plates.js'
import {
  type Binding,
  findName,
  type LatentRecord,
  type LetRecord,
  type LoopFrame,
  type Scope,
  visibleNames,
} from './scope.js'
import { compareSizes } from './size-form.js'
import { checkSubscripts, subscriptedType } from './subscripts.js'
import { arrayDims, arrayValue, describeValue, scalar } from './value-types.js'

type NameExpression = { readonly name: string; readonly span: Span }

type Written = readonly ast.SubscriptExpression[]

/** A name with the subscripts that stand after it. `span` is that of the whole. */
export function checkReference(
  ctx: CheckContext,
  name: NameExpression,
  written: Written,
  span: Span,
  scope: Scope,
): TExpr | null {
  const binding = lookUpName(ctx, name.name, scope)
  if (binding === undefined) {
    if (name.name === 'pi' || name.name === 'e') {
      const value: TExpr = {
        kind: 'constant',
        name: name.name,
        span: ctx.spanOf(name.span),
        type: scalar('real', { kind: 'positive' }),
      }
      return written.length === 0 ? value : subscriptValue(ctx, value, written, span, scope)
    }
    for (const subscript of written) if (subscript.kind === 'at') ctx.expression(subscript.index, scope)
    reportUnknownName(ctx, name, scope)
    return null
  }
  switch (binding.kind) {
    case 'broken':
      for (const subscript of written) if (subscript.kind === 'at') ctx.expression(subscript.index, scope)
      return null
    case 'value':
      if (binding.value === null) return null
      return written.length === 0 ? binding.value : subscriptValue(ctx, binding.value, written, span, scope)
    case 'latent':
      return latentReference(ctx, binding.record, name, written, span, scope)
    case 'let':
      return letReference(ctx, binding.record, name, written, span, scope)
    case 'symbol':
      return symbolReference(ctx, binding.symbol, name, written, span, scope)
  }
}

/** What a name means at a place: the innermost local declaration, else one of the whole model. */
export function lookUpName(ctx: CheckContext, name: string, scope: Scope): Binding | undefined {
  return findName(scope, name) ?? ctx.global(name)
}

/** "`muu` is not declared", with the nearest name there is. */
export function reportUnknownName(ctx: CheckContext, name: NameExpression, scope: Scope): void {
  const later = ctx.declaredSomewhere.get(name.name)
  if (later !== undefined) {
    const before = later.start > name.span.start
    ctx.report({
      code: 'E227',
      span: name.span,
      message: before
        ? `\`${name.name}\` is used before it is declared`
        : `\`${name.name}\` is declared inside \`if\` and exists in that branch only`,
      related: [{ span: later, message: 'declared here' }],
      help: before ? 'move its declaration up' : 'declare it before the `if`, or use it inside of the branch',
    })
    return
  }
  const nearest = nearestName(name.name, [...visibleNames(scope), ...ctx.globalNames()])
  const isFunction = ctx.functions.has(name.name)
  const help = isFunction ? `\`${name.name}\` is a function: write \`${name.name}(…)\`` : undefined
  ctx.report({
    code: 'E201',
    span: name.span,
    message: `\`${name.name}\` is not declared`,
    ...(help !== undefined ? { help } : {}),
    ...(nearest !== undefined && !isFunction
      ? {
          help: `did you mean \`${nearest}\`?`,
          fix: { title: `write \`${nearest}\``, edits: [{ span: name.span, text: nearest }] },
        }
      : {}),
  })
}

/** Subscripts after a value that is not a name, such as `softmax(v)[2]`. */
export function subscriptValue(ctx: CheckContext, of: TExpr, written: Written, span: Span, scope: Scope): TExpr | null {
  const subscripts = checkSubscripts(ctx, written, of.type.dims, describeValue(of.type), span, scope)
  if (subscripts === null) return null
  const typed = { span: ctx.spanOf(span), type: subscriptedType(of.type, subscripts, span) }
  if (of.kind === 'ref' && of.subscripts.every((s) => s.kind === 'at'))
    return { ...of, ...typed, subscripts: [...of.subscripts, ...subscripts] }
  return { ...typed, kind: 'subscript', of, subscripts }
}

function symbolReference(
  ctx: CheckContext,
  symbol: ModelSymbol,
  name: NameExpression,
  written: Written,
  span: Span,
  scope: Scope,
): TExpr | null {
  const type = symbolType(ctx, symbol)
  if (type === null) return null
  if (symbol.kind === 'size' && symbol.origin === 'length' && written.length === 0) {
    const frame = loopOver(ctx, type.dims[0], scope)
    if (frame !== undefined) {
      const index: Subscript = { kind: 'at', index: loopIndex(ctx, frame, name.span) }
      return ref(ctx, symbol.id, [index], span, scalar('int', { kind: 'count' }))
    }
  }
  const subscripts = checkSubscripts(ctx, written, type.dims, `\`${name.name}\``, span, scope)
  if (subscripts === null) return null
  return ref(ctx, symbol.id, subscripts, span, subscriptedType(type, subscripts, span))
}

/** The innermost loop that runs over exactly this dimension. */
function loopOver(ctx: CheckContext, over: Dim | undefined, scope: Scope): LoopFrame | undefined {
  if (over === undefined) return undefined
  return scope.loops.findLast(({ domain }) => {
    if (domain.kind === 'levels') return over.size.kind === 'ref' && over.size.symbol === domain.levels
    return (
      domain.from.kind === 'number' && domain.from.value === 1 && compareSizes(ctx, domain.to, over.size) === 'same'
    )
  })
}

/** The type of a symbol's whole value, or null for latents and lets, which have records of their own. */
function symbolType(ctx: CheckContext, symbol: ModelSymbol): ValueType | null {
  switch (symbol.kind) {
    case 'const':
      return symbol.value.type
    case 'size':
      return { element: 'int', dims: sizeDims(ctx, symbol.id), support: { kind: 'count' } }
    case 'data':
    case 'param':
      return arrayValue(symbol.type)
    case 'index':
      return scalar('int', indexSupport(symbol.domain))
    case 'latent':
    case 'let':
      return null
  }
}

function indexSupport(domain: Extract<ModelSymbol, { kind: 'index' }>['domain']): Support {
  if (domain.kind === 'levels') return { kind: 'category', levels: domain.levels }
  return domain.from.type.support?.kind === 'count' ? { kind: 'count' } : { kind: 'int' }
}

function latentReference(
  ctx: CheckContext,
  record: LatentRecord,
  name: NameExpression,
  written: Written,
  span: Span,
  scope: Scope,
): TExpr | null {
  const first = record.pieces[0]
  if (record.failed || first === undefined) return null
  if (record.value === null) {
    ctx.report({
      code: 'E218',
      span: name.span,
      message: `\`${record.name}\` is used before its type is known`,
      help: 'give it a type or a distribution where it is declared',
      related: [{ span: record.span, message: 'declared here' }],
    })
    record.failed = true
    return null
  }
  const value = arrayValue(record.value)
  const plates = record.plateDims.length
  const total = plates + value.dims.length
  const implicit = implicitLoops(record, scope)
  const frames = written.length <= total - implicit.length ? implicit : []
  const prefix = frames.map((frame): Subscript => ({ kind: 'at', index: loopIndex(ctx, frame, name.span) }))
  const dims = latentDims(record, record.value)
  const rest = checkSubscripts(ctx, written, dims, `\`${record.name}\``, span, scope, prefix)
  if (rest === null) return null
  const subscripts = [...prefix, ...rest]
  if (subscripts.length < plates) warnWhole(ctx, record, subscripts.length, span, scope)
  const whole: ValueType = { element: value.element, dims, support: value.support }
  return ref(ctx, record.id, subscripts, span, subscriptedType(whole, subscripts, span))
}

/** W506: all values of a latent at once, inside of a loop that runs over the same range. */
function warnWhole(ctx: CheckContext, record: LatentRecord, place: number, span: Span, scope: Scope): void {
  const plate = record.plates[place]
  const frame = plate === undefined ? undefined : scope.loops.findLast((loop) => sameDomain(loop.domain, plate))
  if (frame === undefined) return
  ctx.report({
    code: 'W506',
    span,
    message: `\`${record.name}\` stands for all of its values here`,
    help: `outside of the block that declares it write ${record.name}[${frame.name}] for the one of this iteration`,
  })
}

/** Plates, then the dimensions of the value itself. */
export function latentDims(record: LatentRecord, value: ArrayType): readonly Dim[] {
  const plates = record.plateDims.length
  const own = arrayDims(value).map((d) => ({ ...d, raggedBy: d.raggedBy === null ? null : d.raggedBy + plates }))
  return [...record.plateDims, ...own]
}

/** The loops of its declaration around this place that index it without being written. */
function implicitLoops(record: LatentRecord, scope: Scope): readonly LoopFrame[] {
  let best: readonly LoopFrame[] = []
  const around = new Set(scope.loops.map((loop) => loop.id))
  for (const piece of record.pieces) {
    const shared = piece.unwritten.filter((loop) => around.has(loop.id))
    if (shared.length > best.length) best = shared
  }
  return best
}

function letReference(
  ctx: CheckContext,
  record: LetRecord,
  name: NameExpression,
  written: Written,
  span: Span,
  scope: Scope,
): TExpr | null {
  if (record.value === null) return null
  const around = new Set(scope.loops.map((loop) => loop.id))
  const implicit = record.loops.filter((loop) => around.has(loop.id))
  const own = record.value.type
  const loopDims = record.loops.map(
    (loop): Dim => ({ size: domainSize(ctx, loop.domain, record.span), raggedBy: null }),
  )
  const total = loopDims.length + own.dims.length
  const frames = written.length <= total - implicit.length ? implicit : []
  const prefix = frames.map((frame): Subscript => ({ kind: 'at', index: loopIndex(ctx, frame, name.span) }))
  const dims = [
    ...loopDims,
    ...own.dims.map((d) => ({ ...d, raggedBy: d.raggedBy === null ? null : d.raggedBy + loopDims.length })),
  ]
  const rest = checkSubscripts(ctx, written, dims, `\`${record.name}\``, span, scope, prefix)
  if (rest === null) return null
  const all = [...prefix, ...rest]
  const type = subscriptedType({ ...own, dims }, all, span)
  const given = record.loops.map((_, i): Subscript => all[i] ?? { kind: 'all' })
  const unfilled = given.some((s) => s.kind !== 'at')
  if (unfilled) {
    ctx.report({
      code: 'E211',
      span,
      message: `\`${record.name}\` is one value per iteration of ${record.loops.map((l) => `\`for ${l.name}\``).join(', ')}`,
      help: `outside of that block write ${record.name}[${record.loops.map((l) => l.name).join(', ')}]`,
    })
    return null
  }
  const kept = all.filter((_, i) => i >= record.loops.length || record.kept[i] === true)
  return ref(ctx, record.id, kept, span, type)
}

/** A reference to the current value of a loop's index. */
export function loopIndex(ctx: CheckContext, frame: LoopFrame, span: Span): TExpr {
  return ref(ctx, frame.id, [], span, scalar('int', indexSupport(frame.domain)))
}

function ref(ctx: CheckContext, symbol: string, subscripts: readonly Subscript[], span: Span, type: ValueType): TExpr {
  return { kind: 'ref', symbol, subscripts, span: ctx.spanOf(span), type }
}
