/** The values of `--over`: `K=1..8`, `K=1,2,5`, `K=[1, 2]`, or a list of lists for a const that is an array. */
import { UsageError } from './exit-codes.js'
import { parseLiteral } from './literal.js'

/** More candidates than this are a mistake. */
const MOST = 1000

export function parseOver(texts: readonly string[]): ReadonlyMap<string, readonly unknown[]> {
  const over = new Map<string, readonly unknown[]>()
  for (const text of texts) {
    const equals = text.indexOf('=')
    const name = text.slice(0, Math.max(0, equals)).trim()
    if (equals < 1 || !/^\w+$/u.test(name))
      throw new UsageError(`--over takes name=values such as K=1..8, not \`${text}\``)
    if (over.has(name)) throw new UsageError(`--over gives \`${name}\` twice`)
    over.set(name, valuesOf(text.slice(equals + 1).trim(), text))
  }
  const count = [...over.values()].reduce((n, values) => n * values.length, 1)
  if (count > MOST) throw new UsageError(`--over makes ${count} candidates; at most ${MOST} are fitted`)
  return over
}

function valuesOf(text: string, whole: string): readonly unknown[] {
  const range = /^(-?\d+)\s*\.\.\s*(-?\d+)$/.exec(text)
  if (range !== null) {
    const [from, to] = [Number(range[1]), Number(range[2])]
    if (to < from) throw new UsageError(`--over ${whole}: the range is empty`)
    if (to - from >= MOST) throw new UsageError(`--over ${whole}: at most ${MOST} candidates are fitted`)
    return Array.from({ length: to - from + 1 }, (_, i) => from + i)
  }
  const value = parseLiteral('--over', text.startsWith('[') ? text : `[${text}]`)
  const values = Array.isArray(value) ? value : [value]
  if (values.length === 0) throw new UsageError(`--over ${whole}: there are no values`)
  return values
}
