/** Ends of starts and temperatures, in sentences. */
import type { FitResult } from '../../runtime/result.js'

/** How many starts came to the best end; nothing of a single one. */
export function startsInWords(starts: FitResult['starts']): readonly string[] {
  if (starts.length < 2) return []
  const ends = starts.filter((s) => !s.brief && s.stop !== 'numerical' && !s.degenerate)
  const heights = ends.map((s) => (typeof s.objective === 'number' ? s.objective : Number.NEGATIVE_INFINITY))
  const best = Math.max(...heights)
  const isNear = (x: unknown, share: number): boolean =>
    typeof x === 'number' && Number.isFinite(best) && Math.abs(best - x) <= share * (1 + Math.abs(best))
  const reached = heights.filter((x) => isNear(x, 1e-6)).length
  const brief = starts.filter((s) => s.brief).length
  const asHigh = starts.filter((s) => s.brief && isNear(s.objective, 1e-5)).length
  const degenerate = starts.filter((s) => !s.brief && s.degenerate).length
  return [
    `Of ${starts.length} starts ${reached} came to the best end` +
      `${ends.length > reached ? `, ${ends.length - reached} to a lower one` : ''}` +
      `${degenerate > 0 ? `, ${degenerate} degenerated` : ''}` +
      `${brief > 0 ? `; ${brief} were left after a brief run` : ''}${asHigh > 0 ? `, ${asHigh} of them about as high by then` : ''}.`,
  ]
}

export function betasInWords(stages: NonNullable<FitResult['stages']>): string {
  const [first, last] = [stages[0], stages.at(-1)]
  if (first === undefined || last === undefined) return 'No temperature was gone through.'
  return `${stages.length} powers of the posterior from ${first.beta.toPrecision(2)} to ${last.beta.toPrecision(3)}, then 1.`
}
