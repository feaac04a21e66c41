/** Loops and comprehensions: what they run over, and the scope inside. */
import type * as ast from '../ast/types.js'
import type { Domain, IndexSymbol, TExpr } from '../typed/types.js'
import type { CheckContext } from './context.js'
import { domainSize } from './plates.js'
import { type LoopFrame, loopScope, type Scope } from './scope.js'
import { wholeNumberExpression } from './subscripts.js'
import { describeValue, scalar, wholeNumber } from './value-types.js'

/** How many values a domain has. */
export function lengthOf(ctx: CheckContext, domain: Domain): TExpr {
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
