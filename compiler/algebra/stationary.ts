/**
 * Stationary distributions of chains as expressions: π P = π and π 𝟙 = 1 give π (I − P + 𝟙𝟙ᵀ) = 𝟙ᵀ, so that
 * π = 𝟙ᵀ (I − P + 𝟙𝟙ᵀ)⁻¹, a generalised inverse of I − P with all of its derivatives (Schweitzer 1968; Golub and
 * Meyer 1986, SIAM Journal on Algebraic and Discrete Methods 7, section 2).
 */
import { add, caseOf, compare, idx, isOne, isZero, literal, neg, ONE, splitCoefficient, ZERO } from './build.js'
import type { Expr, MatrixRef } from './types.js'

/** I − P + 𝟙𝟙ᵀ of a matrix P. */
export function generator(of: MatrixRef): MatrixRef {
  const same = compare('==', idx(of.row), idx(of.column))
  return { ...of, element: add(caseOf(same, ONE, ZERO), neg(of.element), ONE) }
}

/** P and the place of Σ_i ((I − P + 𝟙𝟙ᵀ)⁻¹)_i,place, where an expression is that: an element of a stationary distribution. */
export function stationaryOf(e: Expr): { readonly of: MatrixRef; readonly at: Expr } | null {
  if (e.kind !== 'sum' || e.body.kind !== 'inverse') return null
  const { of, row, column } = e.body
  if (row.kind !== 'index' || row.var !== e.index.id || of.element.kind !== 'add') return null
  const { terms } = of.element
  const unit = terms.find((t) => t.kind === 'case' && isOne(t.then) && isZero(t.otherwise))
  const rest = terms.filter((t) => t !== unit && !isOne(t))
  const [chain] = rest
  if (unit?.kind !== 'case' || unit.when.kind !== 'compare' || chain === undefined) return null
  const { operator, left, right } = unit.when
  const named = [left, right].map((x) => (x.kind === 'index' ? x.var : ''))
  if (operator !== '==' || !named.includes(of.row.id) || !named.includes(of.column.id)) return null
  const isStep = rest.length === 1 && terms.some(isOne) && literal(splitCoefficient(chain).coefficient) === -1
  return isStep ? { of: { ...of, element: neg(chain) }, at: column } : null
}
