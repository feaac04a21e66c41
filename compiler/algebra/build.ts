/** Constructors. Each returns a lightly normalised expression: numbers folded, sums and products flat, like terms joined. */
import { keyOf } from './key.js'
import { addRational, mulRational, powRational, rational, rationalFromNumber, toNumber } from './rational.js'
import type { ArraySpace, Expr, Guard, IndexVar, MatrixRef, Rational, ScalarFunction } from './types.js'

export const num = (n: number, d = 1): Expr => {
  const value = rational(n, d)
  return value === null ? { kind: 'float', value: n / d } : { kind: 'num', value }
}
export const ZERO: Expr = num(0)
export const ONE: Expr = num(1)
export const PI: Expr = { kind: 'constant', name: 'pi' }

/** A number as written: exact where its decimal digits fit. */
export const float = (value: number): Expr => {
  const exact = rationalFromNumber(value)
  return exact === null ? { kind: 'float', value } : { kind: 'num', value: exact }
}
const fromRational = (value: Rational): Expr => ({ kind: 'num', value })

/** Numeric value of a literal, else null. */
export const literal = (e: Expr): number | null =>
  e.kind === 'num' ? toNumber(e.value) : e.kind === 'float' ? e.value : null

export const isZero = (e: Expr): boolean => literal(e) === 0
export const isOne = (e: Expr): boolean => literal(e) === 1
export const sameExpr = (a: Expr, b: Expr): boolean => a === b || (mayBeSame(a, b) && keyOf(a) === keyOf(b))

/** false where a glance tells that two expressions are not the same: most are told apart without their keys. */
function mayBeSame(a: Expr, b: Expr): boolean {
  switch (a.kind) {
    case 'index':
      return b.kind === 'index' && a.var === b.var
    case 'ref':
      return b.kind === 'ref' && a.name === b.name && a.space === b.space && a.index.length === b.index.length
    case 'add':
      return b.kind === 'add' && a.terms.length === b.terms.length
    case 'mul':
      return b.kind === 'mul' && a.factors.length === b.factors.length
    case 'call':
      return b.kind === 'call' && a.fn === b.fn
    case 'sum':
      return b.kind === 'sum' && a.index.id === b.index.id
    default:
      return a.kind === b.kind
  }
}

/** Values by expressions, in the order in which these came. A few are compared, many are looked up by their keys. */
export class ByExpr<T> {
  readonly values: T[] = []
  readonly #exprs: Expr[] = []
  #places: Map<string, number> | null = null

  of(e: Expr): T | undefined {
    const exprs = this.#exprs
    if (exprs.length > FEW) {
      this.#places ??= new Map(exprs.map((one, i) => [keyOf(one), i]))
      const place = this.#places.get(keyOf(e))
      return place === undefined ? undefined : this.values[place]
    }
    const place = exprs.findIndex((one) => sameExpr(one, e))
    return this.values[place]
  }

  /** Of an expression that has none. */
  set(e: Expr, value: T): void {
    this.#places?.set(keyOf(e), this.values.length)
    this.#exprs.push(e)
    this.values.push(value)
  }
}

const FEW = 8

function addNumbers(a: Expr, b: Expr): Expr {
  if (a.kind === 'num' && b.kind === 'num') {
    const exact = addRational(a.value, b.value)
    if (exact !== null) return fromRational(exact)
  }
  return { kind: 'float', value: (literal(a) ?? 0) + (literal(b) ?? 0) }
}

function mulNumbers(a: Expr, b: Expr): Expr {
  if (a.kind === 'num' && b.kind === 'num') {
    const exact = mulRational(a.value, b.value)
    if (exact !== null) return fromRational(exact)
  }
  return { kind: 'float', value: (literal(a) ?? 1) * (literal(b) ?? 1) }
}

/** Splits c·rest into its numeric coefficient and the rest (null for a bare number). */
export function splitCoefficient(e: Expr): { readonly coefficient: Expr; readonly rest: Expr | null } {
  if (literal(e) !== null) return { coefficient: e, rest: null }
  if (e.kind === 'mul') {
    const [first, ...others] = e.factors
    if (first !== undefined && literal(first) !== null)
      return {
        coefficient: first,
        rest: others.length === 1 && others[0] !== undefined ? others[0] : { kind: 'mul', factors: others },
      }
  }
  return { coefficient: ONE, rest: e }
}

