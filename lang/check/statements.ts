/** Statements: loops, branches, `~`, `let`, `observe`, in order of the file. */
import type * as ast from '../ast/types.js'
import type { LetSymbol, TExpr, TStatement } from '../typed/types.js'
import { domainExpressions, freeSymbols } from '../typed/visit.js'
import { requireNumeric } from './arithmetic.js'
import type { CheckContext } from './context.js'
import { reportTwice } from './globals.js'
import { readsOf, requireKnown } from './knowledge.js'
import { declareLatents } from './latents.js'
import { openLoop } from './loops.js'
import { requireBool } from './operators.js'
import { numericValue } from './ranges.js'
import { type BranchStep, branchScope, exportNames, findName, type Scope } from './scope.js'
import { checkSample, type SampleRecord, wholeSample } from './targets.js'
import { compareDims, describeValue } from './value-types.js'

/** What is found on the way, for the checks that need the whole file. */
export interface StatementLog {
  readonly samples: SampleRecord[]
}

/** A block's statements. */
export function checkStatements(
  ctx: CheckContext,
  statements: readonly ast.Statement[],
  scope: Scope,
  log: StatementLog,
): readonly TStatement[] {
  return statements.flatMap((statement) => checkStatement(ctx, statement, scope, log))
}

function checkStatement(
  ctx: CheckContext,
  statement: ast.Statement,
  scope: Scope,
  log: StatementLog,
): readonly TStatement[] {
  switch (statement.kind) {
    case 'const':
    case 'fn':
      if (scope !== ctx.root) reportPlace(ctx, statement.kind, statement.name)
      return []
    case 'declaration':
      return checkDeclaration(ctx, statement, scope, log)
    case 'let':
      checkLet(ctx, statement, scope)
      return []
    case 'sample': {
      const checked = checkSample(ctx, statement, scope)
      if (checked === null) return []
      log.samples.push({ statement: checked, path: scope.path, loops: scope.loops })
      return [checked]
    }
    case 'observe':
      return checkObserve(ctx, statement, scope)
    case 'for':
      return checkFor(ctx, statement, scope, log)
    case 'if':
      return checkIf(ctx, statement, scope, log)
  }
}

function reportPlace(ctx: CheckContext, kind: string, name: ast.Identifier): void {
  ctx.report({
    code: 'E223',
    span: name.span,
    message: `\`${name.name}\`: ${kind} stands outside of every block`,
    help: kind === 'const' ? 'move it to the top of the file, or write let' : 'move it to the top of the file',
  })
}

function checkDeclaration(
  ctx: CheckContext,
  statement: Extract<ast.Statement, { kind: 'declaration' }>,
  scope: Scope,
  log: StatementLog,
): readonly TStatement[] {
  if (statement.role === 'latent') {
    const found = declareLatents(ctx, statement, scope)
    for (const sample of found) log.samples.push({ statement: sample, path: scope.path, loops: scope.loops })
    return found
  }
  if (scope !== ctx.root) {
    for (const { name } of statement.names) {
      reportPlace(ctx, statement.role, name)
      scope.names.set(name.name, { kind: 'broken' })
    }
    return []
  }
  const written = statement.names.flatMap(({ indices }) => indices)
  if (written[0] !== undefined) {
    ctx.report({
      code: 'E238',
      span: written[0].span,
      message: `${statement.role} is declared whole, with its sizes in its type`,
      help: `write ${statement.role} name : real[N]`,
    })
    return []
  }
  const { distribution } = statement
  if (distribution === null) return []
  return statement.names.flatMap(({ name }) => {
    const sample = wholeSample(ctx, name, distribution, statement.span, scope)
    if (sample === null) return []
    log.samples.push({ statement: sample, path: scope.path, loops: scope.loops })
    return [sample]
  })
}

function checkLet(ctx: CheckContext, statement: Extract<ast.Statement, { kind: 'let' }>, scope: Scope): void {
  const { name } = statement
  const value = ctx.expression(statement.value, scope)
  const own = scope.names.get(name.name)
  const taken =
    own ?? (findName(scope, name.name)?.kind === 'latent' ? findName(scope, name.name) : ctx.global(name.name))
  if (taken !== undefined) {
    const span =
      taken.kind === 'symbol'
        ? taken.symbol.span
        : taken.kind === 'latent' || taken.kind === 'let'
          ? taken.record.span
          : name.span
    if (taken.kind !== 'broken') reportTwice(ctx, name, span)
    return
  }
  const id = ctx.freshId('let', name.name)
  const free = value === null ? new Set<string>() : freeSymbols(value)
  const kept = scope.loops.map((loop) => free.has(loop.id))
  scope.names.set(name.name, {
    kind: 'let',
    record: { id, name: name.name, span: name.span, loops: scope.loops, kept, value },
  })
  if (value === null) return
  const symbol: LetSymbol = {
    kind: 'let',
    id,
    name: name.name,
    span: name.span,
    indices: scope.loops.filter((_, i) => kept[i] === true).map((loop) => loop.id),
    value,
    topLevel: scope.loops.length === 0 && scope.path.length === 0,
  }
  ctx.symbols.set(id, symbol)
}

