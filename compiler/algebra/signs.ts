import { literal, splitCoefficient } from './build.js'
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
    case 'probability':
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
      return ['exp', 'abs', 'Phi', 'logistic', 'besselRatioSlope', 'inverseMills', 'digammaDelta', 'log1pexp'].includes(
        e.fn,
      )
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
    const { coefficient, rest } = splitCoefficient(t)
    const c = literal(coefficient) ?? 1
    if (rest === null) low += c
    else if (c < 0) {
      const bound = isNonnegative(rest, signOf, atMost) ? upperBound(rest, signOf, atMost) : null
      if (bound === null) return false
      low += c * bound
    } else if (!isNonnegative(rest, signOf, atMost)) return false
  }
  return low >= -1e-12
}

/** A number that a non-negative expression cannot pass, or null. */
function upperBound(e: Expr, signOf: SignOf, atMost: (e: Expr) => number | null): number | null {
  const value = literal(e)
  if (value !== null) return value
  switch (e.kind) {
    case 'ref':
      return atMost(e)
    case 'pow': {
      const base = e.exponent.n > 0 && isNonnegative(e.base, signOf, atMost) ? upperBound(e.base, signOf, atMost) : null
      return base === null ? null : base ** (e.exponent.n / e.exponent.d)
    }
    case 'mul':
      return e.factors.reduce<number | null>((acc, f) => {
        const b = isNonnegative(f, signOf, atMost) ? upperBound(f, signOf, atMost) : null
        return acc === null || b === null ? null : acc * b
      }, 1)
    case 'add':
      return e.terms.reduce<number | null>((acc, t) => {
        const { coefficient, rest } = splitCoefficient(t)
        const c = literal(coefficient) ?? 1
        if (acc === null || rest === null) return acc === null ? null : acc + c
        if (!isNonnegative(rest, signOf, atMost)) return null
        const b = c < 0 ? 0 : upperBound(rest, signOf, atMost)
        return b === null ? null : acc + c * b
      }, 0)
    default:
      return null
  }
}
