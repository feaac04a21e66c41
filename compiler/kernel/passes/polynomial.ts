import * as k from '../build.js'
import type { Axis, KExpr } from '../types.js'
import { mapAxis, mapChildren } from '../visit.js'

/** coefficient · Π factors, summed over `sums`. Rows change the factors and not the coefficient. */
export interface Term {
  readonly coefficient: KExpr
  readonly sums: readonly Axis[]
  readonly factors: readonly KExpr[]
  /** An exact zero among what is multiplied makes the term 0, whatever the rest is. */
  readonly zeroWins: boolean
}

export interface Expansion {
  readonly terms: readonly Term[]
  /** A product was distributed over a sum, so that terms may be larger than what they add up to. */
  readonly distributed: boolean
}

export interface Expanding {
  /** true where rows change a value. */
  varies(expr: KExpr): boolean
  /** What is taken as one factor although it is a sum or a product, with a number in front; null: look inside. */
  leaf(expr: KExpr): { readonly sign: 1 | -1; readonly factor: KExpr } | null
  fresh(prefix: string): string
}

const MOST_TERMS = 64

/**
 * An expression as a polynomial in what rows change: sums, products, small powers, sums over axes of fixed extent and
 * choices that no row makes are expanded; anything else is a factor as it stands. null: more than 64 terms.
 */
export function expand(expr: KExpr, by: Expanding): Expansion | null {
  if (!by.varies(expr)) return fixed(expr)
  const leaf = by.leaf(expr)
  if (leaf !== null) return { terms: [term(k.num(leaf.sign), [leaf.factor])], distributed: false }
  switch (expr.k) {
    case 'add':
      return sumOf(expr.args, by)
    case 'sub':
      return sumOf([expr.left, k.neg(expr.right)], by)
    case 'neg':
      return scaled(expand(expr.of, by), (c) => k.neg(c))
    case 'mul':
    case 'mul0':
      return productOf(expr.args, expr.k === 'mul0', by)
    case 'pow':
      if (expr.exponent !== 2) return opaque(expr)
      return productOf([expr.base, expr.base], false, by)
    case 'div': {
      const { right } = expr
      return by.varies(right) ? opaque(expr) : scaled(expand(expr.left, by), (c) => k.div(c, right))
    }
    case 'select': {
      const { when } = expr
      if (by.varies(when)) return opaque(expr)
      const then = scaled(expand(expr.then, by), (c) => k.select(when, c, k.num(0)))
      const otherwise = scaled(expand(expr.otherwise, by), (c) => k.select(when, k.num(0), c))
      return joined([then, otherwise])
    }
    case 'reduce': {
      if (expr.kind !== 'sum' || expr.axis.ragged !== undefined) return opaque(expr)
      const axis = { ...expr.axis, id: by.fresh('over') }
      const body = expand(withAxis(expr.body, expr.axis.id, axis.id), by)
      return body === null ? null : { ...body, terms: collected(body.terms.map((t) => summed(t, axis))) }
    }
    default:
      return opaque(expr)
  }
}

const term = (coefficient: KExpr, factors: readonly KExpr[]): Term => ({
  coefficient,
  sums: [],
  factors,
  zeroWins: false,
})
const fixed = (expr: KExpr): Expansion => ({
  terms: k.isNumber(expr, 0) ? [] : [term(expr, [])],
  distributed: false,
})
const opaque = (expr: KExpr): Expansion => ({ terms: [term(k.num(1), [expr])], distributed: false })
const summed = (t: Term, axis: Axis): Term => ({ ...t, sums: [...t.sums, axis] })

function scaled(of: Expansion | null, change: (coefficient: KExpr) => KExpr): Expansion | null {
  return of && { ...of, terms: of.terms.map((t) => ({ ...t, coefficient: change(t.coefficient) })) }
}

function joined(parts: readonly (Expansion | null)[]): Expansion | null {
  const terms: Term[] = []
  let distributed = false
  for (const part of parts) {
    if (part === null) return null
    terms.push(...part.terms)
    distributed ||= part.distributed
  }
  return terms.length > MOST_TERMS ? null : { terms: collected(terms), distributed }
}

/** What no row changes is put together first: x − (μ − c) has one constant, which is small where x − c and x − μ are. */
function sumOf(nested: readonly KExpr[], by: Expanding): Expansion | null {
  const args = nested.flatMap((arg) => (arg.k === 'add' && by.leaf(arg) === null ? arg.args : [arg]))
  const constant = k.add(...args.filter((arg) => !by.varies(arg)))
  return joined([...args.filter((arg) => by.varies(arg)).map((arg) => expand(arg, by)), fixed(constant)])
}

function productOf(args: readonly KExpr[], zeroWins: boolean, by: Expanding): Expansion | null {
  const parts: Expansion[] = []
  for (const arg of args) {
    const part = expand(arg, by)
    if (part === null) return null
    parts.push(part)
  }
  const sums = parts.filter((part) => part.terms.length > 1).length
  const single = parts.filter((part) => part.terms.length === 1 && !isNumber(part)).length
  const distributed = parts.some((part) => part.distributed) || sums > 1 || (sums === 1 && single > 0)
  const times = zeroWins ? k.mul0 : k.mul
  let terms: readonly Term[] = [{ ...term(k.num(1), []), zeroWins }]
  for (const part of parts) {
    if (terms.length * part.terms.length > MOST_TERMS) return null
    terms = terms.flatMap((a) =>
      part.terms.map(
        (b): Term => ({
          coefficient: times(a.coefficient, b.coefficient),
          sums: [...a.sums, ...b.sums],
          factors: [...a.factors, ...b.factors],
          zeroWins: a.zeroWins || b.zeroWins,
        }),
      ),
    )
  }
  return { terms: collected(terms), distributed }
}

const isNumber = ({ terms: [only] }: Expansion): boolean => only?.factors.length === 0 && only.coefficient.k === 'num'

/** Terms without factors as one. */
function collected(terms: readonly Term[]): readonly Term[] {
  const constants = terms.filter((t) => t.factors.length === 0)
  if (constants.length < 2 && constants.every((t) => t.sums.length === 0)) return terms
  const one = k.add(...constants.map(closed))
  return [...terms.filter((t) => t.factors.length > 0), ...fixed(one).terms]
}

/** The coefficient of a term, summed over what its factors do not have. */
export function closed({ coefficient, sums }: Pick<Term, 'coefficient' | 'sums'>): KExpr {
  return sums.reduceRight((body, axis) => k.sum(axis, body), coefficient)
}

/** An expression with another axis in place of one that it has free. */
export function withAxis(expr: KExpr, from: string, to: string): KExpr {
  if (expr.k === 'axis') return expr.axis === from ? k.axis(to) : expr
  const rename = (part: KExpr): KExpr => withAxis(part, from, to)
  if (expr.k === 'reduce' && expr.axis.id === from) return { ...expr, axis: mapAxis(expr.axis, rename) }
  return mapChildren(expr, rename)
}

export function withAxes(expr: KExpr, names: ReadonlyMap<string, string>): KExpr {
  // by way of names that nothing has, so that axes may change places
  const steps = [...names]
  const away = steps.reduce((e, [from], i) => withAxis(e, from, `\u0000${i}`), expr)
  return steps.reduce((e, [, to], i) => withAxis(e, `\u0000${i}`, to), away)
}
