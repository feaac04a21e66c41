import { readLiteral } from '../runtime/data/literal.js'
import { UsageError } from './exit-codes.js'

/** The values of `--fix`, by param; null for cells that are left free. */
export function parseFixed(
  texts: readonly string[] = [],
  started: readonly string[] = [],
): ReadonlyMap<string, unknown> {
  const fixed = new Map<string, unknown>()
  for (const text of texts) {
    const equals = text.indexOf('=')
    const name = text.slice(0, Math.max(0, equals)).trim()
    if (equals < 1 || !/^\w+$/u.test(name)) throw new UsageError(`--fix takes name=value, not \`${text}\``)
    if (fixed.has(name)) throw new UsageError(`--fix gives \`${name}\` twice`)
    const read = readLiteral(text.slice(equals + 1), { missing: true })
    if ('problem' in read) throw new UsageError(`--fix: ${read.problem}`)
    fixed.set(name, read.value)
  }
  for (const text of started) {
    const name = text.slice(0, Math.max(0, text.indexOf('='))).trim()
    if (fixed.has(name))
      throw new UsageError(
        `\`${name}\` is given by --fix and by --start`,
        'a param that is fixed stays where it is: leave one of them out',
      )
  }
  return fixed
}
