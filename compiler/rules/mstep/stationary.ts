import { mul, pow } from '../../algebra/build.js'
import { derivativeByScalar, NotDifferentiable } from '../../algebra/differentiate.js'
import { keyOf } from '../../algebra/key.js'
import type { Expr } from '../../algebra/types.js'
import { collectNodes, rewrite, some } from '../../algebra/visit.js'
import { contribution, paramsRead } from '../../mstep/contributions.js'
import type { Contribution, StationaryStep } from '../../mstep/types.js'
import { onlyParam } from './single.js'
import { type MStepRule, NOT_IN_STATISTICS } from './types.js'

export const STATIONARY_VARIABLE = 'u'

/**
 * One scalar at a time: Σ_i C_i g_i(u), with dQ/du = 0 solved on its support; the root with the largest Q wins, the ends
 * of the support included. Algebraic g_i (logs and powers) have all their stationary points isolated between the roots
 * of the cleared polynomial; transcendental ones (log Γ) are solved by safeguarded Newton from the current value.
 */
export const stationary: MStepRule = {
  id: 'symbolic-stationarity',
  statement:
    'Q in one scalar is Σ C_i g_i(u); u solves Σ C_i g_i′(u) = 0 and is the best such point in its support. Scales v that u goes round with, A log v + B v^p with A linear in u, are profiled out first: A/p (log(−A/(p B)) − 1) takes the place of each',
  citation: 'Press et al. (2007), Numerical Recipes, section 9.4 (safeguarded Newton)',
  apply(block) {
    const p = onlyParam(block)
    if (p === null) return { kind: 'declines', reason: 'the block has several params' }
    if (!['real', 'interval', 'positive', 'nonnegative', 'unit'].includes(p.support))
      return { kind: 'declines', reason: 'the param is not a scalar' }
    if (block.hasRowTerms) return { kind: 'declines', reason: NOT_IN_STATISTICS }
    const terms = new Map<string, { value: Expr; first: Expr; second: Expr; coefficients: Contribution[] }>()
    let algebraic = true
    for (const t of block.terms) {
      const own = mul(...t.blockAtoms.map((a) => pow(a.base, a.power)))
      const refs = collectNodes(
        own,
        (n) => n.kind === 'ref' && (n.space === 'param' || n.space === 'shift') && n.name === p.name,
      )
      const first = refs[0]
      if (first?.kind !== 'ref' || refs.some((r) => keyOf(r) !== keyOf(first)))
        return { kind: 'declines', reason: 'a term joins several of its elements', term: t.monomial }
      const bound = new Set(
        collectNodes(own, (n) => n.kind === 'sum').flatMap((n) => (n.kind === 'sum' ? [n.index.id] : [])),
      )
      if (first.index.some((e) => some(e, (n) => n.kind === 'index' && bound.has(n.var))))
        return { kind: 'declines', reason: 'a term sums over its elements inside one function', term: t.monomial }
      if (first.space === 'shift') return { kind: 'declines', reason: 'it is a location', term: t.monomial }
      const value = rewrite(own, (n) =>
        n.kind === 'ref' && keyOf(n) === keyOf(first) ? { kind: 'index', var: STATIONARY_VARIABLE, name: p.name } : n,
      )
      if (some(value, (n) => n.kind === 'ref' && n.space !== 'size' && n.space !== 'const'))
        return { kind: 'declines', reason: 'a term joins it with another param inside one function', term: t.monomial }
      if (some(value, (n) => n.kind === 'index' && n.var !== STATIONARY_VARIABLE))
        return { kind: 'declines', reason: 'a term depends on its position', term: t.monomial }
      algebraic &&= !some(value, (n) => n.kind === 'call' && n.fn !== 'log')
      try {
        const key = keyOf(value)
        const known = terms.get(key)
        const c = contribution(t.monomial, first.index, t.others)
        if (known !== undefined) known.coefficients.push(c)
        else {
          const d1 = derivativeByScalar(value, STATIONARY_VARIABLE)
          terms.set(key, { value, first: d1, second: derivativeByScalar(d1, STATIONARY_VARIABLE), coefficients: [c] })
        }
      } catch (e) {
        if (!(e instanceof NotDifferentiable)) throw e
        return { kind: 'declines', reason: e.message, term: t.monomial }
      }
    }
    const reads = paramsRead([...terms.values()].flatMap((t) => t.coefficients))
    const step: StationaryStep = {
      kind: 'stationary',
      id: p.name,
      params: [p.name],
      rule: algebraic ? 'symbolic-stationarity' : 'one-dimensional',
      closedForm: algebraic,
      exact: 'joint',
      declined: [],
      dependsOn: reads,
      family: 'one-dimensional',
      terms: [...terms.values()],
      variable: STATIONARY_VARIABLE,
      profiles: [],
    }
    return { kind: 'applies', candidate: { reads, step } }
  },
}
