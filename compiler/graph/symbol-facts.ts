/** What the declared types say of the numbers that an expression can be. */
import type { ArrayType, ModelSymbol, SymbolId } from '../../lang/typed/types.js'
import { literal } from '../algebra/build.js'
import { isNonnegative } from '../algebra/signs.js'
import type { Expr } from '../algebra/types.js'
import { some } from '../algebra/visit.js'

export interface SymbolFacts {
  /** true where an expression is ≥ 0 whatever the data. */
  isNonnegative(e: Expr): boolean
  /** true where an expression is a whole number whatever the data. */
  isWhole(e: Expr): boolean
  /** true where an expression reads data that may be infinite. */
  mayBeInfinite(e: Expr): boolean
}

type Ref = Extract<Expr, { kind: 'ref' }>

const NONNEGATIVE = ['positive', 'nonnegative', 'unit', 'simplex', 'count', 'bool', 'category']
const WHOLE = ['int', 'count', 'bool', 'category']

/** `bounds` are the data that may be infinite. */
export function symbolFacts(symbols: ReadonlyMap<SymbolId, ModelSymbol>, bounds: ReadonlySet<SymbolId>): SymbolFacts {
  const typeOf = (r: Ref): ArrayType | null => {
    const s = symbols.get(r.space === 'const' ? r.name : `${r.space}:${r.name}`)
    if (s?.kind === 'const') return s.held ?? null
    return s?.kind === 'data' || s?.kind === 'param' || s?.kind === 'latent' ? s.type : null
  }
  const fromZero = (r: Ref): boolean => {
    if (r.space === 'size') return true
    const support = typeOf(r)?.support
    if (support?.kind === 'interval') return support.low.kind === 'number' && support.low.value >= 0
    return support !== undefined && NONNEGATIVE.includes(support.kind)
  }
  const largest = (e: Expr): number | null => {
    const support = e.kind === 'ref' ? typeOf(e)?.support : undefined
    if (support?.kind === 'unit' || support?.kind === 'simplex' || support?.kind === 'bool') return 1
    return support?.kind === 'interval' && support.high.kind === 'number' ? support.high.value : null
  }
  const isWhole = (e: Expr): boolean => {
    const value = literal(e)
    if (value !== null) return Number.isInteger(value)
    switch (e.kind) {
      case 'index':
        return true
      case 'add':
        return e.terms.every(isWhole)
      case 'mul':
        return e.factors.every(isWhole)
      case 'ref':
        return e.space === 'size' || WHOLE.includes(typeOf(e)?.support.kind ?? 'real')
      default:
        return false
    }
  }
  return {
    isNonnegative: (e) => isNonnegative(e, (r) => (fromZero(r) ? 'positive' : 'unknown'), largest),
    isWhole,
    mayBeInfinite: (e) => some(e, (n) => n.kind === 'ref' && n.space === 'data' && bounds.has(`data:${n.name}`)),
  }
}
