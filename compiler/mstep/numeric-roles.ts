/**
 * What params of a numerical M-step are to the data: where they say the data lie and how far they spread. Closed forms
 * know it from their family; here it is read off the residual, data − location, that the density squares.
 */
import { literal, splitCoefficient } from '../algebra/build.js'
import type { Expr, ScalarFunction } from '../algebra/types.js'
import { children, collectNodes } from '../algebra/visit.js'
import type { LiftedFactor } from '../graph/lift.js'
import type { NumericRole, Spread } from './types.js'

/** Functions of tails: no family has them as its statistics. */
export const TAIL_FUNCTIONS: ReadonlySet<ScalarFunction> = new Set([
  'logPhi',
  'logPhiBetween',
  'logGammaP',
  'logGammaQ',
  'logBetaI',
  'logStudentCdf',
  'log1mexp',
])

type Ref = Extract<Expr, { kind: 'ref' }>

/** Roles of the given params, at most one each. */
export function numericRoles(lifted: readonly LiftedFactor[], names: ReadonlySet<string>): readonly NumericRole[] {
  const out = new Map<string, NumericRole>()
  for (const { factor, expr } of lifted) {
    if (factor.role !== 'likelihood' || factor.target.space !== 'data') continue
    const data = factor.target.name
    const inPower = new Set(
      collectNodes(expr, (n) => n.kind === 'call' && n.fn === 'log1p').flatMap((n) => collectNodes(n, () => true)),
    )
    for (const node of collectNodes(expr, (n) => n.kind === 'add' || n.kind === 'mul')) {
      const residual = residualOf(node, data)
      if (residual !== null)
        for (const p of residual.locations)
          if (names.has(p)) out.set(p, { param: p, role: 'location', data, logged: residual.logged })
      const spread = spreadOfProduct(node, data)
      if (spread !== null && names.has(spread.ref.name) && isOnlyScale(expr, spread.ref.name, node))
        out.set(spread.ref.name, {
          param: spread.ref.name,
          role: spread.kind,
          data,
          logged: spread.logged,
          ...(inPower.has(node) ? { heavy: true } : {}),
        })
    }
  }
  return [...out.values()]
}

/** data − param, or log(data) − param, among other terms. */
function residualOf(e: Expr, data: string): { readonly locations: readonly string[]; readonly logged: boolean } | null {
  if (e.kind !== 'add') return null
  for (const t of e.terms) {
    const { coefficient, rest } = splitCoefficient(t)
    const logged = rest?.kind === 'call' && rest.fn === 'log'
    const of = logged ? rest.args[0] : rest
    const sign = literal(coefficient)
    if (of?.kind !== 'ref' || of.space !== 'data' || of.name !== data || (sign !== 1 && sign !== -1)) continue
    const locations = e.terms.flatMap((other) => {
      const part = splitCoefficient(other)
      const isOwn = part.rest?.kind === 'ref' && part.rest.space === 'param' && literal(part.coefficient) === -sign
      return isOwn && part.rest?.kind === 'ref' ? [part.rest.name] : []
    })
    return { locations, logged }
  }
  return null
}

/** residual² · s^−2, · s^−1 or · s; in a tail, where the residual is standardised, residual · s^−1, · s^−½ or · s^½. */
function spreadOfProduct(
  e: Expr,
  data: string,
): { readonly ref: Ref; readonly kind: Spread['kind']; readonly logged: boolean } | null {
  if (e.kind !== 'mul') return null
  for (const [i, square] of e.factors.entries()) {
    const isSquare = square.kind === 'pow' && square.exponent.n === 2 && square.exponent.d === 1
    const residual = residualOf(isSquare ? square.base : square, data)
    if (residual === null) continue
    for (const [j, f] of e.factors.entries()) {
      const { base, exponent } = f.kind === 'pow' ? f : { base: f, exponent: { n: 1, d: 1 } }
      const power = (exponent.n / exponent.d) * (isSquare ? 1 : 2)
      const kind = power === -2 ? 'sd' : power === -1 ? 'variance' : power === 1 ? 'precision' : null
      if (i !== j && base.kind === 'ref' && base.space === 'param' && kind !== null)
        return { ref: base, kind, logged: residual.logged }
    }
  }
  return null
}

/** true where a param occurs beside the product only in logarithms and in functions of tails. */
function isOnlyScale(e: Expr, param: string, product: Expr): boolean {
  if (e === product) return true
  if (e.kind === 'call' && (e.fn === 'log' || TAIL_FUNCTIONS.has(e.fn))) return true
  if (e.kind === 'ref') return e.space !== 'param' || e.name !== param
  return children(e).every((c) => isOnlyScale(c, param, product))
}
