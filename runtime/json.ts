/** Plain JSON. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** A number in a result: infinite ones are strings, what is no number is null. */
export type JsonNumber = number | '-Infinity' | 'Infinity' | null

/** Nested arrays of numbers as JSON. */
export type NestedNumbers = JsonNumber | readonly NestedNumbers[]

export function jsonNumber(value: number): JsonNumber {
  if (Number.isFinite(value)) return value
  if (value === Number.POSITIVE_INFINITY) return 'Infinity'
  return value === Number.NEGATIVE_INFINITY ? '-Infinity' : null
}

/** Back to a number: null becomes NaN; undefined where it is none of these. */
export function numberFromJson(value: unknown): number | undefined {
  if (typeof value === 'number') return value
  if (value === null) return Number.NaN
  if (value === 'Infinity') return Number.POSITIVE_INFINITY
  return value === '-Infinity' ? Number.NEGATIVE_INFINITY : undefined
}

/** A record without a prototype, so that `__proto__` and `constructor` are ordinary keys. */
export function record<T>(entries: Iterable<readonly [string, T]>): { readonly [key: string]: T } {
  const result: { [key: string]: T } = Object.create(null)
  for (const [key, value] of entries) result[key] = value
  return result
}

/** Own entries of a JSON object as a Map; undefined where the value is no object. */
export function objectEntries(value: unknown): ReadonlyMap<string, unknown> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return new Map<string, unknown>(Object.entries(value))
}

/** Any nested value of numbers, booleans, strings, typed arrays and Maps as JSON. */
export function toJson(value: unknown): Json {
  if (typeof value === 'number') return jsonNumber(value)
  if (typeof value === 'boolean' || typeof value === 'string') return value
  if (value instanceof Float64Array || value instanceof Int32Array) return Array.from(value, jsonNumber)
  if (Array.isArray(value)) return value.map(toJson)
  if (value instanceof Map) return record([...value].map(([key, item]) => [String(key), toJson(item)] as const))
  const entries = objectEntries(value)
  return entries === undefined ? null : record([...entries].map(([key, item]) => [key, toJson(item)] as const))
}