function checkFor(
  ctx: CheckContext,
  statement: Extract<ast.Statement, { kind: 'for' }>,
  scope: Scope,
  log: StatementLog,
): readonly TStatement[] {
  const opened = openLoop(ctx, statement.index, statement.domain, scope)
  const { domain, id } = opened.frame
  for (const e of domainExpressions(domain)) requireKnown(ctx, e, statement.domain.span, 'E233', 'the range of a loop')
  const hidden = findName(scope, statement.index.name) ?? ctx.global(statement.index.name)
  if (hidden?.kind === 'symbol' || hidden?.kind === 'latent' || hidden?.kind === 'let')
    ctx.report({
      code: 'W505',
      span: statement.index.span,
      message: `inside of this loop \`${statement.index.name}\` is the loop's variable and hides ${hidden.kind === 'symbol' ? hidden.symbol.kind : hidden.kind} \`${statement.index.name}\``,
    })
  const weight = statement.weight === null ? null : checkWeight(ctx, statement.weight, opened.scope)
  const body = checkStatements(ctx, statement.body, opened.scope, log)
  exportNames(opened.scope)
  return [{ kind: 'for', span: statement.span, index: id, domain, weight, body }]
}

function checkWeight(ctx: CheckContext, written: ast.Expression, scope: Scope): TExpr | null {
  const weight = ctx.expression(written, scope)
  if (weight === null) return null
  const value = numericValue(ctx, weight)
  if (weight.type.dims.length > 0 || weight.type.element === 'label' || (value !== null && value < 0)) {
    ctx.report({
      code: 'E236',
      span: written.span,
      message: `a weight is a number that is not negative, but this is ${value === null ? describeValue(weight.type) : value}`,
    })
    return null
  }
  return requireKnown(ctx, weight, written.span, 'E236', 'a weight') ? weight : null
}

function checkIf(
  ctx: CheckContext,
  statement: Extract<ast.Statement, { kind: 'if' }>,
  scope: Scope,
  log: StatementLog,
): readonly TStatement[] {
  const condition = ctx.expression(statement.condition, scope)
  const good = condition !== null && requireBool(ctx, condition, statement.condition.span)
  const step = (branch: BranchStep['branch']): Scope => branchScope(scope, { branchOf: statement.span.start, branch })
  const then = checkStatements(ctx, statement.then, step('then'), log)
  const otherwise = statement.otherwise === null ? [] : checkStatements(ctx, statement.otherwise, step('else'), log)
  return condition !== null && good ? [{ kind: 'if', span: statement.span, condition, then, otherwise }] : []
}

function checkObserve(
  ctx: CheckContext,
  statement: Extract<ast.Statement, { kind: 'observe' }>,
  scope: Scope,
): readonly TStatement[] {
  const { fact, span } = statement
  if (fact.kind === 'condition') {
    const condition = ctx.expression(fact.condition, scope)
    if (condition === null) return []
    if (condition.type.element !== 'bool' && fact.condition.kind !== 'binary') {
      ctx.report({
        code: 'E237',
        span: fact.condition.span,
        message: 'observe takes an equation or a condition',
        help: 'write observe data = latents, or observe latent <= data',
      })
      return []
    }
    if (!requireBool(ctx, condition, fact.condition.span)) return []
    if (readsOf(ctx, condition).latent) return [{ kind: 'observe-condition', span, condition }]
    ctx.report({ code: 'E237', span, message: 'this fact is about no latent, so it tells nothing' })
    return []
  }
  const left = ctx.expression(fact.left, scope)
  const right = ctx.expression(fact.right, scope)
  if (left === null || right === null) return []
  const numeric = [requireNumeric(ctx, left, fact.left.span), requireNumeric(ctx, right, fact.right.span)]
  if (numeric.includes(false)) return []
  if (compareDims(ctx, left.type.dims, right.type.dims) === 'different') {
    ctx.report({
      code: 'E203',
      span,
      message: `the two sides of the equation are ${describeValue(left.type)} and ${describeValue(right.type)}`,
    })
    return []
  }
  const sides = [readsOf(ctx, left).latent, readsOf(ctx, right).latent]
  if (sides[0] !== sides[1]) return [{ kind: 'observe-equation', span, left, right }]
  ctx.report({
    code: 'E237',
    span,
    message:
      sides[0] === true
        ? 'there are latents on both sides of this equation'
        : 'this equation is about no latent, so it tells nothing',
    help: 'an observed equation has data on one side and latents on the other: observe h = a + b',
  })
  return []
}
