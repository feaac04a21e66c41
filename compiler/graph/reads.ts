/** Which symbols expressions and statements read. */
import type { ModelSymbol, SymbolId, TDistribution, TExpr, TStatement, TypedModel } from '../../lang/typed/types.js'

/** Symbol ids that an expression reads, subscripts included. */
export function collectRefs(e: TExpr, out: SymbolId[] = []): readonly SymbolId[] {
  const subscripts = (list: Extract<TExpr, { kind: 'ref' }>['subscripts']): void => {
    for (const s of list) {
      if (s.kind === 'at') collectRefs(s.index, out)
      else if (s.kind === 'slice') for (const x of [s.from, s.to]) if (x !== null) collectRefs(x, out)
    }
  }
  switch (e.kind) {
    case 'ref':
      out.push(e.symbol)
      subscripts(e.subscripts)
      break
    case 'subscript':
      collectRefs(e.of, out)
      subscripts(e.subscripts)
      break
    case 'negate':
    case 'not':
      collectRefs(e.of, out)
      break
    case 'binary':
    case 'compare':
    case 'and':
    case 'or':
      collectRefs(e.left, out)
      collectRefs(e.right, out)
      break
    case 'conditional':
      for (const x of [e.condition, e.then, e.otherwise]) collectRefs(x, out)
      break
    case 'call':
      for (const x of e.arguments) collectRefs(x, out)
      break
    case 'vector':
      for (const x of e.elements) collectRefs(x, out)
      break
    case 'comprehension':
      if (e.domain.kind === 'range') for (const x of [e.domain.from, e.domain.to]) collectRefs(x, out)
      collectRefs(e.body, out)
      break
    default:
  }
  return out
}

/**
 * Names of `?` data whose missing cells are latents: those that are read anywhere but as the left side of their own
 * statement, and those of vectors, where the observed cells of a row tell of the missing ones.
 */
export function cellsOfLatents(
  model: TypedModel,
  symbols: ReadonlyMap<SymbolId, ModelSymbol>,
  isVector: (distribution: string) => boolean,
): ReadonlySet<string> {
  const read = new Set<SymbolId>()
  const mark = (e: TExpr): void => {
    for (const id of collectRefs(e)) read.add(id)
  }
  const markSubscripts = (e: TExpr): void => {
    if (e.kind === 'ref' || e.kind === 'subscript') for (const s of e.subscripts) if (s.kind === 'at') mark(s.index)
    if (e.kind === 'vector') e.elements.forEach(markSubscripts)
  }
  const lets = model.symbols.filter((s) => s.kind === 'let')
  for (const l of lets) mark(l.value)
  const distribution = (d: TDistribution): void => {
    switch (d.kind) {
      case 'plain':
        for (const a of d.arguments) mark(a.value)
        return
      case 'mixture':
        mark(d.weights)
        if (d.components.kind === 'indexed') distribution(d.components.component)
        else d.components.components.forEach(distribution)
        return
      case 'truncated':
      case 'censored':
        distribution(d.of)
        for (const x of [d.low, d.high]) if (x !== null) mark(x)
        return
      case 'custom':
        mark(d.logDensity)
    }
  }
  const visit = (list: readonly TStatement[]): void => {
    for (const s of list) {
      if (s.kind === 'for') {
        if (s.weight !== null) mark(s.weight)
        visit(s.body)
      } else if (s.kind === 'if') {
        mark(s.condition)
        visit(s.then)
        visit(s.otherwise)
      } else if (s.kind === 'sample') {
        markSubscripts(s.target)
        distribution(s.distribution)
        if (s.role === 'data' && hasVector(s.distribution, isVector)) mark(s.target)
      } else if (s.kind === 'observe-equation') {
        mark(s.left)
        mark(s.right)
      } else mark(s.condition)
    }
  }
  visit(model.statements)
  const out = new Set<string>()
  for (const id of read) {
    const s = symbols.get(id)
    if (s?.kind === 'data' && s.type.optional) out.add(s.name)
  }
  return out
}

function hasVector(d: TDistribution, isVector: (distribution: string) => boolean): boolean {
  switch (d.kind) {
    case 'plain':
      return isVector(d.name)
    case 'mixture':
      return d.components.kind === 'indexed'
        ? hasVector(d.components.component, isVector)
        : d.components.components.some((c) => hasVector(c, isVector))
    case 'truncated':
    case 'censored':
      return hasVector(d.of, isVector)
    case 'custom':
      return false
  }
}
