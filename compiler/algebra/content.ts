/** The number and the sign that the terms of a sum share: ½ x − ½ m is ½ (x − m), and m − x is −(x − m). */
import { literal, mul, num, ONE, pow, splitCoefficient } from './build.js'
import type { Expr } from './types.js'
import { some } from './visit.js'

/** What a product is as number · factors, where no sum among the factors has a number or a sign for all its terms. */
export function splitContent(factors: readonly Expr[]): { readonly number: Expr; readonly factors: readonly Expr[] } {
  const numbers = factors.map((f) => (literal(f) === null ? contentOf(f) : f))
  return {
    number: mul(...numbers),
    factors: factors.flatMap((f, i) => (literal(f) === null ? [mul(pow(numbers[i] ?? ONE, -1), f)] : [])),
  }
}

/** The number before every term of a sum, up to sign; the sign is that of the first term that reads data or a latent. */
export function contentOf(e: Expr): Expr {
  if (e.kind !== 'add') return ONE
  const parts = e.terms.map(splitCoefficient)
  const sizes = parts.map((p) => Math.abs(literal(p.coefficient) ?? 1))
  const first = parts[0]?.coefficient
  if (first === undefined || parts.some((p) => p.rest === null && p.coefficient.kind !== 'num')) return ONE
  const lead = parts.find((p) => p.rest !== null && some(p.rest, readsRow)) ?? parts[0]
  const negative = (literal(lead?.coefficient ?? ONE) ?? 1) < 0
  const alike = sizes.every((x) => x === sizes[0]) && first.kind === 'num'
  const size = alike && first.kind === 'num' ? num(Math.abs(first.value.n), first.value.d) : ONE
  return negative ? mul(num(-1), size) : size
}

const readsRow = (e: Expr): boolean => e.kind === 'ref' && (e.space === 'data' || e.space === 'latent')
