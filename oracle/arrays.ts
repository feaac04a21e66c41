/** Nested arrays of numbers: shapes, elementwise maps, conversions that throw where the depth is not as expected. */
import { OracleError, type Value } from './types.js'

/** The element at `index` (from 0); throws when there is none. */
export function at<T>(array: ArrayLike<T>, index: number): T {
  const value = array[index]
  if (value === undefined || !(index >= 0)) {
    throw new OracleError(`index ${index + 1} is outside 1..${array.length}`)
  }
  return value
}

export function asNumber(value: Value): number {
  if (typeof value !== 'number') throw new OracleError('a number was expected, an array was given')
  return value
}

export function asArray(value: Value): readonly Value[] {
  if (typeof value === 'number') throw new OracleError('an array was expected, a number was given')
  return value
}

export function asVector(value: Value): readonly number[] {
  return asArray(value).map(asNumber)
}

export function asMatrix(value: Value): readonly (readonly number[])[] {
  return asArray(value).map(asVector)
}

/** Depth of nesting: 0 for a number; an empty array counts as a vector. */
export function rank(value: Value): number {
  let depth = 0
  let v: Value | undefined = value
  while (v !== undefined && typeof v !== 'number') {
    depth++
    v = v[0]
  }
  return depth
}

/** All numbers in row-major order. */
export function flatten(value: Value): number[] {
  return typeof value === 'number' ? [value] : value.flatMap(flatten)
}

export function map(value: Value, f: (x: number) => number): Value {
  return typeof value === 'number' ? f(value) : value.map((v) => map(v, f))
}

/** Elementwise with scalars broadcast; arrays of different depth are aligned at their last dimensions. */
export function zip(a: Value, b: Value, f: (x: number, y: number) => number): Value {
  if (typeof a === 'number' && typeof b === 'number') return f(a, b)
  const ra = rank(a)
  const rb = rank(b)
  if (ra > rb) return asArray(a).map((x) => zip(x, b, f))
  if (rb > ra) return asArray(b).map((y) => zip(a, y, f))
  const x = asArray(a)
  const y = asArray(b)
  if (x.length !== y.length) throw new OracleError(`arrays of length ${x.length} and ${y.length} do not match`)
  return x.map((v, i) => zip(v, at(y, i), f))
}

export function transpose(matrix: readonly (readonly number[])[]): number[][] {
  const first = matrix[0] ?? []
  return first.map((_, j) => matrix.map((row) => at(row, j)))
}

/** from, from + 1, …, to; empty when to < from. */
export function range(from: number, to: number): number[] {
  const out: number[] = []
  for (let i = from; i <= to; i++) out.push(i)
  return out
}

export function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0)
}

export function dot(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length) throw new OracleError(`vectors of length ${a.length} and ${b.length} do not match`)
  return sum(a.map((x, i) => x * at(b, i)))
}
