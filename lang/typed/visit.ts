/** Walks over expressions, distributions and statements of the typed model. */
import type { Domain, Subscript, SymbolId, TDistribution, TExpr, TStatement } from './types.js'

/** The expressions of a domain. */
export function domainExpressions(domain: Domain): readonly TExpr[] {
  if (domain.kind === 'range') return [domain.from, domain.to]
  return domain.column === null ? [] : [domain.column]
}

/** The expressions that stand in subscripts. */
export function subscriptExpressions(subscripts: readonly Subscript[]): readonly TExpr[] {
  const found: TExpr[] = []
  for (const subscript of subscripts) {
    if (subscript.kind === 'at') found.push(subscript.index)
    if (subscript.kind === 'slice') {
      if (subscript.from !== null) found.push(subscript.from)
      if (subscript.to !== null) found.push(subscript.to)
    }
  }
  return found
}

/** The direct parts of an expression, in order of the text. */
export function children(e: TExpr): readonly TExpr[] {
  switch (e.kind) {
    case 'number':
    case 'bool':
    case 'constant':
      return []
    case 'label':
      return e.column === null ? [] : [e.column]
    case 'ref':
      return subscriptExpressions(e.subscripts)
    case 'subscript':
      return [e.of, ...subscriptExpressions(e.subscripts)]
    case 'negate':
    case 'not':
      return [e.of]
    case 'binary':
    case 'compare':
    case 'and':
    case 'or':
      return [e.left, e.right]
    case 'conditional':
      return [e.then, e.condition, e.otherwise]
    case 'call':
      return e.arguments
    case 'vector':
      return e.elements
    case 'comprehension':
      return [e.body, ...domainExpressions(e.domain)]
  }
}

/** Calls `visit` with the expression and all its parts, the whole before its parts. */
export function visitExpression(e: TExpr, visit: (e: TExpr) => void): void {
  visit(e)
  for (const child of children(e)) visitExpression(child, visit)
}

/** The expressions of a distribution, those of nested distributions and domains included. */
export function distributionExpressions(d: TDistribution): readonly TExpr[] {
  switch (d.kind) {
    case 'plain':
      return d.arguments.map((argument) => argument.value)
    case 'mixture':
      return d.components.kind === 'indexed'
        ? [d.weights, ...domainExpressions(d.components.domain), ...distributionExpressions(d.components.component)]
        : [d.weights, ...d.components.components.flatMap(distributionExpressions)]
    case 'truncated':
    case 'censored':
      return [...distributionExpressions(d.of), d.low, d.high].filter((e): e is TExpr => e !== null)
    case 'custom':
      return [d.logDensity]
  }
}

/** The expressions of one statement, without those of the statements in it. */
export function statementExpressions(statement: TStatement): readonly TExpr[] {
  switch (statement.kind) {
    case 'for':
      return [...domainExpressions(statement.domain), ...(statement.weight === null ? [] : [statement.weight])]
    case 'if':
      return [statement.condition]
    case 'sample':
      return [statement.target, ...distributionExpressions(statement.distribution)]
    case 'observe-equation':
      return [statement.left, statement.right]
    case 'observe-condition':
      return [statement.condition]
  }
}

/** Calls `visit` with each statement, in order of the file, the outer before the inner. */
export function visitStatements(statements: readonly TStatement[], visit: (statement: TStatement) => void): void {
  for (const statement of statements) {
    visit(statement)
    if (statement.kind === 'for') visitStatements(statement.body, visit)
    if (statement.kind === 'if') {
      visitStatements(statement.then, visit)
      visitStatements(statement.otherwise, visit)
    }
  }
}

/** The symbols that an expression mentions, index variables that it binds itself left out. */
export function freeSymbols(e: TExpr): ReadonlySet<SymbolId> {
  const found = new Set<SymbolId>()
  collectFree(e, new Set(), found)
  return found
}

function collectFree(e: TExpr, bound: ReadonlySet<SymbolId>, found: Set<SymbolId>): void {
  if (e.kind === 'ref' && !bound.has(e.symbol)) found.add(e.symbol)
  if (e.kind === 'comprehension') {
    for (const part of domainExpressions(e.domain)) collectFree(part, bound, found)
    collectFree(e.body, new Set([...bound, e.index]), found)
    return
  }
  for (const child of children(e)) collectFree(child, bound, found)
}
