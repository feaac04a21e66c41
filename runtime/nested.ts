import type { JsonNumber, NestedNumbers } from './json.js'

/** Elements of a nested array in order, with their 0-based indices. */
export function eachNested(value: NestedNumbers): { readonly index: readonly number[]; readonly value: JsonNumber }[] {
  if (!isList(value)) return [{ index: [], value }]
  return value.flatMap((item, i) =>
    eachNested(item).map((inner) => ({ index: [i, ...inner.index], value: inner.value })),
  )
}

/** The part of a nested array at `position` of dimension `dimension`. */
export function takeNested(value: NestedNumbers, dimension: number, position: number): NestedNumbers {
  if (!isList(value)) return value
  if (dimension === 0) return value[position] ?? null
  return value.map((item) => takeNested(item, dimension - 1, position))
}

export function isList(value: NestedNumbers | undefined): value is readonly NestedNumbers[] {
  return Array.isArray(value)
}