export function add(...terms: readonly Expr[]): Expr {
  const flat = terms.some((t) => t.kind === 'add') ? terms.flatMap((t) => (t.kind === 'add' ? t.terms : [t])) : terms
  let constant: Expr = ZERO
  const parts = new ByExpr<{ coefficient: Expr; rest: Expr }>()
  for (const t of flat) {
    const { coefficient, rest } = splitCoefficient(t)
    if (rest === null) constant = addNumbers(constant, coefficient)
    else {
      const known = parts.of(rest)
      if (known === undefined) parts.set(rest, { coefficient, rest })
      else known.coefficient = addNumbers(known.coefficient, coefficient)
    }
  }
  const out: Expr[] = []
  for (const { coefficient, rest } of parts.values) if (!isZero(coefficient)) out.push(mul(coefficient, rest))
  if (!isZero(constant)) out.push(constant)
  const only = out[0]
  if (only === undefined) return ZERO
  return out.length === 1 ? only : { kind: 'add', terms: out }
}

export function mul(...factors: readonly Expr[]): Expr {
  const flat = factors.some((f) => f.kind === 'mul')
    ? factors.flatMap((f) => (f.kind === 'mul' ? f.factors : [f]))
    : factors
  let coefficient: Expr = ONE
  const powers = new ByExpr<{ base: Expr; exponent: Rational; written: Expr | null }>()
  const whole: Expr[] = []
  for (const f of flat) {
    if (literal(f) !== null) {
      coefficient = mulNumbers(coefficient, f)
      continue
    }
    const { base, exponent } = f.kind === 'pow' ? f : { base: f, exponent: { n: 1, d: 1 } }
    const known = powers.of(base)
    const total = known === undefined ? exponent : addRational(known.exponent, exponent)
    if (total === null) whole.push(f)
    else if (known === undefined) powers.set(base, { base, exponent: total, written: asPower(f) })
    else {
      known.exponent = total
      known.written = null
    }
  }
  if (isZero(coefficient)) return ZERO
  const out: Expr[] = whole
  for (const { base, exponent, written } of powers.values)
    if (exponent.n !== 0) out.push(written ?? pow(base, exponent))
  // a power may have folded to a number or a product
  if (out.some((e) => literal(e) !== null || e.kind === 'mul')) return mul(coefficient, ...out)
  const only = out[0]
  if (only === undefined) return coefficient
  if (isOne(coefficient)) return out.length === 1 ? only : { kind: 'mul', factors: out }
  if (out.length === 1 && only.kind === 'add') return add(...only.terms.map((t) => mul(coefficient, t)))
  return { kind: 'mul', factors: [coefficient, ...out] }
}

/** The expression itself where `pow` of its base would make the same again. */
function asPower(e: Expr): Expr | null {
  if (e.kind !== 'pow') return e
  const { base, exponent } = e
  const isUnit = exponent.n === 0 || (exponent.n === 1 && exponent.d === 1)
  return isUnit || base.kind === 'pow' || base.kind === 'mul' || literal(base) !== null ? null : e
}

export const neg = (e: Expr): Expr => mul(num(-1), e)
export const sub = (a: Expr, b: Expr): Expr => add(a, neg(b))
export const div = (a: Expr, b: Expr): Expr => mul(a, pow(b, { n: -1, d: 1 }))

/** base^exponent; (b^p)^q joins where that is right for every b with b^p real and the outer power defined. */
export function pow(base: Expr, exponent: Rational | number): Expr {
  const q =
    typeof exponent === 'number'
      ? (rationalFromNumber(exponent) ?? rational(Math.round(exponent * 1e6), 1e6))
      : exponent
  if (q === null) throw new Error(`exponent ${String(exponent)} does not fit a rational`)
  if (q.n === 0) return ONE
  if (q.n === 1 && q.d === 1) return base
  const value = literal(base)
  if (value !== null) {
    if (base.kind === 'num' && q.d === 1) {
      const exact = powRational(base.value, q.n)
      if (exact !== null) return fromRational(exact)
    }
    if (base.kind === 'num' && q.d === 2 && base.value.n >= 0) {
      const top = Math.sqrt(base.value.n)
      const bottom = Math.sqrt(base.value.d)
      if (Number.isInteger(top) && Number.isInteger(bottom) && top !== 0) return pow(num(top, bottom), { n: q.n, d: 1 })
    }
    if (value === 1) return ONE
    if (base.kind === 'float' || q.d === 1) return { kind: 'float', value: value ** toNumber(q) }
  }
  if (base.kind === 'pow') {
    const joined = mulRational(base.exponent, q)
    const innerEven = base.exponent.d === 1 && base.exponent.n % 2 === 0
    if (joined !== null && (q.d === 1 || !innerEven)) return pow(base.base, joined)
  }
  if (base.kind === 'mul' && q.d === 1) return mul(...base.factors.map((f) => pow(f, q)))
  if (base.kind === 'mul' && q.d !== 1) {
    const { coefficient, rest } = splitCoefficient(base)
    const c = literal(coefficient)
    if (rest !== null && c !== null && c > 0 && c !== 1) return mul(pow(coefficient, q), pow(rest, q))
  }
  return { kind: 'pow', base, exponent: q }
}

