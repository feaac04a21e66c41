/** Rows that a frequency weight counts several times: each of the copies is a row of its own, which may be held out. */
import type { SymbolId, TExpr, TStatement, TypedModel } from '../../lang/typed/types.js'
import { statementExpressions, visitExpression, visitStatements } from '../../lang/typed/visit.js'
import type { BoundData } from '../../runtime/data/types.js'
import { rowSize } from '../take-rows.js'
import type { Units } from './units.js'

/** The column that counts rows, and how often each row is there. */
export interface CountedRows {
  readonly name: string
  readonly size: SymbolId
  readonly copies: ArrayLike<number>
}

/** Copies are dealt one by one. */
const MOST_COPIES = 10_000_000

/**
 * null where rows count once, where weights are no whole numbers, or where they are read as anything but weights: a row is
 * then held out as it is.
 */
export function countedRows(model: TypedModel, data: BoundData, { units, word }: Units): CountedRows | null {
  const weights = new Set(model.statements.filter(hasRows).map(weightOf))
  const [id] = weights
  if (word !== 'row' || weights.size !== 1 || id === null || id === undefined) return null
  const symbol = model.symbols.find((s) => s.id === id)
  const size = symbol?.kind === 'data' ? rowSize(symbol) : null
  const copies = symbol === undefined ? undefined : data.arrays.get(symbol.name)?.values
  if (symbol === undefined || size === null || copies === undefined || isRead(model, id)) return null
  if (!units.every((u) => u.size === 1 && u.has(size))) return null
  let total = 0
  for (const w of copies) {
    if (!Number.isInteger(w) || w < 0) return null
    total += w
  }
  return total > MOST_COPIES ? null : { name: symbol.name, size, copies }
}

/** The data that is the weight of an outermost loop, row by row. */
function weightOf(s: TStatement): SymbolId | null {
  if (s.kind !== 'for' || s.weight?.kind !== 'ref') return null
  const [at, ...others] = s.weight.subscripts
  const own = at?.kind === 'at' && at.index.kind === 'ref' && at.index.symbol === s.index && others.length === 0
  return own ? s.weight.symbol : null
}

/** true where a statement is about data or latents, and not about params alone. */
function hasRows(statement: TStatement): boolean {
  let found = false
  visitStatements([statement], (s) => {
    found ||= s.kind === 'observe-equation' || s.kind === 'observe-condition'
    found ||= s.kind === 'sample' && s.role !== 'prior'
  })
  return found
}

function isRead(model: TypedModel, id: SymbolId): boolean {
  let found = false
  const visit = (e: TExpr): void =>
    visitExpression(e, (part) => {
      found ||= part.kind === 'ref' && part.symbol === id
    })
  visitStatements(model.statements, (s) => {
    for (const e of statementExpressions(s)) if (s.kind !== 'for' || e !== s.weight || weightOf(s) !== id) visit(e)
  })
  for (const s of model.symbols) if (s.kind === 'let' || s.kind === 'const') visit(s.value)
  return found
}
