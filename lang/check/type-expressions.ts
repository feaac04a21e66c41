/** Written types: `real?[N, D]`, `simplex[K, J, levels(y)]`, `count[R][T]`, `category(Journal)[M]`. */
import type * as ast from '../ast/types.js'
import type { Span } from '../source.js'
import { suggest } from '../suggest.js'
import { userName } from '../typed/print.js'
import type { ArrayType, Dim, Support, SymbolId, TExpr } from '../typed/types.js'
import { type CheckContext, nearestName, textAt } from './context.js'
import { numericValue } from './ranges.js'
import { lookUpName } from './references.js'
import type { Scope } from './scope.js'
import { compareSizes } from './size-form.js'
import { coreRank, describeValue } from './value-types.js'

/** Every type, by name. */
export const typeNames = [
  'real',
  'positive',
  'nonnegative',
  'unit',
  'int',
  'count',
  'bool',
  'category',
  'simplex',
  'ordered',
  'covariance',
  'correlation',
] as const

type TypeName = (typeof typeNames)[number]

/** Who is being declared; `levels` makes or finds the level set of a category. */
export interface Declared {
  readonly role: 'data' | 'param' | 'latent'
  readonly name: string
  levels(dims: readonly Dim[]): SymbolId | null
}

/** The type that is written, or null after complaining. */
export function checkType(
  ctx: CheckContext,
  type: ast.TypeExpression,
  scope: Scope,
  declared: Declared,
): ArrayType | null {
  const name = typeNames.find((known) => known === type.name.name)
  if (name === undefined) {
    reportUnknownType(ctx, type.name, type)
    checkDims(ctx, type, scope)
    return null
  }
  const dims = checkDims(ctx, type, scope)
  const misplaced = misplacedParts(ctx, type, name, declared)
  if (dims === null || misplaced) return null
  if (declared.role === 'data' && !sequencesFirst(ctx, type, dims)) return null
  const core = coreRank(name)
  if (core > 0 && dims.length === 0) {
    ctx.report({
      code: 'E222',
      span: type.span,
      message: `${name} needs a size`,
      help: `write ${name}[${core === 1 ? 'K' : 'D'}]`,
    })
    return null
  }
  const support = checkSupport(ctx, type, name, scope, declared, dims)
  if (support === null) return null
  const last = dims.at(-1)
  if (core === 0 || last === undefined) return { support, batch: dims, core: [], optional: type.optional }
  const batch = dims.slice(0, -1)
  // The second dimension of a matrix is as ragged as the first.
  return { support, batch, core: core === 1 ? [last] : [last, last], optional: type.optional }
}

function reportUnknownType(ctx: CheckContext, name: ast.Identifier, type: ast.TypeExpression): void {
  const others: Readonly<Record<string, string>> = {
    vector: 'real[N]',
    matrix: 'real[N, D]',
    float: 'real',
    number: 'real',
    integer: 'int',
    boolean: 'bool',
    string: 'category',
    factor: 'category',
    cov_matrix: 'covariance[D]',
    probability: 'unit',
  }
  const known = Object.hasOwn(others, name.name) ? others[name.name] : undefined
  const nearest = known ?? suggest(name.name, typeNames)
  ctx.report({
    code: 'E221',
    span: name.span,
    message: `there is no type \`${name.name}\``,
    ...(nearest === undefined
      ? { help: `the types are ${typeNames.join(', ')}` }
      : {
          help: known === undefined ? `did you mean \`${nearest}\`?` : `write ${known}`,
          ...(known === undefined || (!known.includes('[') && type.dims.length === 0)
            ? { fix: { title: `write \`${nearest}\``, edits: [{ span: name.span, text: nearest }] } }
            : {}),
        }),
  })
}

function misplacedParts(ctx: CheckContext, type: ast.TypeExpression, name: TypeName, declared: Declared): boolean {
  const complain = (span: Span, message: string, help?: string): true => {
    ctx.report({ code: 'E222', span, message, ...(help === undefined ? {} : { help }) })
    return true
  }
  let wrong = false
  if (type.interval !== null && name !== 'real')
    wrong = complain(type.interval.span, `only real takes an interval, not ${name}`, 'write real in (low, high)')
  if (type.levelSet !== null && name !== 'category')
    wrong = complain(type.levelSet.span, `only category takes a name for its levels, not ${name}`)
  if (type.optional && declared.role !== 'data')
    wrong = complain(
      type.span,
      `a ${declared.role} has no missing cells, so \`?\` has no meaning here`,
      'leave the `?` out',
    )
  if (type.optional && coreRank(name) > 0) wrong = complain(type.span, `cells of a ${name} cannot be missing`)
  if (name === 'category' && declared.role === 'param')
    wrong = complain(type.span, 'a param is a number: EM cannot maximise over a category', 'declare it latent')
  if (name === 'category' && declared.role === 'latent' && type.levelSet === null)
    wrong = complain(
      type.span,
      'the levels of a latent category are not in the data',
      'leave the type out: it follows from the distribution',
    )
  return wrong
}

