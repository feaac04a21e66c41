/**
 * The built-in functions of the language on plain values. Functions of a number go element by element. `sd` divides by
 * n − 1, `round` goes half away from zero, `mod` has the sign of its second argument.
 */
import {
  asArray,
  asMatrix,
  asNumber,
  asVector,
  at,
  dot,
  flatten,
  map,
  range,
  rank,
  sum,
  transpose,
  zip,
} from './arrays.js'
import { cholesky, choleskyLogDet, determinant, eliminate, identity, inverse, product, times, trace } from './dense.js'
import { lgamma, logistic, logSumExp, Phi } from './special-functions.js'
import { OracleError, type Value } from './types.js'

type Builtin = (args: readonly Value[]) => Value

function first(args: readonly Value[]): Value {
  return at(args, 0)
}

function elementwise(f: (x: number) => number): Builtin {
  return (args) => map(first(args), f)
}

/** One number from all numbers of one array, or from several arguments. */
function reduction(f: (values: readonly number[]) => number): Builtin {
  return (args) => f(args.flatMap(flatten))
}

/** max and min of two or more arguments go element by element. */
function extreme(f: (a: number, b: number) => number, start: number): Builtin {
  return (args) => (args.length === 1 ? flatten(first(args)).reduce(f, start) : args.reduce((a, b) => zip(a, b, f)))
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length
}

function sd(values: readonly number[]): number {
  const m = mean(values)
  return Math.sqrt(sum(values.map((v) => (v - m) ** 2)) / (values.length - 1))
}

/** −log(1 + …) form of the softmax: exp(vᵢ − log Σ exp v). */
function softmax(value: Value): Value {
  if (rank(value) > 1) return asArray(value).map(softmax)
  const v = asVector(value)
  const norm = logSumExp(v)
  return v.map((x) => Math.exp(x - norm))
}

function cumsum(v: readonly number[]): number[] {
  let total = 0
  return v.map((x) => {
    total += x
    return total
  })
}

function required<T>(value: T | null, message: string): T {
  if (value === null) throw new OracleError(message)
  return value
}

/** The π with π P = π and Σ π = 1: one equation of (Pᵀ − I) π = 0 is replaced by the sum. */
function stationary(p: readonly (readonly number[])[]): number[] {
  const n = p.length
  const system = transpose(p).map((row, i) =>
    i === n - 1 ? row.map(() => 1) : row.map((x, j) => x - (i === j ? 1 : 0)),
  )
  const right = system.map((_, i) => [i === n - 1 ? 1 : 0])
  const solution = required(eliminate(system, right).solution, 'the chain has no unique stationary distribution')
  return solution.map((row) => at(row, 0))
}

function logdet(a: readonly (readonly number[])[]): number {
  const l = cholesky(a)
  return l === null ? Math.log(determinant(a)) : choleskyLogDet(l)
}

function diagonal(value: Value): Value {
  if (rank(value) === 2) return asMatrix(value).map((row, i) => at(row, i))
  const v = asVector(value)
  return v.map((x, i) => v.map((_, j) => (i === j ? x : 0)))
}

function concat(args: readonly Value[]): Value {
  return args.flatMap((a) => (typeof a === 'number' ? [a] : [...a]))
}

/** Rounds half away from zero. */
function round(x: number): number {
  return Math.sign(x) * Math.floor(Math.abs(x) + 0.5)
}

export const functions: ReadonlyMap<string, Builtin> = new Map<string, Builtin>([
  ['abs', elementwise(Math.abs)],
  ['ceil', elementwise(Math.ceil)],
  ['concat', concat],
  ['cumsum', (a) => cumsum(asVector(first(a)))],
  ['det', (a) => determinant(asMatrix(first(a)))],
  ['diagonal', (a) => diagonal(first(a))],
  ['dot', (a) => dot(asVector(first(a)), asVector(at(a, 1)))],
  ['exp', elementwise(Math.exp)],
  ['floor', elementwise(Math.floor)],
  ['identity', (a) => identity(asNumber(first(a)))],
  ['inverse', (a) => required(inverse(asMatrix(first(a))), 'the matrix has no inverse')],
  ['lgamma', elementwise(lgamma)],
  ['log', elementwise(Math.log)],
  ['logdet', (a) => logdet(asMatrix(first(a)))],
  ['logistic', elementwise(logistic)],
  ['logit', elementwise((p) => Math.log(p) - Math.log1p(-p))],
  ['max', extreme((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)],
  ['mean', reduction(mean)],
  ['min', extreme((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)],
  ['mod', (a) => zip(first(a), at(a, 1), (x, y) => x - y * Math.floor(x / y))],
  ['Phi', elementwise(Phi)],
  ['round', elementwise(round)],
  ['sd', reduction(sd)],
  ['size', (a) => asArray(first(a)).length],
  ['softmax', (a) => softmax(first(a))],
  ['sqrt', elementwise(Math.sqrt)],
  ['stationary', (a) => stationary(asMatrix(first(a)))],
  ['sum', reduction(sum)],
  ['trace', (a) => trace(asMatrix(first(a)))],
  ['transpose', (a) => transpose(asMatrix(first(a)))],
])

/** The mathematical product: with a number, matrix by vector, vector by matrix, matrix by matrix. */
export function multiply(a: Value, b: Value): Value {
  const ra = rank(a)
  const rb = rank(b)
  if (ra === 0 || rb === 0) return zip(a, b, (x, y) => x * y)
  if (ra === 2 && rb === 1) return times(asMatrix(a), asVector(b))
  if (ra === 1 && rb === 2) return times(transpose(asMatrix(b)), asVector(a))
  if (ra === 2 && rb === 2) return product(asMatrix(a), asMatrix(b))
  throw new OracleError('a vector times a vector is not defined')
}

/** a to the power b; a matrix to a whole number is the product of its copies. */
export function power(a: Value, b: Value): Value {
  if (rank(a) < 2) return zip(a, b, (x, y) => x ** y)
  const m = asMatrix(a)
  return range(1, asNumber(b)).reduce<number[][]>((p) => product(p, m), identity(m.length))
}
