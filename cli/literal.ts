import { UsageError } from './exit-codes.js'

/** Values of `--set`, `--start`: a number, `true`, `false`, or nested arrays of these. */
export type Literal = number | boolean | readonly Literal[]

/** `name=value` → both parts; `option` is what to call it in the complaint. */
export function parseAssignment(option: string, text: string): { readonly name: string; readonly value: Literal } {
  const equals = text.indexOf('=')
  const name = text.slice(0, Math.max(0, equals)).trim()
  if (equals < 1 || !/^\w+$/u.test(name)) throw new UsageError(`${option} takes name=value, not \`${text}\``)
  return { name, value: parseLiteral(option, text.slice(equals + 1)) }
}

/** Reads `3`, `1e-3`, `1/6`, `-Infinity`, `true`, `[[1, 2], [3, 4]]`. */
export function parseLiteral(option: string, text: string): Literal {
  let at = 0
  const fail = (): UsageError => new UsageError(`${option}: \`${text.trim()}\` is not a number or an array of numbers`)
  const skip = (): void => {
    while (at < text.length && /\s/.test(text[at] ?? '')) at++
  }
  const value = (depth: number): Literal => {
    skip()
    if (text[at] === '[') return list(depth)
    const word = /^[^\s,[\]]+/.exec(text.slice(at))?.[0]
    if (word === undefined) throw fail()
    at += word.length
    const parsed = parseWord(word)
    if (parsed === null) throw fail()
    return parsed
  }
  const list = (depth: number): Literal => {
    if (depth > 20) throw new UsageError(`${option}: arrays are nested more than 20 deep`)
    const items: Literal[] = []
    at++
    skip()
    if (text[at] === ']') throw fail()
    for (;;) {
      items.push(value(depth + 1))
      skip()
      const next = text[at]
      at++
      if (next === ']') return items
      if (next !== ',') throw fail()
    }
  }
  const result = value(0)
  skip()
  if (at < text.length) throw fail()
  return result
}

function parseWord(word: string): number | boolean | null {
  if (word === 'true' || word === 'false') return word === 'true'
  if (/^[+-]?Infinity$/.test(word)) return word.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  const parts = word.split('/')
  if (parts.length > 2 || !parts.every((part) => /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(part))) return null
  const [top = Number.NaN, bottom = 1] = parts.map(Number)
  const result = top / bottom
  return Number.isFinite(result) ? result : null
}

/** The values of `--set`, by name. */
export function parseSet(texts: readonly string[] = []): ReadonlyMap<string, unknown> {
  const set = new Map<string, unknown>()
  for (const text of texts) {
    const { name, value } = parseAssignment('--set', text)
    if (set.has(name)) throw new UsageError(`--set gives \`${name}\` twice`)
    set.set(name, value)
  }
  return set
}
