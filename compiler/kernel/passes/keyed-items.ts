import type { Axis, SizeKey } from '../types.js'
import type { Additions } from './additions.js'
import type { Element, Item } from './discrete-terms.js'
import { type Digit, elementKey, type KeyGroup, keysOf, type RowData } from './table-keys.js'
import type { PassContext } from './types.js'

/** An item with the group of its key, and its digit there. */
export interface KeyedItem {
  readonly item: Item
  readonly group: number
  readonly digit: Digit
  /** Of the digit in the group. */
  readonly position: number
}

/** The keys of a program: a buffer of keys and an axis of entries for each group, made when they are first used. */
export class TableKeys {
  private readonly places = new Map<string, { readonly group: number; readonly position: number }>()
  private readonly made = new Map<number, { readonly size: SizeKey; readonly entry: Axis }>()
  private readonly buffers = new Map<number, string>()

  constructor(
    private readonly groups: readonly KeyGroup[],
    private readonly rows: RowData,
    private readonly adds: Additions,
    private readonly context: PassContext,
  ) {
    groups.forEach(({ digits }, group) => {
      digits.forEach(({ elements }, position) => {
        for (const element of elements) this.places.set(elementKey(element), { group, position })
      })
    })
  }

  get count(): number {
    return this.groups.length
  }

  group(group: number): KeyGroup {
    const own = this.groups[group]
    if (own === undefined) throw new Error(`there is no group ${group} of keys`)
    return own
  }

  /** Where an item is keyed: all of its elements in one digit. */
  find(item: Item): KeyedItem | null {
    const [first, ...others] = item.elements.map((element) => this.places.get(elementKey(element)))
    if (first === undefined) return null
    if (others.some((other) => other?.group !== first.group || other.position !== first.position)) return null
    const digit = this.groups[first.group]?.digits[first.position]
    return digit === undefined ? null : { item, ...first, digit }
  }

  entries(group: number): number {
    return this.group(group).entries
  }

  size(group: number): SizeKey {
    return this.axes(group).size
  }

  /** Axis over the entries of a group. */
  entry(group: number): Axis {
    return this.axes(group).entry
  }

  /** Buffer of the keys of the rows. */
  key(group: number): string {
    const known = this.buffers.get(group)
    if (known !== undefined) return known
    const keys = keysOf(this.group(group), this.rows)
    const buffer = this.adds.constant('key', keys, [this.context.rows.size])
    this.buffers.set(group, buffer)
    return buffer
  }

  value(element: Element | undefined, row: number): number {
    if (element === undefined) return Number.NaN
    const { buffer, offset } = element
    return this.rows.data.get(buffer)?.[row * this.rows.stride(buffer) + offset] ?? Number.NaN
  }

  isInteger(buffer: string): boolean {
    return this.rows.data.get(buffer) instanceof Int32Array
  }

  private axes(group: number): { readonly size: SizeKey; readonly entry: Axis } {
    const known = this.made.get(group)
    if (known !== undefined) return known
    const size = this.adds.size('entries', this.entries(group))
    const own = { size, entry: this.adds.axis(size) }
    this.made.set(group, own)
    return own
  }
}
