/** Lays an expression out for printing: the part that text and LaTeX share. */
import { literal, mul, num, splitCoefficient } from './build.js'
import {
  type Display,
  type GuardDisplay,
  integer,
  type PrintOptions,
  type Signed,
  sideBySide,
  whole,
} from './display.js'
import { inverseOf, type RaiseContext, raiseMatrix, raiseMatrixRef, raiseScalar, raiseVector } from './raise.js'
import { mulRational } from './rational.js'
import { stationaryOf } from './stationary.js'
import type { Expr, Guard, IndexVar, Indicator, MatrixRef, Rational } from './types.js'
import { children, freeIndices } from './visit.js'

export function toDisplay(e: Expr, options: PrintOptions): Display {
  const scope: Scope = { options, letters: freeLetters(e) }
  return whole(signed(e, scope))
}

/** An expression with one or two indices free as the vector or matrix over them; null where it has no such form. */
export function toTensorDisplay(e: Expr, over: readonly string[], options: PrintOptions): Display | null {
  const scope: Scope = { options, letters: freeLetters(e) }
  const [i, j] = over
  if (i === undefined) return whole(signed(e, scope))
  const raised = j === undefined ? raiseVector(e, i, raising(scope)) : raiseMatrix(e, i, j, raising(scope))
  return raised === null ? null : whole(raised)
}

interface Scope {
  readonly options: PrintOptions
  /** How each index variable in scope is written, by id. */
  readonly letters: ReadonlyMap<string, Display & { kind: 'index' }>
}

/** e as a term with its sign outside. */
function signed(e: Expr, scope: Scope): Signed {
  switch (e.kind) {
    case 'num':
      return { negative: e.value.n < 0, term: { kind: 'number', value: { n: Math.abs(e.value.n), d: e.value.d } } }
    case 'float':
      return { negative: e.value < 0, term: { kind: 'float', value: Math.abs(e.value) } }
    case 'add':
      return withCommonFactor(e, scope) ?? sumOf(e.terms.map((t) => signed(t, scope)))
    case 'mul':
      return scaled(e.factors, [], scope)
    case 'pow':
      return e.exponent.n < 0 ? scaled([e], [], scope) : plain(powerOf(signed(e.base, scope), e.exponent))
    case 'sum': {
      const stationary = stationaryOf(e)
      if (stationary !== null) {
        const of: Display = { kind: 'apply', fn: 'stationary', args: [matrix(stationary.of, scope)] }
        return plain({ kind: 'element', of, subscripts: [shown(stationary.at, scope)] })
      }
      return (
        (scope.options.sums === 'plain' ? null : raiseScalar(e, raising(scope))) ??
        bigSum(e, scope, (inner) => signed(e.body, inner))
      )
    }
    default:
      return plain(atom(e, scope))
  }
}

const plain = (term: Display): Signed => ({ negative: false, term })
const shown = (e: Expr, scope: Scope): Display => whole(signed(e, scope))

type Atomic = Exclude<Expr, { kind: 'num' | 'float' | 'add' | 'mul' | 'pow' | 'sum' }>

function atom(e: Atomic, scope: Scope): Display {
  switch (e.kind) {
    case 'constant':
      return e
    case 'index':
      return scope.letters.get(e.var) ?? { kind: 'index', name: e.name, primes: 0 }
    case 'ref':
      return array(e, e.index, scope)
    case 'call':
      return callOf(e, scope)
    case 'case':
      return caseOf(e, scope)
    case 'inverse': {
      const subscripts = [shown(e.row, scope), shown(e.column, scope)]
      return { kind: 'element', of: inverseOf(matrix(e.of, scope)), subscripts }
    }
    case 'logdet':
      return { kind: 'apply', fn: 'log', args: [{ kind: 'enclosed', by: 'abs', of: matrix(e.of, scope) }] }
    case 'probability': {
      const own = scope.options.probability?.(e) ?? null
      return own === null ? probability(e, scope) : { kind: 'verbatim', text: own }
    }
    case 'expect':
      return expectation(e.of, shown(e.body, scope), scope)
    case 'mean': {
      const own = scope.options.mean?.(e) ?? null
      if (own !== null) return { kind: 'verbatim', text: own }
      return { kind: 'expectation', of: symbol(e.latent, e.index, scope), given: [] }
    }
  }
}

function symbol(name: string, index: readonly Expr[], scope: Scope): Display {
  return { kind: 'symbol', name, subscripts: index.map((i) => shown(i, scope)), mark: 'none' }
}

