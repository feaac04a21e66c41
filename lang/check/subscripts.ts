/** Subscripts: which indices are legal, and what is left of a type after them. */
import type * as ast from '../ast/types.js'
import type { Span } from '../source.js'
import { sameExpression } from '../typed/equal.js'
import { printExpression, userName } from '../typed/print.js'
import type { Dim, Subscript, Support, TExpr, ValueType } from '../typed/types.js'
import type { CheckContext } from './context.js'
import type { Scope } from './scope.js'
import { compareSizes } from './size-form.js'
import { describeDims, describeValue, dimsAfter, scalar } from './value-types.js'

type Written = readonly ast.SubscriptExpression[]

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
export function checkSubscripts(
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
