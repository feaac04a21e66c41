/** Elements of rows as digits of keys, one key for several elements. */
import type { DataArrays, DataCache } from './data-cache.js'
import type { Element, Item } from './discrete-terms.js'
import { distinctRows } from './distinct-rows.js'

/** Elements of a row that are looked up together, and the tuples of their values that occur. */
export interface Digit {
  readonly elements: readonly Element[]
  /** A row that has the tuple, for each. */
  readonly first: Int32Array
  /** Adds `times` the tuple of each row from `from` to before `to` to `keys`. */
  readonly addTo: (keys: Int32Array, times: number, from: number, to: number) => void
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
  readonly cache: DataCache
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
  const joined = [...new Set(groups.values())].map(({ elements, items }) => ({
    elements: [...elements.values()],
    items,
  }))
  const name = joined.map(({ elements }) => elements.map(elementKey).join(' & ')).join()
  const values = rows.cache.made(
    `digits ${rows.rows} ${most} ${name}`,
    arraysOf(
      joined.flatMap((d) => d.elements),
      rows,
    ),
    () =>
      valuesOf(
        joined.map(({ elements }) => elements),
        rows,
        most,
      ),
  )
  return joined.flatMap((digit, i) => {
    const own = values[i]
    return own === null || own === undefined ? [] : [{ ...digit, ...own }]
  })
}

const arraysOf = (elements: readonly Element[], { data }: RowData): readonly (Float64Array | Int32Array)[] =>
  elements.flatMap(({ buffer }) => data.get(buffer) ?? [])

/** The values of digits, null where there are too many. */
function valuesOf(digits: readonly (readonly Element[])[], rows: RowData, most: number): readonly (Values | null)[] {
  const singles = digits.map(([only, ...others]) =>
    only === undefined || others.length > 0 ? null : new IntegerValues(only, rows, most),
  )
  for (let from = 0; from < rows.rows; from += BLOCK_ROWS)
    for (const single of singles) single?.visit(from, Math.min(rows.rows, from + BLOCK_ROWS))
  return digits.map((elements, i) => singles[i]?.values() ?? tupleValues(elements, rows, most))
}

/** Rows that stay in cache while their elements are visited one after another. */
const BLOCK_ROWS = 2048

type Values = Pick<Digit, 'first' | 'addTo'>

/** One element of small integers: its values are found and looked up in a table. */
class IntegerValues {
  /** Number of each value from −1, that of a missing category. */
  private readonly number = new Int32Array(MOST_LEVELS + 1).fill(-1)
  private readonly first: number[] = []
  private readonly column: Float64Array | Int32Array
  private readonly stride: number
  private failed = false

  constructor(
    private readonly element: Element,
    { data, stride }: RowData,
    private readonly most: number,
  ) {
    this.column = data.get(element.buffer) ?? new Float64Array(0)
    this.stride = stride(element.buffer)
  }

  visit(from: number, to: number): void {
    const { number, column, stride, first } = this
    if (this.failed) return
    for (let row = from, at = from * stride + this.element.offset; row < to; row++, at += stride) {
      const value = column[at] ?? 0
      const known = number[value + 1]
      if (known === undefined || Object.is(value, -0) || (known < 0 && first.length >= this.most)) {
        this.failed = true
        return
      }
      if (known >= 0) continue
      number[value + 1] = first.length
      first.push(row)
    }
  }

  /** null where there are other values, or too many. */
  values(): Values | null {
    if (this.failed) return null
    const { column, number, stride } = this
    const { offset } = this.element
    return {
      first: Int32Array.from(this.first),
      addTo(keys, times, from, to) {
        for (let row = from, at = from * stride + offset; row < to; row++, at += stride)
          keys[row] = (keys[row] ?? 0) + times * (number[(column[at] ?? 0) + 1] ?? 0)
      },
    }
  }
}

/** Elements whatever they are: the kinds of rows that have no other elements. */
function tupleValues(elements: readonly Element[], rows: RowData, most: number): Values | null {
  const limit = Math.min(most, MOST_LEVELS)
  if (elements.some((e) => hasMoreValues(e, rows, limit))) return null
  const columns = elements.map((e) => ({ values: columnOf(e, rows), stride: 1 }))
  const found = distinctRows(columns, rows.rows, limit)
  if (found === null) return null
  const kind = new Uint16Array(found.kind)
  return {
    first: found.first,
    addTo(keys, times, from, to) {
      for (let row = from; row < to; row++) keys[row] = (keys[row] ?? 0) + times * (kind[row] ?? 0)
    },
  }
}

/** Twice as many rows as values are allowed, far from one another, show that there are more: so it is with measurements. */
function hasMoreValues({ buffer, offset }: Element, { data, stride, rows }: RowData, most: number): boolean {
  const values = data.get(buffer) ?? new Float64Array(0)
  const step = Math.max(1, Math.floor(rows / (2 * most))) * stride(buffer)
  const seen = new Set<number>()
  for (let at = offset; at < values.length && seen.size <= most; at += step) seen.add(values[at] ?? 0)
  return seen.size > most
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

/** The first digit counts most, as in the order of merged rows: neighbouring rows look up neighbouring entries. */
function keyGroup(digits: readonly Digit[]): KeyGroup {
  let entries = 1
  const strides = digits
    .toReversed()
    .map((digit) => {
      const stride = entries
      entries *= digit.first.length
      return stride
    })
    .toReversed()
  return { digits, strides, entries }
}

/** The key of each row. */
export function keysOf({ digits, strides }: KeyGroup, rows: RowData): Int32Array {
  const elements = digits.flatMap((digit) => digit.elements)
  const name = digits.map((digit) => `${digit.first.length} ${digit.elements.map(elementKey).join(' & ')}`).join()
  return rows.cache.made(`keys ${rows.rows} ${name}`, arraysOf(elements, rows), () => {
    const keys = new Int32Array(rows.rows)
    for (let from = 0; from < rows.rows; from += BLOCK_ROWS)
      digits.forEach((digit, i) => {
        digit.addTo(keys, strides[i] ?? 1, from, Math.min(rows.rows, from + BLOCK_ROWS))
      })
    return keys
  })
}

/** The tuple of a digit in an entry. */
export function digitOf({ digits, strides }: KeyGroup, digit: number, entry: number): number {
  return Math.floor(entry / (strides[digit] ?? 1)) % (digits[digit]?.first.length ?? 1)
}