export const sqrt = (e: Expr): Expr => pow(e, { n: 1, d: 2 })
export const square = (e: Expr): Expr => pow(e, { n: 2, d: 1 })

export function call(fn: ScalarFunction, ...args: readonly Expr[]): Expr {
  const [a, b] = args
  const value = a === undefined ? null : literal(a)
  if (a !== undefined && b === undefined) {
    if (fn === 'log' && a.kind === 'call' && a.fn === 'exp' && a.args[0] !== undefined) return a.args[0]
    if (fn === 'exp' && a.kind === 'call' && a.fn === 'log' && a.args[0] !== undefined) return a.args[0]
    if (fn === 'log' && value === 1) return ZERO
    if (fn === 'log') {
      const known = logOfProbability(a)
      if (known !== null) return known
    }
    if (fn === 'log' && a.kind === 'constant' && a.name === 'e') return ONE
    if (fn === 'exp' && value === 0) return ONE
    if (fn === 'lgamma' && (value === 1 || value === 2)) return ZERO
    if (fn === 'sqrt') return sqrt(a)
  }
  if ((fn === 'lgammaDelta' || fn === 'digammaDelta') && b !== undefined && isZero(b)) return ZERO
  if (fn === 'power' && a !== undefined && b !== undefined && b.kind === 'num') return pow(a, b.value)
  return { kind: 'call', fn, args }
}

/**
 * Logarithms of logistic and of normal probabilities and of what is left of them to 1, which would lose their digits:
 * with L(x) = log(1 + e^x), log(1/(1 + e^−x)) = x − L(x) and log(1 − 1/(1 + e^−x)) = −L(x). null for anything else.
 */
function logOfProbability(e: Expr): Expr | null {
  const odds = onePlusExp(e)
  if (odds !== null) return log1pexp(odds)
  if (e.kind === 'pow') {
    const inner = onePlusExp(e.base)
    return inner === null ? null : mul(fromRational(e.exponent), log1pexp(inner))
  }
  if (e.kind === 'mul' && e.factors.every(isExponential)) return add(...e.factors.map(logOfExponential))
  if (e.kind === 'call' && e.fn === 'Phi') return { ...e, fn: 'logPhi' }
  if (e.kind === 'call' && e.fn === 'logistic') return neg(log1pexp(neg(e.args[0] ?? ZERO)))
  const rest = oneMinus(e)
  if (rest === null) return null
  if (rest.kind === 'pow' && rest.exponent.n === -1 && rest.exponent.d === 1) {
    const inner = onePlusExp(rest.base)
    return inner === null ? null : sub(inner, log1pexp(inner))
  }
  if (rest.kind !== 'call') return null
  if (rest.fn === 'Phi') return call('logPhi', neg(rest.args[0] ?? ZERO))
  return rest.fn === 'logistic' ? neg(log1pexp(rest.args[0] ?? ZERO)) : null
}

/** e^x, or a power of Σ e^x: positive, with a logarithm that is worth taking apart (a softmax). */
const isExponential = (e: Expr): boolean =>
  (e.kind === 'call' && e.fn === 'exp') ||
  (e.kind === 'pow' && e.base.kind === 'sum' && e.base.body.kind === 'call' && e.base.body.fn === 'exp')

const logOfExponential = (e: Expr): Expr =>
  e.kind === 'pow' ? mul(fromRational(e.exponent), { kind: 'call', fn: 'log', args: [e.base] }) : call('log', e)

/** x of 1 + e^x, else null. */
function onePlusExp(e: Expr): Expr | null {
  if (e.kind !== 'add' || e.terms.length !== 2 || !e.terms.some(isOne)) return null
  const other = e.terms.find((t) => !isOne(t))
  return other?.kind === 'call' && other.fn === 'exp' ? (other.args[0] ?? null) : null
}

