/** The number that an expression stands for: the plain meaning of `Expr`, which every rewrite has to keep. */
import { inverse as inverseOf, LuDecomposition, Matrix } from 'ml-matrix'
import {
  besselI0,
  besselI1,
  besselRatio,
  besselRatioSlope,
  digamma,
  digammaDelta,
  inverseMills,
  lgamma,
  lgammaDelta,
  log1mexp,
  log1pexp,
  logBesselI0e,
  logBetaI,
  logGammaP,
  logGammaQ,
  logistic,
  logit,
  logLogistic,
  logPhi,
  logPhiBetween,
  logStudentCdf,
  logVonMisesArc,
  Phi,
  trigamma,
} from '../numerics/index.js'
import { compareNumbers } from './build.js'
import { toNumber } from './rational.js'
import type { ArraySpace, Expr, Guard, IndexVar, MatrixRef, ScalarFunction } from './types.js'
import { freeIndices } from './visit.js'

/** Values for what an expression leaves open. Indices are 1-based (0 or 1 for a bool). */
export interface Environment {
  ref(space: ArraySpace, name: string, index: readonly number[]): number
  /** Values of the free index variables, by id. */
  readonly indices?: ReadonlyMap<string, number>
  /** Posterior probability that every indicator holds. */
  probability?(of: readonly NumericIndicator[]): number
  /** Posterior expectation of what `body` gives when the latents are read, times the indicators. */
  expect?(of: readonly NumericIndicator[], body: () => number): number
  /** Posterior mean of a latent. */
  mean?(latent: string, index: readonly number[]): number
}

export interface NumericIndicator {
  readonly latent: string
  readonly index: readonly number[]
  readonly value: number
}

/** The value of an expression. NaN where it is undefined, such as the inverse of a singular matrix. */
export function evaluate(expr: Expr, env: Environment): number {
  return numberOf(expr, scopeOf(env))
}

/** true where a guard holds. */
export function holds(guard: Guard, env: Environment): boolean {
  return isTrue(guard, scopeOf(env))
}

/** Functions that are −∞ where what they are the logarithm of is 0. */
export const LOGARITHMS: ReadonlySet<ScalarFunction> = new Set([
  'log',
  'logPhi',
  'logPhiBetween',
  'logGammaP',
  'logGammaQ',
  'logBetaI',
  'logStudentCdf',
  'logVonMisesArc',
  'log1mexp',
])

interface Scope {
  readonly env: Environment
  /** Free and bound index variables; sums set and restore theirs. */
  readonly indices: Map<string, number>
  /** A matrix is factored once for each choice of the indices that its elements read. */
  readonly matrices: Map<MatrixRef, Map<string, FactoredMatrix>>
}

interface FactoredMatrix {
  readonly inverse: Matrix | null
  readonly logdet: number
}

const scopeOf = (env: Environment): Scope => ({ env, indices: new Map(env.indices), matrices: new Map() })

