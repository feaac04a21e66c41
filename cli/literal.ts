import { type Literal, readLiteral } from '../runtime/data/literal.js'
import { UsageError } from './exit-codes.js'

/** `name=value` → both parts; `option` is what to call it in the complaint. */
export function parseAssignment(option: string, text: string): { readonly name: string; readonly value: Literal } {
  const equals = text.indexOf('=')
  const name = text.slice(0, Math.max(0, equals)).trim()
  if (equals < 1 || !/^\w+$/u.test(name)) throw new UsageError(`${option} takes name=value, not \`${text}\``)
  return { name, value: parseLiteral(option, text.slice(equals + 1)) }
}

/** Reads `3`, `1e-3`, `1/6`, `-Infinity`, `true`, `[[1, 2], [3, 4]]`. */
export function parseLiteral(option: string, text: string): Literal {
  const read = readLiteral(text)
  if ('problem' in read) throw new UsageError(`${option}: ${read.problem}`)
  return read.value
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