/** y of 1 − y, else null. */
function oneMinus(e: Expr): Expr | null {
  if (e.kind !== 'add' || e.terms.length !== 2 || !e.terms.some(isOne)) return null
  const { coefficient, rest } = splitCoefficient(e.terms.find((t) => !isOne(t)) ?? ONE)
  return literal(coefficient) === -1 ? rest : null
}

/** log(1 + e^x), as x + log(1 + e^−x) where x is written with a minus sign. */
function log1pexp(x: Expr): Expr {
  const first = x.kind === 'add' ? (x.terms[0] ?? x) : x
  const flip = (literal(splitCoefficient(first).coefficient) ?? 1) < 0
  return flip ? add(x, call('log1pexp', neg(x))) : { kind: 'call', fn: 'log1pexp', args: [x] }
}

export const log = (e: Expr): Expr => call('log', e)
export const exp = (e: Expr): Expr => call('exp', e)
export const lgamma = (e: Expr): Expr => call('lgamma', e)

export const idx = (v: IndexVar): Expr => ({ kind: 'index', var: v.id, name: v.name })
export const ref = (space: ArraySpace, name: string, index: readonly Expr[] = []): Expr => ({
  kind: 'ref',
  space,
  name,
  index,
})

/** Sum over the index; a body free of it is multiplied by the extent, a constant factor comes out. */
export function sum(index: IndexVar, body: Expr): Expr {
  if (isZero(body)) return ZERO
  const from = literal(index.from)
  const to = literal(index.to)
  if (from !== null && to !== null && to < from) return ZERO
  return { kind: 'sum', index, body }
}

export function caseOf(when: Guard, then: Expr, otherwise: Expr = ZERO): Expr {
  const w = foldGuard(when)
  if (w.kind === 'literal') return w.value ? then : otherwise
  if (sameExpr(then, otherwise)) return then
  return { kind: 'case', when: w, then, otherwise }
}

export const compare = (operator: '==' | '!=' | '<' | '<=' | '>' | '>=', left: Expr, right: Expr): Guard =>
  foldGuard({ kind: 'compare', operator, left, right })
export const bothOf = (left: Guard, right: Guard): Guard => foldGuard({ kind: 'and', left, right })
export const eitherOf = (left: Guard, right: Guard): Guard => foldGuard({ kind: 'or', left, right })
export const notOf = (of: Guard): Guard => foldGuard({ kind: 'not', of })
export const TRUE: Guard = { kind: 'literal', value: true }
export const FALSE: Guard = { kind: 'literal', value: false }

/** Decides guards between literals or identical expressions, and drops true and false from connectives. */
export function foldGuard(g: Guard): Guard {
  switch (g.kind) {
    case 'literal':
      return g
    case 'compare': {
      const a = literal(g.left)
      const b = literal(g.right)
      if (a !== null && b !== null) return { kind: 'literal', value: compareNumbers(g.operator, a, b) }
      if (sameExpr(g.left, g.right))
        return { kind: 'literal', value: g.operator === '==' || g.operator === '<=' || g.operator === '>=' }
      return g
    }
    case 'not': {
      const of = foldGuard(g.of)
      if (of.kind === 'literal') return { kind: 'literal', value: !of.value }
      if (of.kind === 'not') return of.of
      if (of.kind === 'compare') return { ...of, operator: NEGATED[of.operator] }
      return { kind: 'not', of }
    }
    case 'and':
    case 'or': {
      const left = foldGuard(g.left)
      const right = foldGuard(g.right)
      const absorbing = g.kind === 'or'
      if (left.kind === 'literal') return left.value === absorbing ? left : right
      if (right.kind === 'literal') return right.value === absorbing ? right : left
      return { kind: g.kind, left, right }
    }
  }
}

const NEGATED = { '==': '!=', '!=': '==', '<': '>=', '<=': '>', '>': '<=', '>=': '<' } as const

export function compareNumbers(operator: '==' | '!=' | '<' | '<=' | '>' | '>=', a: number, b: number): boolean {
  switch (operator) {
    case '==':
      return a === b
    case '!=':
      return a !== b
    case '<':
      return a < b
    case '<=':
      return a <= b
    case '>':
      return a > b
    case '>=':
      return a >= b
  }
}

export const inverse = (of: MatrixRef, row: Expr, column: Expr): Expr => ({ kind: 'inverse', of, row, column })
export const logdet = (of: MatrixRef): Expr => ({ kind: 'logdet', of })
