/** Columns of data that serve one purpose only, which decides what their cells may be. */
import type { ModelSymbol, SymbolId, TDistribution, TExpr, TypedModel } from '../../lang/typed/types.js'
import {
  children,
  distributionExpressions,
  statementExpressions,
  subscriptExpressions,
  visitStatements,
} from '../../lang/typed/visit.js'
import { collectRefs } from './reads.js'

export interface ColumnUse {
  /** Data that stand in an index position of latents only. */
  readonly latentKeys: ReadonlySet<SymbolId>
  /** Data that serve as bounds of a truncation, a censoring or an observed condition only: they may be infinite. */
  readonly bounds: ReadonlySet<SymbolId>
}

export function columnUse(model: TypedModel, symbols: ReadonlyMap<SymbolId, ModelSymbol>): ColumnUse {
  const latent = new Set<string>()
  const bounds = new Set<string>()
  const other = new Set<string>()
  const expression = (e: TExpr, asBound = false): void => {
    if (e.kind !== 'ref') {
      for (const child of children(e)) expression(child, asBound)
      return
    }
    const isLatent = symbols.get(e.symbol)?.kind === 'latent'
    for (const index of subscriptExpressions(e.subscripts))
      for (const id of collectRefs(index)) (isLatent ? latent : other).add(id)
    const role = asBound ? bounds : other
    role.add(e.symbol)
  }
  const distribution = (d: TDistribution): void => {
    if (d.kind === 'truncated' || d.kind === 'censored') {
      distribution(d.of)
      for (const e of [d.low, d.high]) if (e !== null) expression(e, true)
    } else for (const e of distributionExpressions(d)) expression(e)
  }
  for (const s of model.symbols) if (s.kind === 'let' || s.kind === 'const') expression(s.value)
  visitStatements(model.statements, (s) => {
    if (s.kind === 'sample') {
      // the left side of a value that lies between two only names the row
      expression(s.target, s.distribution.kind === 'censored' && s.distribution.mode === 'between')
      distribution(s.distribution)
    } else for (const e of statementExpressions(s)) expression(e, s.kind === 'observe-condition')
  })
  const isData = (id: string): boolean => symbols.get(id)?.kind === 'data'
  return {
    latentKeys: new Set([...latent].filter((id) => !other.has(id) && !bounds.has(id) && isData(id))),
    bounds: new Set([...bounds].filter((id) => !other.has(id) && !latent.has(id) && isData(id))),
  }
}
