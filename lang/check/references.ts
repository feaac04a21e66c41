/** Names and subscripts: what `mu[z]`, `z[t-1]`, `T` stand for, with every index made explicit (rules 2, 3, 8). */
import type * as ast from '../ast/types.js'
import type { Span } from '../source.js'
import { sameDomain, sameExpression } from '../typed/equal.js'
import { printExpression, userName } from '../typed/print.js'
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
import { arrayDims, arrayValue, describeDims, describeValue, dimsAfter, elementOf, scalar } from './value-types.js'

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

/** The type after subscripts: elements of a simplex are in the unit interval, and so on. */
export function subscriptedType(type: ValueType, subscripts: readonly Subscript[], span: Span): ValueType {
  const dims = dimsAfter(type.dims, subscripts, span)
  return { element: type.element, dims, support: supportAfter(type, subscripts) }
}

function supportAfter(type: ValueType, subscripts: readonly Subscript[]): Support | null {
  const { support, dims } = type
  if (support === null) return null
  const core = (i: number): Subscript | undefined => subscripts[dims.length - i]
  const whole = (s: Subscript | undefined): boolean => s === undefined || s.kind === 'all'
  switch (support.kind) {
    case 'simplex':
      return whole(core(1)) ? support : { kind: 'unit' }
    case 'ordered':
      return core(1)?.kind === 'at' ? { kind: 'real' } : support
    case 'covariance':
    case 'correlation': {
      const row = core(2)
      const column = core(1)
      if (whole(row) && whole(column)) return support
      if (row?.kind === 'at' && column?.kind === 'at' && sameExpression(row.index, column.index))
        return { kind: 'positive' }
      return { kind: 'real' }
    }
    default:
      return support
  }
}

/** Checks written subscripts against the dimensions that `prefix` leaves; null where there is an error. */
function checkSubscripts(
  ctx: CheckContext,
  written: Written,
  dims: readonly Dim[],
  what: string,
  span: Span,
  scope: Scope,
  prefix: readonly Subscript[] = [],
): readonly Subscript[] | null {
  const skip = prefix.length
  const indices = written.map((s) => checkSubscript(ctx, s, scope))
  if (written.length > dims.length - skip) {
    const left = dims.length - skip
    const has =
      left === 0
        ? 'is a single number here'
        : `has ${left} ${left === 1 ? 'index' : 'indices'} ${describeDims(dims.slice(skip))}`
    ctx.report({
      code: 'E211',
      span,
      message: `${what} ${has}, but ${written.length} ${written.length === 1 ? 'is' : 'are'} written`,
    })
    return null
  }
  const good = indices.filter((s): s is Subscript => s !== null)
  if (good.length < written.length) return null
  const sizes = dimsAlong(dims, [...prefix, ...good], span).slice(skip)
  good.forEach((subscript, i) => {
    const size = sizes[i]
    const at = written[i]
    if (subscript.kind === 'at' && size !== undefined && at?.kind === 'at')
      checkIndexSet(ctx, subscript.index, size, at.index.span, what)
  })
  return good
}

/** The size each subscript counts within, ragged ones resolved by the subscripts before. */
function dimsAlong(dims: readonly Dim[], subscripts: readonly Subscript[], span: Span): readonly TExpr[] {
  return dims.map((_, i) => {
    const before = subscripts.slice(0, i)
    const rest = dimsAfter(dims, before, span)
    const kept = before.filter((s) => s.kind !== 'at').length
    return (rest[kept] ?? dims[i])?.size ?? { kind: 'number', value: 0, span, type: scalar('int') }
  })
}

function checkSubscript(ctx: CheckContext, s: ast.SubscriptExpression, scope: Scope): Subscript | null {
  if (s.kind === 'all') return { kind: 'all' }
  if (s.kind === 'at') {
    const index = wholeNumberExpression(ctx, s.index, scope, 'an index')
    return index === null ? null : { kind: 'at', index }
  }
  const from = s.from === null ? null : wholeNumberExpression(ctx, s.from, scope, 'the start of a slice')
  const to = s.to === null ? null : wholeNumberExpression(ctx, s.to, scope, 'the end of a slice')
  if ((from === null && s.from !== null) || (to === null && s.to !== null)) return null
  return { kind: 'slice', from, to }
}

/** An expression that must be one whole number or one level. */
export function wholeNumberExpression(ctx: CheckContext, e: ast.Expression, scope: Scope, what: string): TExpr | null {
  const index = ctx.expression(e, scope)
  if (index === null) return null
  const known = index.type.dims.length === 0
  if (known && (index.type.element === 'int' || index.type.element === 'label')) return index
  const help =
    known && index.type.element === 'bool'
      ? 'a bool counts as 0 and 1, indices count from 1: add 1, or use `if`'
      : known
        ? 'round it, or declare it int, count or category'
        : undefined
  ctx.report({
    code: 'E212',
    span: e.span,
    message: `${what} is a whole number, but this is ${describeValue(index.type)}`,
    ...(help === undefined ? {} : { help }),
  })
  return null
}

function checkIndexSet(ctx: CheckContext, index: TExpr, size: TExpr, span: Span, what: string): void {
  const set = size.kind === 'ref' ? ctx.symbols.get(size.symbol) : undefined
  const dimSet = set?.kind === 'size' && set.origin === 'levels' ? set : undefined
  const { support } = index.type
  if (dimSet !== undefined && support?.kind === 'category' && support.levels !== dimSet.id) {
    ctx.report({
      code: 'E213',
      span,
      message: `${what} is indexed by ${userName(dimSet.id)} here, but this is a level of ${userName(support.levels).replace(/^levels\((.*)\)$/, '`$1`')}`,
    })
    return
  }
  if (index.kind === 'number') {
    const beyond = size.kind === 'number' && index.value > size.value
    if (index.value < 1 || beyond)
      ctx.report({
        code: 'E211',
        span,
        message: beyond
          ? `index ${index.value} is beyond the end: ${what} has ${printExpression(size, userName)} there`
          : `index ${index.value} does not exist: indices count from 1`,
      })
    return
  }
  const variable = index.kind === 'ref' ? ctx.symbols.get(index.symbol) : undefined
  if (variable?.kind === 'index' && variable.domain.kind === 'range' && variable.domain.to.kind === 'ref') {
    if (compareSizes(ctx, variable.domain.to, size) === 'different' && dimSet === undefined)
      ctx.report({
        code: 'W504',
        span,
        message: `\`${variable.name}\` runs to ${printExpression(variable.domain.to, userName)}, but ${what} has ${printExpression(size, userName)} there`,
      })
  }
}

/** Element kind and support of a declared array's elements. */
export function elementType(type: ArrayType): ValueType {
  return scalar(elementOf(type.support), type.support)
}
