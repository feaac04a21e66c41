/**
 * What lets the density of an observed value grow without bound: what is left of its logarithm without the terms that
 * are never positive and those that are free of parameters. With nothing left it has an upper bound, and where that is
 * so for all observed values the likelihood has one as well, a mean of products of densities over the latents.
 */
import { call, literal, mul, splitCoefficient } from '../algebra/build.js'
import { keyOf } from '../algebra/key.js'
import { matrixSlice } from '../algebra/matrices.js'
import type { Expr, ScalarFunction } from '../algebra/types.js'
import { some, substituteIndex } from '../algebra/visit.js'
import type { Facts } from './facts.js'

/** A parameter that enters as c log(parameter) and beside that only where it lowers the density. */
export interface Scale {
  readonly param: string
  readonly index: readonly Expr[]
  /** The density grows with it, as with a precision; else as it shrinks. */
  readonly grows: boolean
}

export type Growth =
  /** Never above 1: the logarithm has no positive term. */
  | { readonly kind: 'probability' }
  /** `unlessZero`: a coefficient that is made from data stands against the logarithm, and must not be 0. */
  | { readonly kind: 'bounded'; readonly unlessZero: boolean }
  | { readonly kind: 'scales'; readonly scales: readonly Scale[] }
  | { readonly kind: 'other'; readonly scales: readonly Scale[] }

type Ref = Extract<Expr, { kind: 'ref' }>

const LOG_PROBABILITIES: ReadonlySet<ScalarFunction> = new Set([
  'logPhi',
  'logPhiBetween',
  'logGammaP',
  'logGammaQ',
  'logBetaI',
  'logStudentCdf',
  'log1mexp',
  'logLogistic',
])

/** Growth of a log density, as a function of params and of latents of any value. */
export function growthOf(logDensity: Expr, facts: Facts): Growth {
  const terms = termsOf(logDensity, facts)
  const left = terms.filter((t) => !isNonpositive(t, facts))
  if (left.length === 0) return { kind: 'probability' }
  const growing = left.filter((t) => !isKnown(t))
  if (growing.length === 0) return { kind: 'bounded', unlessZero: false }
  const scales: Scale[] = []
  let held = 0
  for (const t of growing) {
    const own = logarithmOf(t, facts)
    if (own === null) continue
    const { ref, grows } = own
    const others = terms.filter((o) => o !== t && readsArray(o, ref.name))
    if (others.some((o) => growing.includes(o) && logarithmOf(o, facts)?.ref.name !== ref.name)) continue
    if (others.some((o) => standsAgainst(o, ref, grows, facts))) held++
    else scales.push({ param: ref.name, index: ref.index, grows })
  }
  if (held === growing.length) return { kind: 'bounded', unlessZero: true }
  return { kind: held + scales.length === growing.length ? 'scales' : 'other', scales }
}

/** The sum as single terms: numbers in front are multiplied in, logarithms split, and of conditions each side counts. */
function termsOf(e: Expr, facts: Facts): readonly Expr[] {
  switch (e.kind) {
    case 'add':
      return e.terms.flatMap((t) => termsOf(t, facts))
    case 'sum':
      return termsOf(e.body, facts).map((body) => ({ ...e, body }))
    case 'case':
      return [...termsOf(e.then, facts), ...termsOf(e.otherwise, facts)]
    case 'call': {
      const [of] = e.args
      if (e.fn !== 'log' || of === undefined || !facts.isNonnegative(of)) return [e]
      if (of.kind === 'mul' && of.factors.every((f) => facts.isNonnegative(f)))
        return of.factors.flatMap((f) => termsOf(call('log', f), facts))
      return of.kind === 'pow' && facts.isNonnegative(of.base)
        ? [mul({ kind: 'num', value: of.exponent }, call('log', of.base))]
        : [e]
    }
    case 'mul': {
      const { coefficient, rest } = splitCoefficient(e)
      if (rest === null || !['add', 'sum', 'case', 'call'].includes(rest.kind)) return [e]
      return termsOf(rest, facts).map((t) => scaled(coefficient, t))
    }
    default:
      return [e]
  }
}

const scaled = (by: Expr, e: Expr): Expr => (e.kind === 'sum' ? { ...e, body: scaled(by, e.body) } : mul(by, e))

/** Known when data is bound: it reads neither params nor latents of any value. */
const isKnown = (e: Expr): boolean =>
  !some(e, (n) => n.kind === 'ref' && (n.space === 'param' || n.space === 'latent')) &&
  !some(e, (n) => (n.kind === 'inverse' || n.kind === 'logdet') && !isKnown(n.of.element))

const readsArray = (e: Expr, name: string): boolean =>
  some(
    e,
    (n) =>
      (n.kind === 'ref' && n.name === name) ||
      ((n.kind === 'inverse' || n.kind === 'logdet') && readsArray(n.of.element, name)),
  )

