/** Elements of rows as digits of keys, one key for several elements. */
import type { DataArrays } from './data-arrays.js'
import type { Element, Item } from './discrete-terms.js'
import { distinctRows } from './distinct-rows.js'

/** Elements of a row that are looked up together, and the tuples of their values that occur. */
export interface Digit {
  readonly elements: readonly Element[]
  /** A row that has the tuple, for each. */
  readonly first: Int32Array
  /** The tuple of each row. */
  readonly kind: Uint16Array
  /** How many items read it. */
  readonly items: number
}

/** Digits of one key. */
export interface KeyGroup {
  readonly digits: readonly Digit[]
  /** How far apart in the key neighbouring values of each digit are. */
  readonly strides: readonly number[]
  /** Number of keys. */
  readonly entries: number
}

export interface RowData {
  readonly data: DataArrays
  /** Elements of a row of a buffer. */
  stride(buffer: string): number
  readonly rows: number
}

export const elementKey = ({ buffer, offset }: Element): string => `${offset} ${buffer}`

/** More values than this and a column is not discrete. */
const MOST_LEVELS = 4096

/**
 * The digits that items need: elements that one item reads stand in one digit, so that values which never occur together
 * are never looked up. An item with more than `most` tuples has no digit.
 */
export function digitsOf(items: readonly Item[], rows: RowData, most: number): readonly Digit[] {
  const groups = new Map<string, { elements: Map<string, Element>; items: number }>()
  for (const item of items) {
    const joined = { elements: new Map<string, Element>(), items: 1 }
    for (const group of new Set(item.elements.flatMap((e) => groups.get(elementKey(e)) ?? []))) {
      for (const [key, e] of group.elements) joined.elements.set(key, e)
      joined.items += group.items
    }
    for (const e of item.elements) joined.elements.set(elementKey(e), e)
    for (const key of joined.elements.keys()) groups.set(key, joined)
  }
  return [...new Set(groups.values())].flatMap((group) => {
    const elements = [...group.elements.values()]
    const columns = elements.map((e) => ({ values: columnOf(e, rows), stride: 1 }))
    const found = distinctRows(columns, rows.rows, Math.min(most, MOST_LEVELS))
    return found === null
      ? []
      : [{ elements, first: found.first, kind: Uint16Array.from(found.kind), items: group.items }]
  })
}

function columnOf({ buffer, offset }: Element, { data, stride, rows }: RowData): Float64Array | Int32Array {
  const values = data.get(buffer) ?? new Float64Array(0)
  const step = stride(buffer)
  const out = values instanceof Int32Array ? new Int32Array(rows) : new Float64Array(rows)
  for (let row = 0, at = offset; row < rows; row++, at += step) out[row] = values[at] ?? 0
  return out
}

/**
 * Digits in as few groups as `fits` allows: for 1, 2, … groups, the digit with the most values that is left goes to the
 * group with the fewest keys. null where not even one group for each digit fits.
 */
export function groupDigits(
  digits: readonly Digit[],
  fits: (groups: readonly KeyGroup[]) => boolean,
): readonly KeyGroup[] | null {
  const falling = [...digits].sort((a, b) => b.first.length - a.first.length)
  for (let count = 1; count <= digits.length; count++) {
    const parts = Array.from({ length: count }, () => ({ digits: [] as Digit[], entries: 1 }))
    for (const digit of falling) {
      const least = parts.reduce((a, b) => (b.entries < a.entries ? b : a))
      least.digits.push(digit)
      least.entries *= digit.first.length
    }
    const groups = parts.map((part) => keyGroup(part.digits))
    if (fits(groups)) return groups
  }
  return null
}

function keyGroup(digits: readonly Digit[]): KeyGroup {
  let entries = 1
  const strides = digits.map((digit) => {
    const stride = entries
    entries *= digit.first.length
    return stride
  })
  return { digits, strides, entries }
}

/** The key of each row. */
export function keysOf({ digits, strides }: KeyGroup, rows: number): Int32Array {
  const keys = new Int32Array(rows)
  digits.forEach(({ kind }, i) => {
    const stride = strides[i] ?? 1
    for (let row = 0; row < rows; row++) keys[row] = (keys[row] ?? 0) + stride * (kind[row] ?? 0)
  })
  return keys
}

/** The tuple of a digit in an entry. */
export function digitOf({ digits, strides }: KeyGroup, digit: number, entry: number): number {
  return Math.floor(entry / (strides[digit] ?? 1)) % (digits[digit]?.first.length ?? 1)
}
