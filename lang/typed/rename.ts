import type { Domain, Subscript, SymbolId, TExpr } from './types.js'

/** The expression with symbols exchanged for others, e.g. one loop's index variable for another's. */
export function renameSymbols(e: TExpr, names: ReadonlyMap<SymbolId, SymbolId>): TExpr {
  if (names.size === 0) return e
  const go = (part: TExpr): TExpr => renameSymbols(part, names)
  switch (e.kind) {
    case 'number':
    case 'bool':
    case 'constant':
      return e
    case 'label':
      return { ...e, column: e.column === null ? null : go(e.column) }
    case 'ref':
      return { ...e, symbol: names.get(e.symbol) ?? e.symbol, subscripts: renameSubscripts(e.subscripts, names) }
    case 'subscript':
      return { ...e, of: go(e.of), subscripts: renameSubscripts(e.subscripts, names) }
    case 'negate':
    case 'not':
      return { ...e, of: go(e.of) }
    case 'binary':
      return { ...e, left: go(e.left), right: go(e.right) }
    case 'compare':
      return { ...e, left: go(e.left), right: go(e.right) }
    case 'and':
    case 'or':
      return { ...e, left: go(e.left), right: go(e.right) }
    case 'conditional':
      return { ...e, condition: go(e.condition), then: go(e.then), otherwise: go(e.otherwise) }
    case 'call':
      return { ...e, arguments: e.arguments.map(go) }
    case 'vector':
      return { ...e, elements: e.elements.map(go) }
    case 'comprehension':
      return { ...e, domain: renameDomain(e.domain, names), body: go(e.body) }
  }
}

/** The domain with symbols exchanged for others. */
export function renameDomain(domain: Domain, names: ReadonlyMap<SymbolId, SymbolId>): Domain {
  if (domain.kind === 'range')
    return { kind: 'range', from: renameSymbols(domain.from, names), to: renameSymbols(domain.to, names) }
  return { ...domain, column: domain.column === null ? null : renameSymbols(domain.column, names) }
}

function renameSubscripts(
  subscripts: readonly Subscript[],
  names: ReadonlyMap<SymbolId, SymbolId>,
): readonly Subscript[] {
  return subscripts.map((s) => {
    if (s.kind === 'at') return { kind: 'at', index: renameSymbols(s.index, names) }
    if (s.kind === 'all') return s
    const end = (side: TExpr | null): TExpr | null => (side === null ? null : renameSymbols(side, names))
    return { kind: 'slice', from: end(s.from), to: end(s.to) }
  })
}
