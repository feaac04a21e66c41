/**
 * Plain data of a derivation as JSON and back: maps, sets, typed arrays, numbers that JSON lacks, and objects that stand in
 * several places, which are the same object again. What holds functions is named, and looked up by its name.
 */

/** An object that is known on both sides by name. */
export type Known = readonly (readonly [name: string, value: object])[]

const TAG = '$'

/** What is written in place of the value of a key; the same object for the same one. */
export type Replace = (key: string, value: unknown) => unknown

/** @throws Error where a value is none of these: our mistake */
export function encode(
  root: unknown,
  known: Known = [],
  replace: Replace = (_, value) => value,
): { readonly shared: unknown[]; readonly value: unknown } {
  const partsOf = (value: object): readonly unknown[] => {
    if (Array.isArray(value)) return value.map((v) => replace('', v))
    if (value instanceof Map) return [...value].flatMap(([k, v]) => [k, replace('', v)])
    if (value instanceof Set) return [...value]
    return ArrayBuffer.isView(value) ? [] : Object.entries(value).map(([k, v]) => replace(k, v))
  }
  const names = new Map(known.map(([name, value]) => [value, name]))
  const times = new Map<object, number>()
  const count = (value: unknown): void => {
    if (typeof value !== 'object' || value === null || names.has(value)) return
    const seen = times.get(value) ?? 0
    times.set(value, seen + 1)
    if (seen > 0) return
    for (const part of partsOf(value)) count(part)
  }
  count(root)
  const places = new Map<object, number>()
  const shared: unknown[] = []
  const write = (value: unknown): unknown => {
    if (typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint')
      throw new Error(`a ${typeof value} cannot be written down`)
    if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0)))
      return { [TAG]: 'number', is: Object.is(value, -0) ? '-0' : String(value) }
    if (typeof value !== 'object' || value === null) return value
    const name = names.get(value)
    if (name !== undefined) return { [TAG]: 'known', is: name }
    if ((times.get(value) ?? 0) < 2 || isEmptyArray(value)) return plain(value)
    const at = places.get(value)
    if (at !== undefined) return { [TAG]: 'shared', is: at }
    const text = plain(value)
    places.set(value, shared.length)
    shared.push(text)
    return { [TAG]: 'shared', is: shared.length - 1 }
  }
  const plain = (value: object): unknown => {
    if (Array.isArray(value)) return value.map((v) => write(replace('', v)))
    if (value instanceof Map) return { [TAG]: 'map', is: [...value].map(([k, v]) => [write(k), write(replace('', v))]) }
    if (value instanceof Set) return { [TAG]: 'set', is: [...value].map(write) }
    if (value instanceof Float64Array) return { [TAG]: 'f64', is: [...value].map(write) }
    if (value instanceof Int32Array) return { [TAG]: 'i32', is: [...value] }
    const entries = Object.entries(value).filter(([, v]) => v !== undefined)
    return Object.fromEntries(entries.map(([k, v]) => [k, write(replace(k, v))]))
  }
  const value = write(root)
  return { shared, value }
}

const isEmptyArray = (value: object): boolean => Array.isArray(value) && value.length === 0

/** What `encode` has written. */
export function decode(
  written: { readonly shared: readonly unknown[]; readonly value: unknown },
  known: Known = [],
): unknown {
  const byName = new Map(known)
  const made: unknown[] = []
  const read = (text: unknown): unknown => {
    if (typeof text !== 'object' || text === null) return text
    if (Array.isArray(text)) return text.map(read)
    const entries = Object.entries(text)
    const tag = (text as { readonly [TAG]?: unknown })[TAG]
    if (tag === undefined) return Object.fromEntries(entries.map(([k, v]) => [k, read(v)]))
    const { is } = text as { readonly is: unknown }
    switch (tag) {
      case 'shared':
        return made[is as number]
      case 'known':
        return byName.get(is as string)
      case 'number':
        return Number(is)
      case 'map':
        return new Map((is as unknown[][]).map(([k, v]) => [read(k), read(v)]))
      case 'set':
        return new Set((is as unknown[]).map(read))
      case 'f64':
        return Float64Array.from((is as unknown[]).map(read) as number[])
      default:
        return Int32Array.from(is as number[])
    }
  }
  // what is shared is written after its own parts
  for (const text of written.shared) made.push(read(text))
  return read(written.value)
}