function checkSupport(
  ctx: CheckContext,
  type: ast.TypeExpression,
  name: TypeName,
  scope: Scope,
  declared: Declared,
  dims: readonly Dim[],
): Support | null {
  if (name === 'category') {
    const levels = declared.levels(dims)
    return levels === null ? null : { kind: 'category', levels }
  }
  if (type.interval === null) return { kind: name }
  const low = ctx.expression(type.interval.low, scope)
  const high = ctx.expression(type.interval.high, scope)
  if (low === null || high === null) return null
  for (const [i, end] of [low, high].entries()) {
    if (end.type.dims.length === 0 && end.type.element !== 'label') continue
    const span = i === 0 ? type.interval.low.span : type.interval.high.span
    ctx.report({
      code: 'E222',
      span,
      message: `the end of an interval is a number, but this is ${describeValue(end.type)}`,
    })
    return null
  }
  const [a, b] = [numericValue(ctx, low), numericValue(ctx, high)]
  if (a !== null && b !== null && a >= b) {
    ctx.report({ code: 'E222', span: type.interval.span, message: `the interval is empty: ${a} is not less than ${b}` })
    return null
  }
  return { kind: 'interval', low, high }
}

/** The sequences of data are its first dimension and their places the second: data is bound and laid out like that. */
function sequencesFirst(ctx: CheckContext, type: ast.TypeExpression, dims: readonly Dim[]): boolean {
  const misplaced = dims.findIndex((d, i) => {
    const symbol = d.size.kind === 'ref' ? ctx.symbols.get(d.size.symbol) : undefined
    return symbol?.kind === 'size' && symbol.origin === 'length' && i !== 1
  })
  const written = type.dims.flat()[misplaced]
  if (written === undefined) return true
  ctx.report({
    code: 'E240',
    span: written.span,
    message: `\`${textAt(ctx, written.span)}\` is a length of sequences, and these are the first dimension of data and their places the second`,
    help: 'write the sequences first, as in `real[R][T]` or `real[R][T, D]`',
  })
  return false
}

/** All groups of brackets in a row; a size of one number per element of an earlier dimension is ragged. */
function checkDims(ctx: CheckContext, type: ast.TypeExpression, scope: Scope): readonly Dim[] | null {
  const dims: Dim[] = []
  let failed = false
  for (const written of type.dims.flat()) {
    const size = checkSize(ctx, written, scope)
    const over = size?.type.dims[0]
    if (size === null) {
      failed = true
      continue
    }
    if (over === undefined) {
      dims.push({ size, raggedBy: null })
      continue
    }
    const raggedBy = dims.findLastIndex((d) => d.raggedBy === null && compareSizes(ctx, d.size, over.size) === 'same')
    if (raggedBy === -1) {
      const text = textAt(ctx, written.span)
      ctx.report({
        code: 'E240',
        span: written.span,
        message: `\`${text}\` is one number for each of ${describeValue(size.type).replace(/^\w+/, '')}, and no earlier dimension runs over these`,
        help: `put that dimension before it, or choose one of the numbers`,
      })
      failed = true
      continue
    }
    dims.push({ size, raggedBy })
  }
  return failed ? null : dims
}

/** One size; a rank-1 one is for a ragged dimension. */
function checkSize(ctx: CheckContext, written: ast.Expression, scope: Scope): TExpr | null {
  if (written.kind === 'name' && lookUpName(ctx, written.name, scope) === undefined) {
    const nearest = nearestName(written.name, ctx.globalNames())
    ctx.report({
      code: 'E201',
      span: written.span,
      message: `\`${written.name}\` is not declared`,
      help:
        nearest === undefined ? 'the sizes of latents are consts, or sizes of data' : `did you mean \`${nearest}\`?`,
      ...(nearest === undefined
        ? {}
        : { fix: { title: `write \`${nearest}\``, edits: [{ span: written.span, text: nearest }] } }),
    })
    return null
  }
  const size = ctx.expression(written, scope)
  if (size === null) return null
  const isWhole = size.type.element === 'int' && size.type.dims.length <= 1
  const value = numericValue(ctx, size)
  const isKnown = size.kind !== 'ref' || !ctx.latents.has(size.symbol)
  const symbol = size.kind === 'ref' ? ctx.symbols.get(size.symbol) : undefined
  if (isWhole && isKnown && symbol?.kind !== 'param' && (value === null || value >= 1)) return size
  const what =
    symbol === undefined
      ? describeValue(size.type)
      : `the ${symbol.kind} \`${userName(symbol.id)}\`, ${describeValue(size.type)}`
  ctx.report({
    code: 'E222',
    span: written.span,
    message:
      value !== null && isWhole
        ? `a size is at least 1, but this is ${value}`
        : `a size is a whole number that is known before the fit, but this is ${what}`,
    ...(symbol?.kind === 'data' ? { help: 'this name is taken by data; choose another one for the size' } : {}),
  })
  return null
}