function isNonpositive(e: Expr, facts: Facts): boolean {
  if (e.kind === 'sum') return isNonpositive(e.body, facts) || (isQuadratic(e) && leadingNumber(e) < 0)
  if (isLogProbability(e, facts)) return true
  if (e.kind !== 'mul') return (literal(e) ?? 1) <= 0
  const number = literal(splitCoefficient(e).coefficient) ?? 1
  const factors = e.factors.filter((f) => literal(f) === null)
  const below = factors.filter((f) => isLogProbability(f, facts))
  const rest = factors.filter((f) => !below.includes(f))
  if (!rest.every((f) => isNonnegative(f, facts))) return false
  return below.length === 1 ? number >= 0 : below.length === 0 && number <= 0
}

/** The logarithm of a probability, of a param or of a tail. */
const isLogProbability = (e: Expr, facts: Facts): boolean =>
  e.kind === 'call' &&
  (LOG_PROBABILITIES.has(e.fn) ||
    (e.fn === 'log' && e.args[0] !== undefined && isAtMostOne(e.args[0], facts) && facts.isNonnegative(e.args[0])))

/** 1 − e ≥ 0, whatever the values. */
const isAtMostOne = (e: Expr, facts: Facts): boolean =>
  (literal(e) ?? 2) <= 1 ||
  facts.isNonnegative({
    kind: 'add',
    terms: [{ kind: 'num', value: { n: 1, d: 1 } }, mul({ kind: 'num', value: { n: -1, d: 1 } }, e)],
  })

function isNonnegative(e: Expr, facts: Facts): boolean {
  if (facts.isNonnegative(e)) return true
  switch (e.kind) {
    case 'sum':
      return isNonnegative(e.body, facts) || (isQuadratic(e) && leadingNumber(e) > 0)
    case 'mul':
      return e.factors.every((f) => isNonnegative(f, facts))
    case 'add':
      return e.terms.every((f) => isNonnegative(f, facts))
    case 'pow':
      return isNonnegative(e.base, facts)
    case 'call':
      return (e.fn === 'log1p' || e.fn === 'power') && e.args.slice(0, 1).every((a) => isNonnegative(a, facts))
    default:
      return false
  }
}

/** number · Σ_i Σ_j a_i (inverse of a matrix)_ij a_j. */
function isQuadratic(e: Expr): boolean {
  if (e.kind !== 'sum' || e.body.kind !== 'sum' || e.body.body.kind !== 'mul') return false
  const [row, column] = [e.index, e.body.index]
  const factors = e.body.body.factors.filter((f) => literal(f) === null)
  const inverse = factors.find((f) => f.kind === 'inverse')
  const [a, b, ...more] = factors.filter((f) => f !== inverse)
  if (inverse?.kind !== 'inverse' || a === undefined || more.length > 0) return false
  const ends = [keyOf(inverse.row), keyOf(inverse.column)].sort().join()
  const own = [row, column].map((v) => keyOf({ kind: 'index', var: v.id, name: v.name })).sort()
  if (ends !== own.join()) return false
  // a square of one thing is written as a power where it does not depend on the index
  if (b === undefined) return false
  const turned = substituteIndex(
    a,
    new Map([
      [row.id, { kind: 'index', var: column.id, name: column.name }],
      [column.id, { kind: 'index', var: row.id, name: row.name }],
    ]),
  )
  return keyOf(turned) === keyOf(b)
}

function leadingNumber(e: Expr): number {
  if (e.kind === 'sum') return leadingNumber(e.body)
  return literal(splitCoefficient(e).coefficient) ?? 1
}

/** A number of any sign, or known and not negative. */
const isWeight = (e: Expr, facts: Facts): boolean => literal(e) !== null || (isKnown(e) && isNonnegative(e, facts))

/** c log(param) or c log|param|, c a number or known: the param and whether c is positive. */
function logarithmOf(e: Expr, facts: Facts): { readonly ref: Ref; readonly grows: boolean } | null {
  if (e.kind === 'sum') return logarithmOf(e.body, facts)
  const factors = e.kind === 'mul' ? e.factors : [e]
  const logs = factors.filter((f) => f.kind === 'logdet' || (f.kind === 'call' && f.fn === 'log'))
  const [own] = logs
  if (logs.length !== 1 || own === undefined || !factors.every((f) => f === own || isWeight(f, facts))) return null
  const of = own.kind === 'logdet' ? (matrixSlice(own.of)?.ref ?? null) : own.kind === 'call' ? own.args[0] : null
  if (of?.kind !== 'ref' || of.space !== 'param') return null
  return { ref: of, grows: (literal(splitCoefficient(e).coefficient) ?? 1) > 0 }
}

/** −B·param^a, B known: it falls faster than c log(param) can rise. */
function standsAgainst(e: Expr, ref: Ref, grows: boolean, facts: Facts): boolean {
  if (e.kind === 'sum') return standsAgainst(e.body, ref, grows, facts)
  if (e.kind !== 'mul' || (literal(splitCoefficient(e).coefficient) ?? 1) >= 0) return false
  const own = e.factors.filter((f) => readsArray(f, ref.name))
  const [power] = own
  if (own.length !== 1 || power === undefined || !e.factors.every((f) => f === power || isWeight(f, facts)))
    return false
  const [base, exponent] = power.kind === 'pow' ? [power.base, power.exponent.n] : [power, 1]
  return keyOf(base) === keyOf(ref) && exponent > 0 === grows
}
