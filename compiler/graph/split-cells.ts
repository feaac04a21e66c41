/** Cells whose probability is a polynomial, split into latent cells. */
import type { Span } from '../../lang/source.js'
import type { ModelSymbol, SymbolId } from '../../lang/typed/types.js'
import { caseOf, compare, idx, literal, mul, num, ref, ZERO } from '../algebra/build.js'
import type { Expr } from '../algebra/types.js'
import { some } from '../algebra/visit.js'
import type { Distribution, Tensor } from '../distributions/types.js'
import { type IndexSupply, unrollSums } from './tensors.js'
import type { Constraint, CountLatent, Loop } from './types.js'

export interface SplitCells {
  /** Log density over the cells after the split. */
  readonly value: Expr
  readonly latents: readonly CountLatent[]
  /** The observed count of a split cell is the sum of its parts. */
  readonly constraints: readonly Constraint[]
}

const SUBSCRIPTS = ['₁', '₂', '₃', '₄', '₅', '₆', '₇', '₈', '₉'] as const

/**
 * A Multinomial cell whose probability is a sum of non-negative monomials is split into latent cells, one per monomial
 * (Dempster, Laird and Rubin 1977, section 4.1.1): the count of the cell is their sum. null where no cell is one.
 */
export function splitCells(
  distribution: Distribution,
  value: Tensor,
  args: ReadonlyMap<string, Tensor>,
  place: { readonly loops: readonly Loop[]; readonly span: Span },
  symbols: ReadonlyMap<SymbolId, ModelSymbol>,
  supply: IndexSupply,
): SplitCells | null {
  const p = args.get('p')
  if (distribution.signature.name !== 'Multinomial' || p === undefined) return null
  const cells = literal(value.dims[0]?.size ?? ZERO) ?? literal(p.dims[0]?.size ?? ZERO)
  if (cells === null) return null
  const values: Expr[] = []
  const probabilities: Expr[] = []
  const latents: CountLatent[] = []
  const constraints: Constraint[] = []
  const { loops, span } = place
  const index = loops.map((l) => idx(l.index))
  for (let i = 1; i <= cells; i++) {
    const probability = p.at([num(i)])
    const count = value.at([num(i)])
    const monomials = positiveMonomials(probability, symbols)
    if (monomials === null || count.kind !== 'ref' || count.space !== 'data') {
      values.push(count)
      probabilities.push(probability)
      continue
    }
    const parts = monomials.map((m, k) => {
      const name = `${count.name}${SUBSCRIPTS[k] ?? `_${k + 1}`}`
      latents.push({ kind: 'count', name, loops, domain: null, span })
      probabilities.push(m)
      values.push(ref('latent', name, index))
      return { latent: name, index, coefficient: { n: 1, d: 1 } }
    })
    constraints.push({ loops, terms: parts, total: count, span })
  }
  if (constraints.length === 0) return null
  const density = distribution.logDensity(listed(values), new Map([['p', listed(probabilities)]]), {
    index: (name, size) => supply.fresh(name, size),
  })
  return { value: unrollSums(density), latents, constraints }
}

/** A vector given element by element. */
function listed(elements: readonly Expr[]): Tensor {
  return {
    dims: [{ size: num(elements.length) }],
    at: ([i]) => {
      const position = i === undefined ? null : literal(i)
      if (position !== null) return elements[position - 1] ?? ZERO
      return elements.reduceRight<Expr>(
        (otherwise, e, k) => caseOf(compare('==', i ?? ZERO, num(k + 1)), e, otherwise),
        ZERO,
      )
    },
  }
}

function positiveMonomials(e: Expr, symbols: ReadonlyMap<SymbolId, ModelSymbol>): readonly Expr[] | null {
  if (e.kind !== 'add' || e.terms.length < 2) return null
  const hasParam = some(e, (n) => n.kind === 'ref' && n.space === 'param')
  return hasParam && e.terms.every((t) => isPositiveMonomial(t, symbols)) ? e.terms : null
}

function isPositiveMonomial(e: Expr, symbols: ReadonlyMap<SymbolId, ModelSymbol>): boolean {
  const value = literal(e)
  if (value !== null) return value >= 0
  if (e.kind === 'mul') return e.factors.every((f) => isPositiveMonomial(f, symbols))
  if (e.kind === 'pow') return isPositiveMonomial(e.base, symbols)
  const param = (x: Expr) => (x.kind === 'ref' && x.space === 'param' ? symbols.get(`param:${x.name}`) : undefined)
  if (e.kind === 'ref') {
    const s = param(e)
    if (s?.kind !== 'param') return false
    const { support } = s.type
    if (support.kind === 'interval') return support.low.kind === 'number' && support.low.value >= 0
    return ['positive', 'nonnegative', 'unit', 'simplex'].includes(support.kind)
  }
  // 1 − p of a probability
  if (e.kind === 'add' && e.terms.length === 2) {
    const one = e.terms.find((t) => literal(t) === 1)
    const other = e.terms.find((t) => t !== one)
    if (one === undefined || other === undefined) return false
    const s = param(mul(num(-1), other))
    return s?.kind === 'param' && ['unit', 'simplex'].includes(s.type.support.kind)
  }
  return false
}
