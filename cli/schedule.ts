import { UsageError } from './exit-codes.js'

/** `--schedule from=0.1,factor=1.2`, repeatable: numbers by name; null where it was not given. */
export function parseSchedule(texts: readonly string[] = []): Readonly<Record<string, number>> | null {
  const out: [string, number][] = []
  for (const part of texts.flatMap((text) => text.split(','))) {
    const at = part.indexOf('=')
    const [name, text] = [part.slice(0, at).trim(), part.slice(at + 1).trim()]
    const value = Number(text)
    if (at < 1 || text === '' || !Number.isFinite(value))
      throw new UsageError(`--schedule takes name=number, such as burn=200, not \`${part}\``)
    out.push([name, value])
  }
  return out.length === 0 ? null : Object.fromEntries(out)
}