/** A ref with the indices that are to be written. */
function array(e: Expr & { kind: 'ref' }, index: readonly Expr[], scope: Scope): Display {
  const own = e.space === 'stat' && index.length === e.index.length ? (scope.options.stat?.(e) ?? null) : null
  if (own !== null) return { kind: 'verbatim', text: own }
  const subscripts = index.map((i) => shown(i, scope))
  const mark = e.space === 'pivot' ? 'old' : e.space === 'shift' ? 'shift' : 'none'
  const read: Display = { kind: 'symbol', name: e.name, subscripts, mark }
  return e.space === 'observed' ? { kind: 'observed', of: read } : read
}

/** r_{nk} for one indicator z_n = k, else P(z_n = k, w_n = l | data). */
function probability(e: Expr & { kind: 'probability' }, scope: Scope): Display {
  const [first] = e.of
  if (e.of.length === 1 && first !== undefined) {
    const subscripts = [...first.index, first.value].map((i) => shown(i, scope))
    return { kind: 'element', of: { kind: 'symbol', name: 'r', subscripts: [], mark: 'none' }, subscripts }
  }
  return {
    kind: 'probability',
    of: e.of.map((i) => ({ latent: symbol(i.latent, i.index, scope), value: shown(i.value, scope) })),
  }
}

/** E[body] without indicators, else r_nk E[body | z_n = k]. */
function expectation(of: readonly Indicator[], body: Display, scope: Scope): Display {
  const given = of.map(
    (i): GuardDisplay => ({
      kind: 'relation',
      operator: '==',
      left: symbol(i.latent, i.index, scope),
      right: shown(i.value, scope),
    }),
  )
  const expected: Display = { kind: 'expectation', of: body, given }
  return given.length === 0 || scope.options.given === 'conditional'
    ? expected
    : sideBySide([atom({ kind: 'probability', of }, scope), expected])
}

function callOf(e: Expr & { kind: 'call' }, scope: Scope): Display {
  const args = e.args.map((a) => shown(a, scope))
  const [a = integer(0), b = integer(0)] = args
  switch (e.fn) {
    case 'abs':
    case 'floor':
    case 'ceil':
      return { kind: 'enclosed', by: e.fn, of: a }
    case 'sqrt':
      return { kind: 'root', of: a }
    case 'power':
      return { kind: 'power', base: a, exponent: b }
    case 'log1p':
      return { kind: 'apply', fn: 'log', args: [whole(sumOf([plain(integer(1)), ...termsOf(a)]))] }
    case 'expm1':
      return whole(minus(applied('exp', a), integer(1)))
    case 'lgammaDelta':
    case 'digammaDelta': {
      const fn = e.fn === 'lgammaDelta' ? 'lgamma' : 'digamma'
      return whole(minus(applied(fn, whole(sumOf([...termsOf(a), ...termsOf(b)]))), applied(fn, a)))
    }
    case 'inverseMills':
      return { kind: 'fraction', top: applied('phi', a), bottom: applied('Phi', a) }
    case 'logPhiBetween':
      return applied('log', whole(minus(applied('Phi', b), applied('Phi', a))))
    case 'log1pexp':
      return { kind: 'apply', fn: 'log', args: [whole(sumOf([plain(integer(1)), plain(applied('exp', a))]))] }
    case 'logBesselI0e':
      return applied(
        'log',
        sideBySide([
          applied('exp', whole(sumOf([{ negative: true, term: { kind: 'enclosed', by: 'abs', of: a } }]))),
          applied('besselI0', a),
        ]),
      )
    case 'besselRatio':
      return { kind: 'fraction', top: applied('besselI1', a), bottom: applied('besselI0', a) }
    case 'log1mexp':
      return applied('log', whole(minus(integer(1), applied('exp', a))))
    case 'logGammaP':
    case 'logGammaQ':
      return applied('log', { kind: 'apply', fn: e.fn === 'logGammaP' ? 'P' : 'Q', args })
    case 'logStudentCdf':
      return applied('log', { kind: 'apply', fn: 'T', args })
    case 'logBetaI': {
      const [, , x = integer(0)] = args
      return applied('log', { kind: 'apply', fn: 'I', args: [x, a, b] })
    }
    default:
      return { kind: 'apply', fn: e.fn, args }
  }
}

const applied = (fn: string, of: Display): Display => ({ kind: 'apply', fn, args: [of] })
const minus = (a: Display, b: Display): Signed => sumOf([plain(a), { negative: true, term: b }])

const termsOf = (d: Display): readonly Signed[] => (d.kind === 'sum' ? d.terms : [plain(d)])

function caseOf(e: Expr & { kind: 'case' }, scope: Scope): Display {
  const when = guard(e.when, scope)
  if (literal(e.otherwise) === 0 && literal(e.then) === 1) return { kind: 'indicator', of: when }
  return { kind: 'cases', when, met: shown(e.then, scope), otherwise: shown(e.otherwise, scope) }
}

