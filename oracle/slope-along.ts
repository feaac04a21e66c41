/** Slopes of a function of params, by differences. */
import { shifted } from './micro-params.js'

export interface Slope {
  readonly slope: number
  readonly curvature: number
  /** Estimate of the slope's absolute error. */
  readonly error: number
}

interface Pair {
  readonly s: number
  readonly up: number
  readonly down: number
}

/** First and second derivative at 0 of t ↦ f(point + t·step): central differences at h, 2h, 4h, extrapolated to h = 0. */
export function slopeAlong(f: (p: Float64Array) => number, point: Float64Array, step: Float64Array): Slope {
  const along = (t: number): number => f(shifted(point, step, t))
  const pair = (s: number): Pair => ({ s, up: along(s), down: along(-s) })
  let h = 0.003
  let widest = pair(4 * h)
  for (let i = 0; i < 6 && !(Number.isFinite(widest.up) && Number.isFinite(widest.down)); i++) {
    h /= 8
    widest = pair(4 * h)
  }
  const centre = f(point)
  // a kink within reach (a Laplace location near a datum) shows as curvature that changes with the width
  const bend = ({ s, up, down }: Pair): number => (up + down - 2 * centre) / (s * s)
  let first = pair(h)
  for (let i = 0; i < 3; i++) {
    const [near, far] = [bend(first), bend(widest)]
    if (!(Math.abs(far - near) > 0.5 * (1 + Math.abs(near)))) break
    h /= 8
    first = pair(h)
    widest = pair(4 * h)
  }
  const values = [first, pair(2 * h), widest]
  const [d1 = Number.NaN, d2 = Number.NaN, d4 = Number.NaN] = values.map((v) => (v.up - v.down) / (2 * v.s))
  const fine = (4 * d1 - d2) / 3
  const slope = (16 * fine - (4 * d2 - d4) / 3) / 15
  return { slope, curvature: bend(first), error: Math.abs(slope - fine) }
}
