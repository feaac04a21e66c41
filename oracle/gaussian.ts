/**
 * Gaussian integrals by differences: where f is a quadratic, second differences give it exactly, and
 * log ∫ exp f = f(m) + d/2 log 2π − ½ log det Λ, with Λ = −∇²f and m its maximum.
 */
import { at, dot, range, sum } from './arrays.js'
import { cholesky, choleskyLogDet, choleskySolve, identity } from './dense.js'

export interface Gaussian {
  readonly log: number
  readonly mean: readonly number[]
  readonly covariance: readonly (readonly number[])[]
}

type LogFunction = (s: readonly number[]) => number

/** Deviation from a quadratic that is taken for rounding, relative to max(1, |f|) at the point. */
const TOLERANCE = 1e-9

/** The integral of exp f over R^d; null where f is not (negative definite) quadratic. */
export function gaussianIntegral(f: LogFunction, dimension: number): Gaussian | null {
  const unit = identity(dimension)
  let fitted = fit(
    f,
    range(1, dimension).map(() => 0),
    unit,
  )
  // a second and third look from the mean, in units of the sd, lose no digits to scale
  for (let pass = 0; pass < 2 && fitted !== null; pass++) {
    const axes = fitted.covariance.map((row, i) => row.map((v, j) => (i === j ? Math.sqrt(v) : 0)))
    fitted = fit(f, fitted.mean, axes)
  }
  return fitted !== null && isQuadratic(f, fitted) ? fitted : null
}

/** Quadratic through differences of f at `origin` along `axes` (a diagonal matrix of steps). */
function fit(f: LogFunction, origin: readonly number[], axes: readonly (readonly number[])[]): Gaussian | null {
  const d = origin.length
  const value = (t: readonly number[]): number => f(origin.map((o, i) => o + dot(at(axes, i), t)))
  const e = identity(d)
  const zero = origin.map(() => 0)
  const f0 = value(zero)
  const plus = e.map(value)
  const minus = e.map((row) => value(row.map((x) => -x)))
  const gradient = plus.map((p, i) => (p - at(minus, i)) / 2)
  const precision = e.map((row, i) =>
    e.map((other, j) => {
      if (i === j) return -(at(plus, i) - f0 + (at(minus, i) - f0))
      const both = value(row.map((x, k) => x + at(other, k)))
      const opposite = value(row.map((x, k) => x - at(other, k)))
      const mirrored = value(row.map((x, k) => at(other, k) - x))
      const neither = value(row.map((x, k) => -x - at(other, k)))
      return -(both - opposite - mirrored + neither) / 4
    }),
  )
  if (![f0, ...gradient, ...precision.flat()].every(Number.isFinite)) return null
  const l = cholesky(precision)
  if (l === null) return null
  const shift = choleskySolve(l, gradient)
  const steps = axes.map((row, i) => at(row, i))
  const mean = origin.map((o, i) => o + at(steps, i) * at(shift, i))
  const covariance = e.map((row, i) => choleskySolve(l, row).map((v, j) => v * at(steps, i) * at(steps, j)))
  const logDet = choleskyLogDet(l) - 2 * sum(steps.map(Math.log))
  return { log: f(mean) + (d / 2) * Math.log(2 * Math.PI) - logDet / 2, mean, covariance }
}

/** Compares f with its quadratic at a few points up to 3 sd away. */
function isQuadratic(f: LogFunction, g: Gaussian): boolean {
  const factor = cholesky(g.covariance)
  if (factor === null) return false
  const top = f(g.mean)
  return range(1, 4).every((k) => {
    const t = g.mean.map((_, i) => 2 * Math.sin(3 * k + 5 * i + 1) + Math.sign(Math.cos(k + i)))
    const point = g.mean.map((m, i) => m + dot(at(factor, i), t))
    const expected = top - dot(t, t) / 2
    const actual = f(point)
    return Math.abs(actual - expected) <= TOLERANCE * Math.max(1, Math.abs(actual), Math.abs(top))
  })
}

/** Equally weighted points with the mean and covariance of g, exact for the expectation of any cubic (Stroud 1971, 3-1). */
export function cubature(g: Gaussian): readonly (readonly number[])[] {
  const factor = cholesky(g.covariance)
  if (factor === null) return []
  const reach = Math.sqrt(g.mean.length)
  return g.mean.flatMap((_, j) => [1, -1].map((sign) => g.mean.map((m, i) => m + sign * reach * at(at(factor, i), j))))
}

/** Weighted points of the trapezoid rule in standard coordinates: exact to rounding for smooth functions; d ≤ 2. */
export function denseNodes(g: Gaussian): readonly { readonly at: readonly number[]; readonly log: number }[] {
  const factor = cholesky(g.covariance)
  if (factor === null) return []
  const h = 0.6
  const axis = range(-15, 15).map((i) => i * h)
  const points = g.mean.reduce<number[][]>((rows) => rows.flatMap((r) => axis.map((x) => [...r, x])), [[]])
  const norm = g.mean.length * (Math.log(h) - 0.5 * Math.log(2 * Math.PI))
  return points.map((t) => ({
    at: g.mean.map((m, i) => m + dot(at(factor, i), t)),
    log: norm - dot(t, t) / 2,
  }))
}
