import { numberFromJson } from '../../runtime/json.js'
import type { StartSummary } from '../../runtime/result.js'
import { formatObjective, plural } from './numbers.js'

/** What became of the starts: how many came to the best end, elsewhere, or to none; '' for a single start. */
export function startsLine(starts: readonly StartSummary[]): string {
  if (starts.length < 2) return ''
  const ends = starts.filter((start) => !start.brief && start.stop !== 'numerical')
  const sound = ends.filter((start) => !start.degenerate)
  const degenerate = ends.length - sound.length
  const brief = starts.filter((start) => start.brief).length
  const failed = starts.length - ends.length - brief
  const heights = (sound.length > 0 ? sound : ends).map((start) => numberFromJson(start.objective) ?? Number.NaN)
  const best = Math.max(...heights)
  const isNear = (objective: number, share: number): boolean =>
    Number.isFinite(best) && Math.abs(best - objective) <= share * (1 + Math.abs(best))
  const reached = heights.filter((objective) => isNear(objective, 1e-6)).length
  const asHigh = starts.filter(
    (start) => start.brief && isNear(numberFromJson(start.objective) ?? Number.NaN, 1e-5),
  ).length
  const elsewhere = heights.length - reached
  const parts = [
    sound.length === 0 && ends.length > 0
      ? 'every one that ran to the end is degenerate'
      : `${reached} came to the best`,
  ]
  if (sound.length > 0 && elsewhere > 0) parts.push(`${elsewhere} to a lower maximum`)
  if (sound.length > 0 && degenerate > 0) parts.push(`${degenerate} ended degenerate`)
  if (brief > 0)
    parts.push(`${brief} given up after a brief run${asHigh > 0 ? ` (${asHigh} of them about as high by then)` : ''}`)
  if (failed > 0) parts.push(`${failed} failed numerically`)
  return `${plural(starts.length, 'start')}: ${parts.join(', ')}`
}

/** How the best start came about, where it was made by splitting: the objective with 1, 2, 4, … components. */
export function splitsLine(starts: readonly StartSummary[]): string {
  const heights = starts.map((start) => numberFromJson(start.objective) ?? Number.NaN)
  const best = starts[heights.indexOf(Math.max(...heights.filter((x) => !Number.isNaN(x))))]
  return (best?.splits ?? [])
    .map(({ components, objective }) => `${components}: ${formatObjective(objective)}`)
    .join(', ')
}