function numberOf(e: Expr, scope: Scope): number {
  switch (e.kind) {
    case 'num':
      return toNumber(e.value)
    case 'float':
      return e.value
    case 'constant':
      return e.name === 'pi' ? Math.PI : Math.E
    case 'index':
      return indexValue(e.var, e.name, scope)
    case 'ref':
      return scope.env.ref(e.space, e.name, numbersOf(e.index, scope))
    case 'add':
      return e.terms.reduce((total, term) => total + numberOf(term, scope), 0)
    case 'mul':
      return product(e.factors, scope)
    case 'pow':
      return power(numberOf(e.base, scope), e.exponent.n, e.exponent.d)
    case 'call':
      return apply(e.fn, numbersOf(e.args, scope))
    case 'sum': {
      let total = 0
      forEachValue(e.index, scope, () => {
        total += numberOf(e.body, scope)
      })
      return total
    }
    case 'case':
      return isTrue(e.when, scope) ? numberOf(e.then, scope) : numberOf(e.otherwise, scope)
    case 'inverse': {
      const { inverse } = factored(e.of, scope)
      return inverse === null ? Number.NaN : inverse.get(numberOf(e.row, scope) - 1, numberOf(e.column, scope) - 1)
    }
    case 'logdet':
      return factored(e.of, scope).logdet
    case 'probability': {
      if (scope.env.probability === undefined) throw new Error('nothing gives the value of a posterior probability')
      return scope.env.probability(
        e.of.map((i) => ({ latent: i.latent, index: numbersOf(i.index, scope), value: numberOf(i.value, scope) })),
      )
    }
    case 'expect': {
      if (scope.env.expect === undefined) throw new Error('nothing gives the value of a posterior expectation')
      return scope.env.expect(
        e.of.map((i) => ({ latent: i.latent, index: numbersOf(i.index, scope), value: numberOf(i.value, scope) })),
        () => numberOf(e.body, scope),
      )
    }
    case 'mean': {
      if (scope.env.mean === undefined) throw new Error('nothing gives the value of a posterior mean')
      return scope.env.mean(e.latent, numbersOf(e.index, scope))
    }
  }
}

const numbersOf = (es: readonly Expr[], scope: Scope): number[] => es.map((e) => numberOf(e, scope))

function indexValue(id: string, name: string, scope: Scope): number {
  const value = scope.indices.get(id)
  if (value === undefined) throw new Error(`the index ${name} (${id}) has no value`)
  return value
}

/** Visits from..to in order, with the index set. */
function forEachValue(index: IndexVar, scope: Scope, visit: (value: number) => void): void {
  const from = numberOf(index.from, scope)
  const to = numberOf(index.to, scope)
  const outer = scope.indices.get(index.id)
  for (let value = from; value <= to; value++) {
    scope.indices.set(index.id, value)
    visit(value)
  }
  if (outer === undefined) scope.indices.delete(index.id)
  else scope.indices.set(index.id, outer)
}

/** The product of the factors, with 0 · log 0 = 0: an outcome of probability zero that does not occur costs nothing. */
function product(factors: readonly Expr[], scope: Scope): number {
  let finite = 1
  let logarithmsOfZero = 1
  for (const factor of factors) {
    const value = numberOf(factor, scope)
    if (value === -Infinity && isLogarithm(factor)) logarithmsOfZero *= value
    else finite *= value
  }
  return finite === 0 ? 0 : finite * logarithmsOfZero
}

/** A logarithm of something that may be 0, or a sum or a choice of such. */
function isLogarithm(e: Expr): boolean {
  switch (e.kind) {
    case 'call':
      return LOGARITHMS.has(e.fn)
    case 'float':
      return e.value === -Infinity
    case 'case':
      return isLogarithm(e.then) || isLogarithm(e.otherwise)
    case 'add':
      return e.terms.some(isLogarithm)
    default:
      return false
  }
}

function power(base: number, n: number, d: number): number {
  if (d === 1) return base ** n
  return d === 2 ? Math.sqrt(base) ** n : base ** (n / d)
}

