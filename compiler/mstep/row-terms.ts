/** Parts of Q that no finite set of statistics carries: put together per factor, so that a pass over the rows is cheap. */
import { add, exp, literal, mul, ONE, sameExpr } from '../algebra/build.js'
import { guardKey, keyOf } from '../algebra/key.js'
import { type Atom, type Monomial, monomialsToExpr } from '../algebra/monomial.js'
import type { Expr } from '../algebra/types.js'
import { freeIndices, guardChildren } from '../algebra/visit.js'
import type { RowTerm } from './types.js'

/** Range of the values of a discrete latent. */
export interface ValueRange {
  readonly low: Expr
  readonly high: Expr
}

/**
 * Terms over rows from the monomials of one factor. Exponentials of one monomial are joined (their product may neither
 * overflow nor underflow where a factor does), posterior probabilities of a latent that nothing else reads add up to 1,
 * and monomials that differ in their weights alone are one.
 */
export function joinRowTerms(
  monomials: readonly Monomial[],
  ranges: ReadonlyMap<string, ValueRange>,
  paramsOf: (e: Expr) => readonly string[],
  source: number,
): readonly RowTerm[] {
  const groups = new Map<string, Monomial[]>()
  for (const raw of monomials) {
    const m = withoutCertainLoops({ ...raw, atoms: joinExponentials(raw.atoms) }, ranges)
    const key = [
      m.loops.map((l) => l.id).join(','),
      m.guards.map(guardKey).sort().join(','),
      m.atoms
        .map((a) => `${keyOf(a.base)}^${a.power.n}/${a.power.d}`)
        .sort()
        .join(' '),
    ].join(' | ')
    groups.set(key, [...(groups.get(key) ?? []), m])
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    if (first === undefined) return []
    const coefficient = addWeights(group.map((m) => m.coefficient))
    if (literal(coefficient) === 0) return []
    const expr = monomialsToExpr([{ ...first, coefficient }])
    return [{ expr, params: paramsOf(expr), reason: 'data and params do not separate into a product', source }]
  })
}

/** Π exp(z_i)^q_i = exp(Σ q_i z_i). */
function joinExponentials(atoms: readonly Atom[]): readonly Atom[] {
  const isExp = (a: Atom): boolean => a.base.kind === 'call' && a.base.fn === 'exp'
  const own = atoms.filter(isExp)
  if (own.length < 2) return atoms
  const exponent = add(
    ...own.map((a) =>
      mul({ kind: 'num', value: a.power }, (a.base.kind === 'call' ? a.base.args[0] : undefined) ?? ONE),
    ),
  )
  return [...atoms.filter((a) => !isExp(a)), { base: exp(exponent), power: { n: 1, d: 1 } }]
}

/** Σ_k P(z = k | data) = 1, where nothing else reads k. */
function withoutCertainLoops(m: Monomial, ranges: ReadonlyMap<string, ValueRange>): Monomial {
  let { coefficient } = m
  const loops = m.loops.filter((l) => {
    const reads = (e: Expr): boolean => freeIndices(e).has(l.id)
    const factors = coefficient.kind === 'mul' ? coefficient.factors : [coefficient]
    const own = factors.filter(reads)
    const [only] = own
    if (own.length !== 1 || only?.kind !== 'probability') return true
    if (m.atoms.some((a) => reads(a.base)) || m.guards.some((g) => guardChildren(g).some(reads))) return true
    if (m.loops.some((o) => o !== l && (reads(o.from) || reads(o.to)))) return true
    const [it] = only.of
    if (it === undefined || only.of.length !== 1 || it.value.kind !== 'index' || it.index.some(reads)) return true
    const range = ranges.get(it.latent)
    if (range === undefined || !sameExpr(range.low, l.from) || !sameExpr(range.high, l.to)) return true
    coefficient = mul(...factors.filter((f) => f !== only))
    return false
  })
  return { ...m, loops, coefficient }
}

/** Σ of products, with the factors that all of them share taken out. */
function addWeights(weights: readonly Expr[]): Expr {
  const factorsOf = (e: Expr): readonly Expr[] => (e.kind === 'mul' ? e.factors : [e])
  const [first, ...others] = weights
  if (first === undefined || others.length === 0) return first ?? ONE
  const shared = factorsOf(first).filter(
    (f) => literal(f) === null && others.every((o) => factorsOf(o).some((x) => keyOf(x) === keyOf(f))),
  )
  const keys = new Set(shared.map(keyOf))
  const rest = weights.map((w) => mul(...factorsOf(w).filter((f) => !keys.has(keyOf(f)))))
  return mul(...shared, add(...rest))
}
