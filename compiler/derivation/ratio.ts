/** Fractions, with what their two sides share cancelled. */
import { add, caseOf, isOne, isZero, literal, mul, num, pow, splitCoefficient } from '../algebra/build.js'
import { keyOf } from '../algebra/key.js'
import type { Expr } from '../algebra/types.js'
import { some } from '../algebra/visit.js'

/** Both without the factors that every term of both has. */
export function cancelled(top: Expr, bottom: Expr, numbers: boolean): { readonly top: Expr; readonly bottom: Expr } {
  const shared = commonFactors([...termsOf(top), ...termsOf(bottom)]).filter((f) => numbers || literal(f) === null)
  const less = (e: Expr): Expr => add(...termsOf(e).map((t) => mul(t, ...shared.map((f) => pow(f, -1)))))
  return { top: less(top), bottom: less(bottom) }
}

/** top / bottom, with the factors that every term of both shares cancelled. */
export function ratio(top: Expr, bottom: Expr): Expr {
  const shorter = cancelled(top, bottom, true)
  // −A / (1 − T) is A / (T − 1)
  const [a, b] = startsNegative(shorter.bottom)
    ? [mul(num(-1), shorter.top), mul(num(-1), shorter.bottom)]
    : [shorter.top, shorter.bottom]
  return literal(b) === 1 ? a : { kind: 'mul', factors: [a, { kind: 'pow', base: b, exponent: { n: -1, d: 1 } }] }
}

/**
 * The value of an update, where conditions that every term of both sides shares hold: elsewhere nothing reads the
 * element, which stays as it was.
 */
export function whereRead(value: Expr, top: Expr, bottom: Expr, previous: Expr): Expr {
  return commonFactors([...termsOf(top), ...termsOf(bottom)]).reduce(
    (e, f) => (f.kind === 'case' && isOne(f.then) && isZero(f.otherwise) ? caseOf(f.when, e, previous) : e),
    value,
  )
}

export const termsOf = (e: Expr): readonly Expr[] => (e.kind === 'add' ? e.terms : [e])

/** true where all terms but a number are negative, and count things: 1 − T. */
const startsNegative = (e: Expr): boolean => {
  const parts = termsOf(e).map(splitCoefficient)
  const named = parts.filter((p) => p.rest !== null)
  return (
    named.length > 0 &&
    named.length < parts.length &&
    named.every(
      (p) =>
        (literal(p.coefficient) ?? 1) < 0 &&
        p.rest !== null &&
        !some(p.rest, (n) => n.kind === 'ref' && n.space !== 'size'),
    )
  )
}

/** Factors that occur in each term: powers of refs and inverses, and a common numeric factor. */
function commonFactors(terms: readonly Expr[]): readonly Expr[] {
  const lists = terms.filter((t) => !isZero(t)).map((t) => (t.kind === 'mul' ? t.factors : [t]))
  const [first, ...others] = lists
  if (first === undefined) return []
  const symbolic = first.filter((f) => literal(f) === null && others.every((l) => l.some((g) => keyOf(g) === keyOf(f))))
  const numbers = lists.map(
    (l) =>
      l.flatMap((f) =>
        f.kind === 'num' ? [f.value] : f.kind === 'float' ? [{ n: Math.sign(f.value), d: 1 }] : [],
      )[0] ?? { n: 1, d: 1 },
  )
  const n = numbers.reduce((g, x) => gcd(g, Math.abs(x.n)), 0)
  const d = numbers.reduce((l, x) => (l * x.d) / gcd(l, x.d), 1)
  const sign = numbers.every((x) => x.n < 0) ? -1 : 1
  return [...symbolic, ...(n === d && sign === 1 ? [] : [num(sign * n, d)])]
}

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b))
