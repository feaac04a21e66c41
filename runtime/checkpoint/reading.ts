/** Parsed JSON that should have a certain shape. */
import { doublesFromText, integersFromText } from './bits.js'

/** It has another shape. */
export class ShapeError extends Error {
  override readonly name = 'ShapeError'
}

export class Reading {
  constructor(
    private readonly value: unknown,
    private readonly path: string,
  ) {}

  private fail(what: string): never {
    throw new ShapeError(`${this.path === '' ? 'it' : `\`${this.path}\``} is not ${what}`)
  }

  at(key: string): Reading {
    const { value } = this
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return this.fail('an object')
    const path = this.path === '' ? key : `${this.path}.${key}`
    return new Reading(new Map<string, unknown>(Object.entries(value)).get(key), path)
  }

  get isNull(): boolean {
    return this.value === null
  }

  /** Something that reads it by itself. */
  read<T>(reader: (value: unknown) => T): T {
    return reader(this.value)
  }

  get isText(): boolean {
    return typeof this.value === 'string'
  }

  /** null where it is null. */
  orNull<T>(read: (own: Reading) => T): T | null {
    return this.isNull ? null : read(this)
  }

  list<T>(read: (item: Reading) => T): T[] {
    if (!Array.isArray(this.value)) return this.fail('a list')
    return this.value.map((item, i) => read(new Reading(item, `${this.path}[${i}]`)))
  }

  /** A list of names with values. */
  pairs<T>(read: (value: Reading) => T): Map<string, T> {
    return new Map(
      this.list((pair) => {
        const [name, value, ...rest] = pair.list((x) => x)
        if (name === undefined || value === undefined || rest.length > 0) return pair.fail('a name with a value')
        return [name.text(), read(value)] as const
      }),
    )
  }

  text(): string {
    return typeof this.value === 'string' ? this.value : this.fail('a text')
  }

  oneOf<Word extends string>(words: readonly Word[]): Word {
    return words.find((word) => word === this.value) ?? this.fail(`one of ${words.join(', ')}`)
  }

  flag(): boolean {
    return typeof this.value === 'boolean' ? this.value : this.fail('true or false')
  }

  count(): number {
    const { value } = this
    return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : this.fail('a count')
  }

  number(): number {
    const { value } = this
    if (typeof value === 'number') return value
    const known = typeof value === 'string' ? NAMED.get(value) : undefined
    return known ?? this.fail('a number')
  }

  /** @param length how many there are to be; null: any number */
  numbers(length: number | null): Float64Array {
    const numbers = doublesFromText(this.text())
    if (numbers === null || (length !== null && numbers.length !== length))
      return this.fail(length === null ? 'numbers' : `${length} numbers`)
    return numbers
  }

  integers(): Int32Array {
    return integersFromText(this.text()) ?? this.fail('whole numbers')
  }
}

const NAMED: ReadonlyMap<string, number> = new Map([
  ['-0', -0],
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
])
