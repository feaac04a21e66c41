import type { FitWarning } from '../../runtime/warnings.js'
import { type Paint, printable } from './paint.js'

/** So many warnings of one code are printed in full. */
const SHOWN = 3

/** A line per warning; of many of one kind the first few. All of them are in the result. */
export function warningLines(warnings: readonly FitWarning[], paint: Paint): string {
  const seen = new Map<string, number>()
  const lines = warnings.flatMap(({ code, message }, i) => {
    const before = seen.get(code) ?? 0
    seen.set(code, before + 1)
    const label = paint.diagnostic('warning', `warning[${code}]`)
    if (before < SHOWN) return [`${label}: ${printable(message)}\n`]
    const last = !warnings.slice(i + 1).some((other) => other.code === code)
    return last ? [`${label}: and ${before + 1 - SHOWN} more like it (--json lists them)\n`] : []
  })
  return lines.join('')
}
