import { numberFromJson } from '../../runtime/json.js'
import type { StartSummary } from '../../runtime/result.js'
import { plural } from './numbers.js'

/** How many of the starts came to the best end; '' for a single start. */
export function startsLine(starts: readonly StartSummary[]): string {
  if (starts.length < 2) return ''
  const ends = starts.filter((start) => !start.brief)
  const good = ends.filter((start) => !start.degenerate).map((start) => numberFromJson(start.objective) ?? Number.NaN)
  const best = Math.max(...good)
  const reached = good.filter((objective) => best - objective <= 1e-6 * (1 + Math.abs(best))).length
  const degenerate = ends.filter((start) => start.degenerate).length
  const brief = starts.length - ends.length
  const parts = [`${reached} of ${plural(ends.length, 'start')} that ran on reached the best`]
  if (brief > 0) parts.push(`${brief} left after a brief run`)
  if (degenerate > 0) parts.push(`${degenerate} ended degenerate`)
  return parts.join('; ')
}