function guard(g: Guard, scope: Scope): GuardDisplay {
  switch (g.kind) {
    case 'compare': {
      const cell = observedCell(g, scope)
      return (
        cell ?? { kind: 'relation', operator: g.operator, left: shown(g.left, scope), right: shown(g.right, scope) }
      )
    }
    case 'and':
    case 'or':
      return { kind: g.kind, left: guard(g.left, scope), right: guard(g.right, scope) }
    case 'not':
      return { kind: 'not', of: guard(g.of, scope) }
    case 'literal':
      return g
  }
}

/** [cell observed] = 1, or 0, in words. */
function observedCell(g: Guard & { kind: 'compare' }, scope: Scope): GuardDisplay | null {
  if (g.left.kind !== 'ref' || g.left.space !== 'observed' || g.operator !== '==') return null
  const value = literal(g.right)
  const present: GuardDisplay = { kind: 'present', of: array({ ...g.left, space: 'data' }, g.left.index, scope) }
  return value === 1 ? present : value === 0 ? { kind: 'not', of: present } : null
}

/** The matrix by name where it raises, else by its elements. */
function matrix(of: MatrixRef, scope: Scope): Display {
  const raised = raiseMatrixRef(of, raising(scope))
  if (raised !== null) return whole(raised)
  const inner = bind(bind(scope, of.row), of.column)
  const letter = (v: IndexVar): Display => inner.letters.get(v.id) ?? { kind: 'index', name: v.name, primes: 0 }
  return { kind: 'elements', of: shown(of.element, inner), row: letter(of.row), column: letter(of.column) }
}

/** base^exponent for an exponent > 0. */
function powerOf(base: Signed, exponent: Rational): Display {
  const display = whole(base)
  const root = exponent.d === 2 ? ({ kind: 'root', of: display } as const) : display
  if (exponent.d > 2) return { kind: 'power', base: display, exponent: { kind: 'number', value: exponent } }
  return exponent.n === 1 ? root : { kind: 'power', base: root, exponent: integer(exponent.n) }
}

/**
 * (product of the factors) · (the displays): number first, then symbols, then functions, then sums; negative powers
 * go below the line, and where there is a line the denominator of the number goes there too.
 */
function scaled(factors: readonly Expr[], displays: readonly Display[], scope: Scope): Signed {
  const parts: Parts = { negative: false, number: { n: 1, d: 1 }, top: [], bottom: [] }
  for (const factor of factors) {
    if (factor.kind === 'pow' && factor.exponent.n < 0) {
      const positive = { n: -factor.exponent.n, d: factor.exponent.d }
      parts.bottom.push(powerOf(signed(factor.base, scope), positive))
    } else if (isCountDown(factor)) {
      parts.negative = !parts.negative
      absorb(shown(mul(num(-1), factor), scope), parts)
    } else {
      const { negative, term } = signed(factor, scope)
      if (negative) parts.negative = !parts.negative
      if (factor.kind === 'sum' && term.kind === 'product') absorbInOrder(term.factors, parts)
      else absorb(term, parts)
    }
  }
  const { negative, number, bottom } = parts
  const ordered = [...inOrder(parts.top), ...displays]
  if (bottom.length === 0) return { negative, term: sideBySide([{ kind: 'number', value: number }, ...ordered]) }
  const top = sideBySide([integer(number.n), ...ordered])
  return { negative, term: { kind: 'fraction', top, bottom: sideBySide([integer(number.d), ...inOrder(bottom)]) } }
}

/** 1 − T, a number less sizes: as a factor it is written −(T − 1). */
function isCountDown(e: Expr): boolean {
  if (e.kind !== 'add') return false
  const parts = e.terms.map(splitCoefficient)
  const named = parts.filter((p) => p.rest !== null)
  return (
    named.length < parts.length &&
    named.every((p) => (literal(p.coefficient) ?? 1) < 0 && p.rest?.kind === 'ref' && p.rest.space === 'size')
  )
}

/** What a product is gathered in. */
interface Parts {
  negative: boolean
  number: Rational
  readonly top: Display[]
  readonly bottom: Display[]
}

function absorb(d: Display, into: Parts): void {
  const number = d.kind === 'number' ? mulRational(into.number, d.value) : null
  if (number !== null) into.number = number
  else if (d.kind === 'product') for (const factor of d.factors) absorb(factor, into)
  else if (d.kind === 'fraction') {
    absorb(d.top, into)
    into.bottom.push(d.bottom)
  } else into.top.push(d)
}

