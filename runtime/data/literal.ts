/** Values as they are typed: a number, `true`, `false`, or nested arrays of these; null where `NA` may stand and does. */
export type Literal = number | boolean | null | readonly Literal[]

/** `missing`: `NA` and `null` stand for a value that is left out. */
export interface LiteralOptions {
  readonly missing?: boolean
}

const DEEPEST = 20

/** Reads `3`, `1e-3`, `1/6`, `-Infinity`, `true`, `[[1, 2], [3, 4]]`; else why it is none, to stand after its name. */
export function readLiteral(
  text: string,
  options: LiteralOptions = {},
): { readonly value: Literal } | { readonly problem: string } {
  try {
    return { value: literal(text, options) }
  } catch (e) {
    if (e instanceof NoLiteral) return { problem: e.message }
    throw e
  }
}

class NoLiteral extends Error {}

function literal(text: string, { missing = false }: LiteralOptions): Literal {
  let at = 0
  const fail = (): NoLiteral => new NoLiteral(`\`${text.trim()}\` is not a number or an array of numbers`)
  const skip = (): void => {
    while (at < text.length && /\s/.test(text[at] ?? '')) at++
  }
  const value = (depth: number): Literal => {
    skip()
    if (text[at] === '[') return list(depth)
    const word = /^[^\s,[\]]+/.exec(text.slice(at))?.[0]
    if (word === undefined) throw fail()
    at += word.length
    if (missing && (word === 'NA' || word === 'null')) return null
    const parsed = parseWord(word)
    if (parsed === null) throw fail()
    return parsed
  }
  const list = (depth: number): Literal => {
    if (depth > DEEPEST) throw new NoLiteral(`arrays are nested more than ${DEEPEST} deep`)
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
