import { literal } from './build.js'
import type { Expr } from './types.js'

/** What is known of the sign of a param, datum or constant: `positive` includes a zero at the edge of its support. */
export type Sign = 'positive' | 'unknown'

/** Signs of references, by array. */
export type SignOf = (e: Extract<Expr, { kind: 'ref' }>) => Sign

/**
 * true where an expression is ≥ 0 for every value in the supports. `upper` tells which references are at most 1, so that
 * 1 − p is known to be ≥ 0.
 */
export function isNonnegative(e: Expr, signOf: SignOf, atMost: (e: Expr) => number | null): boolean {
  const value = literal(e)
  if (value !== null) return value >= 0
  switch (e.kind) {
    case 'constant':
      return true
    case 'index':
      return true
    case 'ref':
      return signOf(e) === 'positive'
    case 'add':
      return e.terms.every((t) => isNonnegative(t, signOf, atMost)) || boundedBelow(e.terms, signOf, atMost)
    case 'mul':
      return e.factors.every((f) => isNonnegative(f, signOf, atMost))
    case 'pow':
      return (e.exponent.d === 1 && e.exponent.n % 2 === 0) || isNonnegative(e.base, signOf, atMost)
    case 'call':
      return e.fn === 'exp' || e.fn === 'abs' || e.fn === 'Phi' || e.fn === 'logistic'
    case 'sum':
      return isNonnegative(e.body, signOf, atMost)
    case 'case':
      return isNonnegative(e.then, signOf, atMost) && isNonnegative(e.otherwise, signOf, atMost)
    default:
      return false
  }
}

/** c − Σ a·u with u at most its bound: the smallest value is still ≥ 0. */
function boundedBelow(terms: readonly Expr[], signOf: SignOf, atMost: (e: Expr) => number | null): boolean {
  let low = 0
  for (const t of terms) {
    const value = literal(t)
    if (value !== null) {
      low += value
      continue
    }
    const first = t.kind === 'mul' ? t.factors[0] : undefined
    const c = first === undefined ? null : literal(first)
    if (c !== null && c < 0 && t.kind === 'mul') {
      const rest = t.factors.slice(1)
      const bounds = rest.map((f) => (isNonnegative(f, signOf, () => null) ? atMost(f) : null))
      if (bounds.some((b) => b === null)) return false
      low += c * bounds.reduce<number>((a, b) => a * (b ?? 1), 1)
    } else if (!isNonnegative(t, signOf, atMost)) return false
  }
  return low >= -1e-12
}