/** A product of vectors and matrices: its numbers go in front, the order of the rest is kept. */
function absorbInOrder(factors: readonly Display[], into: Parts): void {
  for (const f of factors) if (f.kind === 'number') absorb(f, into)
  const rest = factors.filter((f) => f.kind !== 'number')
  const [only] = rest
  if (only !== undefined) into.top.push(rest.length === 1 ? only : { kind: 'product', factors: rest })
}

function inOrder(factors: readonly Display[]): readonly Display[] {
  const place = (d: Display) =>
    d.kind === 'float'
      ? -1
      : d.kind === 'bigSum' || d.kind === 'cases'
        ? 3
        : d.kind === 'apply'
          ? 2
          : d.kind === 'sum'
            ? 1
            : 0
  return [...factors].sort((a, b) => place(a) - place(b))
}

/** Terms in the order in which they are read best: a positive one in front, a number before sums and functions. */
function sumOf(terms: readonly Signed[]): Signed {
  const flat = terms.flatMap((t) => (t.term.kind === 'sum' && !t.negative ? t.term.terms : [t]))
  const [only] = flat
  if (flat.length === 1 && only !== undefined) return only
  const involved = flat.every((t) => t.term.kind === 'number' || t.term.kind === 'bigSum' || t.term.kind === 'apply')
  const number = involved ? flat.find((t) => t.term.kind === 'number' && !t.negative) : undefined
  const lead = number ?? (flat[0]?.negative === true ? flat.find((t) => !t.negative) : undefined)
  const ordered = lead === undefined ? flat : [lead, ...flat.filter((t) => t !== lead)]
  return plain({ kind: 'sum', terms: ordered })
}

/** 6 (b + c) for 6 b + 6 c and ½ (a − 1) for ½ a − ½: what the numbers of a polynomial share stands in front. */
function withCommonFactor(e: Expr & { kind: 'add' }, scope: Scope): Signed | null {
  const parts = e.terms.map(splitCoefficient)
  let shared = 0
  let d = 0
  for (const { coefficient, rest } of parts) {
    if (coefficient.kind !== 'num' || (rest !== null && !isMonomial(rest))) return null
    if (d !== 0 && coefficient.value.d !== d) return null
    d = coefficient.value.d
    shared = greatestDivisor(shared, Math.abs(coefficient.value.n))
  }
  if (shared === 0 || (shared === 1 && d === 1)) return null
  const terms = parts.map(({ coefficient, rest }) => signed(mul(coefficient, num(d, shared), rest ?? num(1)), scope))
  const { negative, term } = sumOf(terms)
  return { negative, term: sideBySide([{ kind: 'number', value: { n: shared, d } }, term]) }
}

const greatestDivisor = (a: number, b: number): number => (b === 0 ? a : greatestDivisor(b, a % b))

const isMonomial = (e: Expr): boolean =>
  e.kind === 'ref' || e.kind === 'mean' || e.kind === 'index' || (e.kind === 'mul' && e.factors.every(isMonomial))

function bigSum(e: Expr & { kind: 'sum' }, scope: Scope, body: (inner: Scope) => Signed): Signed {
  const inner = bind(scope, e.index)
  const { negative, term } = body(inner)
  const index: Display = inner.letters.get(e.index.id) ?? { kind: 'index', name: e.index.name, primes: 0 }
  const from = shown(e.index.from, scope)
  const to = shown(e.index.to, scope)
  return { negative, term: { kind: 'bigSum', index, from, to, body: term } }
}

function raising(scope: Scope): RaiseContext {
  return {
    array: (e, rest) => array(e, rest, scope),
    scaled: (scalars, displays) => scaled(scalars, displays, scope),
    add: (terms) => sumOf(terms),
    expectation: (of, body) => expectation(of, body, scope),
    bigSum(e, body) {
      const made = body(raising(bind(scope, e.index)))
      return made === null ? null : bigSum(e, scope, () => made)
    },
  }
}

/** A scope with one more index, primed until its letter is its own. */
function bind(scope: Scope, index: { readonly id: string; readonly name: string }): Scope {
  const letters = new Map(scope.letters)
  letters.delete(index.id)
  const taken = (primes: number) => [...letters.values()].some((l) => l.name === index.name && l.primes === primes)
  let primes = 0
  while (taken(primes)) primes += 1
  return { ...scope, letters: letters.set(index.id, { kind: 'index', name: index.name, primes }) }
}

/** Letters for the indices that are free in an expression, in the order in which they are met. */
function freeLetters(e: Expr): Scope['letters'] {
  const free = freeIndices(e)
  let scope: Scope = { options: {}, letters: new Map() }
  const visit = (node: Expr): void => {
    if (node.kind === 'index' && free.has(node.var) && !scope.letters.has(node.var))
      scope = bind(scope, { id: node.var, name: node.name })
    for (const child of children(node)) visit(child)
  }
  visit(e)
  return scope.letters
}