function apply(fn: ScalarFunction, args: readonly number[]): number {
  const [a = Number.NaN, b = Number.NaN, c = Number.NaN] = args
  switch (fn) {
    case 'exp':
      return Math.exp(a)
    case 'log':
      return Math.log(a)
    case 'log1p':
      return Math.log1p(a)
    case 'expm1':
      return Math.expm1(a)
    case 'abs':
      return Math.abs(a)
    case 'sqrt':
      return Math.sqrt(a)
    case 'lgamma':
      return lgamma(a)
    case 'digamma':
      return digamma(a)
    case 'trigamma':
      return trigamma(a)
    case 'logistic':
      return logistic(a)
    case 'logit':
      return logit(a)
    case 'Phi':
      return Phi(a)
    case 'round':
      return Math.round(a)
    case 'floor':
      return Math.floor(a)
    case 'ceil':
      return Math.ceil(a)
    case 'mod': // the result has the sign of b
      return a - b * Math.floor(a / b)
    case 'min':
      return Math.min(...args)
    case 'max':
      return Math.max(...args)
    case 'cos':
      return Math.cos(a)
    case 'sin':
      return Math.sin(a)
    case 'atan':
      return Math.atan(a)
    case 'besselI0':
      return besselI0(a)
    case 'besselI1':
      return besselI1(a)
    case 'logBesselI0e':
      return logBesselI0e(a)
    case 'besselRatio':
      return besselRatio(a)
    case 'besselRatioSlope':
      return besselRatioSlope(a)
    case 'power':
      return a ** b
    case 'lgammaDelta':
      return lgammaDelta(a, b)
    case 'digammaDelta':
      return digammaDelta(a, b)
    case 'logPhi':
      return logPhi(a)
    case 'inverseMills':
      return inverseMills(a)
    case 'logPhiBetween':
      return logPhiBetween(a, b)
    case 'logGammaP':
      return logGammaP(a, b)
    case 'logGammaQ':
      return logGammaQ(a, b)
    case 'logBetaI':
      return logBetaI(a, b, c)
    case 'logStudentCdf':
      return logStudentCdf(a, b)
    case 'logVonMisesArc':
      return logVonMisesArc(a, b, c)
    case 'logLogistic':
      return logLogistic(a)
    case 'log1mexp':
      return log1mexp(a)
    case 'log1pexp':
      return log1pexp(a)
  }
}

function isTrue(g: Guard, scope: Scope): boolean {
  switch (g.kind) {
    case 'compare':
      return compareNumbers(g.operator, numberOf(g.left, scope), numberOf(g.right, scope))
    case 'and':
      return isTrue(g.left, scope) && isTrue(g.right, scope)
    case 'or':
      return isTrue(g.left, scope) || isTrue(g.right, scope)
    case 'not':
      return !isTrue(g.of, scope)
    case 'literal':
      return g.value
  }
}

function factored(of: MatrixRef, scope: Scope): FactoredMatrix {
  const at = [...freeIndices({ kind: 'logdet', of })].map((id) => `${id}=${scope.indices.get(id) ?? ''}`).join(' ')
  const known = scope.matrices.get(of)?.get(at)
  if (known !== undefined) return known
  const made = factor(elements(of, scope))
  const places = scope.matrices.get(of) ?? new Map<string, FactoredMatrix>()
  scope.matrices.set(of, places.set(at, made))
  return made
}

function elements(of: MatrixRef, scope: Scope): Matrix {
  const rows: number[][] = []
  forEachValue(of.row, scope, () => {
    const row: number[] = []
    forEachValue(of.column, scope, () => row.push(numberOf(of.element, scope)))
    rows.push(row)
  })
  return rows.length === 0 ? new Matrix(0, 0) : new Matrix(rows)
}

/** log |A| from the pivots of A = P L U, so that it neither overflows nor underflows; NaN where |A| < 0. */
function factor(a: Matrix): FactoredMatrix {
  if (a.rows === 0) return { inverse: a, logdet: 0 }
  const lu = new LuDecomposition(a)
  if (lu.isSingular()) return { inverse: null, logdet: -Infinity }
  const pivots = lu.upperTriangularMatrix.diagonal()
  const size = pivots.reduce((total, pivot) => total + Math.log(Math.abs(pivot)), 0)
  const sign = pivots.reduce((total, pivot) => total * Math.sign(pivot), permutationSign(lu.pivotPermutationVector))
  return { inverse: inverseOf(a), logdet: sign < 0 ? Number.NaN : size }
}

/** +1 for an even permutation of 0..n−1, −1 for an odd one: the parity of n minus the number of cycles. */
function permutationSign(permutation: readonly number[]): number {
  const seen = new Set<number>()
  let sign = 1
  for (const start of permutation) {
    let length = 0
    for (let i = start; !seen.has(i); i = permutation[i] ?? i) {
      seen.add(i)
      length += 1
    }
    if (length > 0 && length % 2 === 0) sign = -sign
  }
  return sign
}
