import { didYouMean } from '../runtime/data/nearest-name.js'
import { UsageError } from './exit-codes.js'

/** Parsers of option values; each names its option in the complaint. */
export function wholeNumber(option: string, least: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (!/^\+?\d+$/.test(text) || !Number.isSafeInteger(value) || value < least) {
      throw new UsageError(`${option} takes a whole number of at least ${least}, not \`${text}\``)
    }
    return value
  }
}

/** A port that a program may listen on. */
export function portNumber(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < 1 || value > 65535)
    throw new UsageError(`--port takes a whole number from 1 to 65535, not \`${text}\``)
  return value
}

export function positiveNumber(option: string, zero = false): (text: string) => number {
  return (text) => {
    const value = Number(text)
    const plain = /^\+?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)
    if (!plain || !Number.isFinite(value) || (zero ? value < 0 : value <= 0)) {
      throw new UsageError(`${option} takes a number ${zero ? 'of at least' : 'above'} 0, not \`${text}\``)
    }
    return value
  }
}

const UNITS: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
])

/** Seconds, or with a unit: `500ms`, `30s`, `2m`, `1h`. Gives milliseconds. */
export function duration(option: string, zero = false): (text: string) => number {
  return (text) => {
    const match = /^(\d+\.?\d*|\.\d+)(ms|s|m|h)?$/.exec(text)
    const value = Number(match?.[1]) * (UNITS.get(match?.[2] ?? 's') ?? 1000)
    if (match === null || !(value > 0 || (zero && value === 0)))
      throw new UsageError(`${option} takes seconds, or a time such as 500ms, 30s, 2m, 1h, not \`${text}\``)
    return value
  }
}

/** One of several words; those of `later` exist in the design and not yet in the program. */
export function oneOf<Word extends string>(
  option: string,
  words: readonly Word[],
  later: readonly string[] = [],
): (text: string) => Word {
  return (text) => {
    const known = words.find((word) => word === text)
    if (known !== undefined) return known
    if (later.includes(text))
      throw new UsageError(`${option} ${text} is not available in this version; there is ${words.join(', ')}`)
    throw new UsageError(`${option} takes ${words.join(', ')}, not \`${text}\``, didYouMean(text, words) ?? null)
  }
}

/** Collects the values of a repeatable option. */
export function collect(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), text]
}
