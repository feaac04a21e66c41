/** Which of several ends of starts is the better one, and which have come to the same. */
import type { StartEnd } from './start-end.js'

/** A run that gave no usable number. */
export function failed(end: StartEnd): boolean {
  return end.run.stop === 'numerical'
}

/** The best end: not failed before failed, not degenerate before degenerate, run on before brief, highest objective. */
export function bestEnd(ends: readonly StartEnd[]): StartEnd | undefined {
  return [...ends].sort((a, b) => compareKinds(a, b) || Number(a.brief) - Number(b.brief) || compareEnds(a, b))[0]
}

/** Objectives this close, relative to their size, are taken for the same maximum. */
const SAME = 1e-5

/**
 * The best first; of those that have come to the same objective one stands for all, and the rest come last in their
 * kind: three starts on the way to one maximum would tell no more than one.
 */
export function promising(ends: readonly StartEnd[]): StartEnd[] {
  const sorted = [...ends].sort(compareEnds)
  const repeated = new Set<StartEnd>()
  sorted.forEach((end, i) => {
    const before = sorted[i - 1]
    if (before !== undefined && compareKinds(before, end) === 0 && isOneMaximum([before, end])) repeated.add(end)
  })
  return sorted.sort((a, b) => compareKinds(a, b) || Number(repeated.has(a)) - Number(repeated.has(b)))
}

/**
 * Ends that differ in kind or objective, the best first, and those that repeat one of them. `kept` repeats none.
 */
export function toldApart(
  ends: readonly StartEnd[],
  kept: StartEnd | null = null,
): { readonly apart: StartEnd[]; readonly alike: StartEnd[] } {
  const apart: StartEnd[] = []
  const alike: StartEnd[] = []
  for (const end of [...ends].sort(compareEnds)) {
    const repeats = (one: StartEnd): boolean => compareKinds(one, end) === 0 && isOneMaximum([one, end])
    const list = end !== kept && !failed(end) && apart.some(repeats) ? alike : apart
    list.push(end)
  }
  return { apart, alike }
}

/** true where all have come to the same objective. */
export function isOneMaximum(ends: readonly StartEnd[]): boolean {
  const objectives = ends.map((end) => end.run.point.objective)
  const high = Math.max(...objectives)
  return high - Math.min(...objectives) <= SAME * (1 + Math.abs(high))
}

function compareEnds(a: StartEnd, b: StartEnd): number {
  return compareKinds(a, b) || descending(a.run.point.objective, b.run.point.objective)
}

export function compareKinds(a: StartEnd, b: StartEnd): number {
  return Number(failed(a)) - Number(failed(b)) || Number(a.degenerate.length > 0) - Number(b.degenerate.length > 0)
}

function descending(a: number, b: number): number {
  if (a === b) return 0
  if (Number.isNaN(a)) return 1
  if (Number.isNaN(b)) return -1
  return b > a ? 1 : -1
}
