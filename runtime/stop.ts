/**
 * When a sequence of objectives l(0), l(1), … has arrived.
 *
 * EM converges linearly, so a small step does not mean a near end: with ratio a = Δ(t)/Δ(t−1) of successive steps the
 * limit lies Δ(t)·a/(1 − a) ahead (Aitken 1926; Böhning et al. 1994, Ann. Inst. Statist. Math. 46, p. 377). Both the
 * step and that distance must be ≤ tol·(1 + |l|).
 */

/** `completed`: the schedule of a mode came to its end. */
export type StopReason = 'tolerance' | 'max-iterations' | 'max-time' | 'aborted' | 'direct' | 'numerical' | 'completed'

const ULP = 2.220446049250313e-16
/** Rounding of an objective, in ulps of its scale. */
const ROUNDING = 8
/** A difference of steps must stand this far out of the rounding. */
const CLEAR = 4

/**
 * Estimated distance from the last objective to the limit; Infinity where the steps do not shrink or there are too few.
 *
 * The estimate is only as good as the difference of two successive steps. Where that drowns in rounding, steps of 2, 4,
 * 8, … iterations are compared instead, the shortest whose difference stands out. A history that is flat at rounding
 * level throughout is at its limit.
 *
 * @param trace objectives, oldest first; a leading −Infinity is skipped
 * @param scale size of the sums behind an objective (rounding is relative to it)
 */
export function distanceToLimit(trace: readonly number[], scale: number): number {
  let first = 0
  while (first < trace.length && !Number.isFinite(trace[first])) first++
  const last = trace.length - 1
  if (last - first < 2) return Number.POSITIVE_INFINITY
  const at = (index: number): number => trace[index] ?? Number.NaN
  const rounding = ROUNDING * ULP * Math.max(1, scale)
  for (let width = 1; last - 2 * width >= first; width *= 2) {
    const before = at(last - width) - at(last - 2 * width)
    const step = Math.max(0, at(last) - at(last - width))
    if (Math.abs(before - step) <= CLEAR * rounding) continue
    return step < before ? (step * step) / (before - step) : Number.POSITIVE_INFINITY
  }
  return Math.abs(at(last) - at(first)) <= CLEAR * rounding ? 0 : Number.POSITIVE_INFINITY
}

/**
 * true where the step and the distance to the limit are within the tolerance; never with tolerance 0.
 *
 * @param resolution in nats: what an objective that is made of draws cannot tell apart
 */
export function converged(trace: readonly number[], scale: number, tolerance: number, resolution = 0): boolean {
  if (!(tolerance > 0)) return false
  const last = trace[trace.length - 1] ?? Number.NaN
  const previous = trace[trace.length - 2] ?? Number.NaN
  const third = trace[trace.length - 3] ?? Number.NaN
  if (!Number.isFinite(last) || !Number.isFinite(previous)) return false
  if (last === previous && previous === third) return true
  const allowed = Math.max(tolerance * (1 + Math.abs(last)), resolution)
  return Math.abs(last - previous) <= allowed && distanceToLimit(trace, scale) <= allowed
}
