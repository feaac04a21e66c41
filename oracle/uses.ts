/** What a model does with its data, as far as random data must go along with it. */
import type { ArrayType, Dim, SymbolId, TExpr, TypedModel } from '../lang/typed/types.js'
import { statementExpressions, visitExpression, visitStatements } from '../lang/typed/visit.js'

/** Numbers that count something else's possibilities (n of a Binomial) and those that weigh rows. */
export interface Uses {
  readonly totals: ReadonlySet<SymbolId>
  readonly weights: ReadonlySet<SymbolId>
  /** Labels that the model compares a level set with. */
  readonly labels: ReadonlyMap<SymbolId, ReadonlySet<string>>
  /** The largest place that the model names of sequences, as 2 in `z[2]`, by their lengths; left out where it is 1. */
  readonly places: ReadonlyMap<SymbolId, number>
}

export function usesOf(model: TypedModel): Uses {
  const totals = new Set<SymbolId>()
  const weights = new Set<SymbolId>()
  const labels = new Map<SymbolId, Set<string>>()
  const refs = (e: TExpr, into: Set<SymbolId>): void =>
    visitExpression(e, (x) => {
      if (x.kind === 'ref') into.add(x.symbol)
    })
  const collectLabels = (e: TExpr): void =>
    visitExpression(e, (x) => {
      if (x.kind !== 'label') return
      const known = labels.get(x.levels)
      if (known === undefined) labels.set(x.levels, new Set([x.value]))
      else known.add(x.value)
    })
  visitStatements(model.statements, (s) => {
    for (const e of statementExpressions(s)) collectLabels(e)
    if (s.kind === 'for' && s.weight !== null) refs(s.weight, weights)
    if (s.kind === 'sample' && s.distribution.kind === 'plain' && s.distribution.name !== 'Multinomial')
      for (const a of s.distribution.arguments) if (a.name === 'n') refs(a.value, totals)
  })
  for (const s of model.symbols) if (s.kind === 'let' || s.kind === 'const') collectLabels(s.value)
  return { totals, weights, labels, places: namedPlaces(model) }
}

function namedPlaces(model: TypedModel): ReadonlyMap<SymbolId, number> {
  const symbols = new Map(model.symbols.map((s) => [s.id, s]))
  const places = new Map<SymbolId, number>()
  const visit = (e: TExpr): void =>
    visitExpression(e, (x) => {
      const s = x.kind === 'ref' ? symbols.get(x.symbol) : undefined
      if (x.kind !== 'ref' || (s?.kind !== 'data' && s?.kind !== 'latent')) return
      const dims = dimensions(s.type)
      x.subscripts.forEach((subscript, i) => {
        const dim = dims[i]
        if (subscript.kind !== 'at' || subscript.index.kind !== 'number' || dim === undefined) return
        for (const id of sizeOf(dim))
          if (subscript.index.value > (places.get(id) ?? 1)) places.set(id, subscript.index.value)
      })
    })
  visitStatements(model.statements, (s) => statementExpressions(s).forEach(visit))
  for (const s of model.symbols) if (s.kind === 'let') visit(s.value)
  return places
}

export function dimensions(type: ArrayType): readonly Dim[] {
  return [...type.batch, ...type.core]
}

export function sizeOf(d: Dim): readonly SymbolId[] {
  return d.size.kind === 'ref' ? [d.size.symbol] : []
}
