/** What a model does with each of its data when it is run forwards: draws it, computes it, or takes it as given. */
import type { SymbolId, TExpr, TypedModel } from '../../lang/typed/types.js'
import { visitStatements } from '../../lang/typed/visit.js'
import { usesOf } from '../../oracle/uses.js'

export interface DataRoles {
  /** On the left of `~`, or alone on a side of an observed equation. */
  readonly drawn: ReadonlySet<SymbolId>
  /** Frequencies of rows (`weight w[n]`): simulated rows count once. */
  readonly weights: ReadonlySet<SymbolId>
  /** Everything else: covariates, bounds, keys of groups. */
  readonly given: ReadonlySet<SymbolId>
}

export function dataRoles(model: TypedModel): DataRoles {
  const data = new Set(model.symbols.flatMap((s) => (s.kind === 'data' ? [s.id] : [])))
  const drawn = new Set<SymbolId>()
  const add = (e: TExpr): void => {
    if (e.kind === 'vector') e.elements.forEach(add)
    else if (e.kind === 'ref' && data.has(e.symbol)) drawn.add(e.symbol)
  }
  visitStatements(model.statements, (s) => {
    if (s.kind === 'sample' && s.role !== 'prior') add(s.target)
  })
  visitStatements(model.statements, (s) => {
    if (s.kind !== 'observe-equation') return
    add(s.left)
    add(s.right)
  })
  const weights = new Set([...usesOf(model).weights].filter((id) => data.has(id) && !drawn.has(id)))
  return { drawn, weights, given: new Set([...data].filter((id) => !drawn.has(id) && !weights.has(id))) }
}
