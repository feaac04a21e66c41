/** The left of `~` (rule 4). */
import type * as ast from '../ast/types.js'
import type { Span } from '../source.js'
import type { SymbolId, TExpr, TStatement } from '../typed/types.js'
import { type CheckContext, type ExpectedValue, textAt } from './context.js'
import { inferValue } from './latents.js'
import { type BranchStep, findName, type LatentRecord, type LoopFrame, type Scope } from './scope.js'

type Sample = Extract<TStatement, { kind: 'sample' }>
type Role = Sample['role']

/** A `~` with the branches and loops around it. */
export interface SampleRecord {
  readonly statement: Sample
  readonly path: readonly BranchStep[]
  readonly loops: readonly LoopFrame[]
}

/** `target ~ D`. */
export function checkSample(
  ctx: CheckContext,
  statement: Extract<ast.Statement, { kind: 'sample' }>,
  scope: Scope,
): Sample | null {
  const written = bare(statement.target)
  const text = textAt(ctx, written.span)
  inferFromHere(ctx, written, statement.distribution, scope, text)
  const target = ctx.expression(written, scope)
  const giveUp = (): null => {
    for (const record of latentsIn(written, scope)) record.triedGiving = true
    return null
  }
  if (target === null) {
    const expected: ExpectedValue = { target: null, text, role: 'data', symbol: null }
    ctx.distribution(statement.distribution, scope, expected)
    return giveUp()
  }
  const role = roleOf(ctx, target, written)
  const symbol = target.kind === 'ref' ? target.symbol : null
  const expected: ExpectedValue = { target: role === null ? null : target, text, role: role ?? 'data', symbol }
  const checked = ctx.distribution(statement.distribution, scope, expected)
  if (role === null || checked === null) return giveUp()
  return { kind: 'sample', span: statement.span, role, target, distribution: checked.distribution }
}

/** `param pi : simplex[K] ~ Dirichlet(2)`: over the whole of it. */
export function wholeSample(
  ctx: CheckContext,
  name: ast.Identifier,
  d: ast.DistributionExpression,
  span: Span,
  scope: Scope,
): Sample | null {
  return checkSample(
    ctx,
    { kind: 'sample', span, target: { kind: 'name', name: name.name, span: name.span }, distribution: d },
    scope,
  )
}

function bare(e: ast.Expression): ast.Expression {
  return e.kind === 'parenthesised' ? bare(e.of) : e
}

/** The latents that are named on the left. */
function latentsIn(target: ast.Expression, scope: Scope): readonly LatentRecord[] {
  if (target.kind === 'vector') return target.elements.flatMap((e) => latentsIn(bare(e), scope))
  if (target.kind === 'subscript') return latentsIn(bare(target.of), scope)
  const binding = target.kind === 'name' ? findName(scope, target.name) : undefined
  return binding?.kind === 'latent' ? [binding.record] : []
}

/** A latent that was declared without a type gets it from the first `~`. */
function inferFromHere(
  ctx: CheckContext,
  target: ast.Expression,
  d: ast.DistributionExpression,
  scope: Scope,
  text: string,
): void {
  const name = target.kind === 'subscript' ? bare(target.of) : target
  if (name.kind !== 'name') return
  const binding = findName(scope, name.name)
  if (binding?.kind === 'latent' && binding.record.value === null && !binding.record.failed)
    inferValue(ctx, binding.record, d, scope, text)
}

function roleOf(ctx: CheckContext, target: TExpr, written: ast.Expression): Role | null {
  if (target.kind === 'vector') {
    const roles = target.elements.map((e, i) =>
      elementRole(ctx, e, written.kind === 'vector' ? (written.elements[i]?.span ?? written.span) : written.span),
    )
    if (roles.includes(null)) return null
    const kinds = new Set(roles.filter((role) => role !== 'constant'))
    if (kinds.has('latent') && kinds.has('data')) return 'mixed'
    if (kinds.has('latent')) return 'latent'
    if (kinds.has('prior')) return kinds.size === 1 ? 'prior' : 'mixed'
    if (kinds.has('data')) return 'data'
    reportTarget(ctx, written.span, 'a list of numbers')
    return null
  }
  const role = elementRole(ctx, target, written.span)
  if (role !== 'constant') return role
  reportTarget(ctx, written.span, 'a number')
  return null
}

function elementRole(ctx: CheckContext, e: TExpr, span: Span): Exclude<Role, 'mixed'> | 'constant' | null {
  if (e.kind === 'number') return 'constant'
  const id: SymbolId | null = e.kind === 'ref' ? e.symbol : null
  if (id !== null && ctx.latents.has(id)) return 'latent'
  const symbol = id === null ? undefined : ctx.symbols.get(id)
  if (symbol?.kind === 'data') return 'data'
  if (symbol?.kind === 'param') return 'prior'
  if (symbol?.kind === 'const') return 'constant'
  reportTarget(
    ctx,
    span,
    symbol === undefined ? 'an expression' : symbol.kind === 'index' ? 'a loop variable' : `a ${symbol.kind}`,
  )
  return null
}

function reportTarget(ctx: CheckContext, span: Span, what: string): void {
  ctx.report({
    code: 'E239',
    span,
    message: `on the left of \`~\` stands a data, latent or param, but this is ${what}`,
    help: 'solve for the variable, or name it: latent v ~ …, then observe',
  })
}
