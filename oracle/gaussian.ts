/**
 * Gaussian integrals by differences: where f is a quadratic, second differences give it exactly, and
 * log ∫ exp f = f(m) + d/2 log 2π − ½ log det Λ, with Λ = −∇²f and m its maximum. f is a sum of parts, each of which
 * moves with a few coordinates only, so that its differences are taken in those.
 */
import { at, dot, range, sum } from './arrays.js'
import { cholesky, choleskyLogDet, choleskySolve, forwardSolve, identity, type Matrix } from './dense.js'

export interface Gaussian {
  readonly log: number
  readonly mean: readonly number[]
  readonly covariance: Matrix
}

type LogFunction = (s: readonly number[]) => number

/** A term of f and the coordinates (positions in s) that it depends on. */
export interface Part {
  readonly coordinates: readonly number[]
  readonly value: LogFunction
}

/** Where differences are taken, and how far apart: one number per integrated coordinate. */
export interface Look {
  readonly centre: readonly number[]
  readonly steps: readonly number[]
}

/** Deviation from a quadratic that is taken for rounding, relative to max(1, |f|) at the point. */
const TOLERANCE = 1e-9
/** A mean found from further away, in sds, is looked at again from nearby. */
const NEAR = 30

/** The integral of exp f over R^d; null where f is not (negative definite) quadratic. */
export function gaussianIntegral(f: LogFunction, dimension: number): Gaussian | null {
  const all = range(0, dimension - 1)
  const found = gaussianOverSome(
    [{ coordinates: all, value: f }],
    all.map(() => 0),
    all,
  )
  return found === null ? null : found.gaussian
}

export interface Found {
  readonly gaussian: Gaussian
  /** A good look at a similar function. */
  readonly look: Look
}

/**
 * The integral of exp Σ parts over the coordinates `over`, the others as in `s`; null where it is not quadratic in them.
 * `look` may come from a similar integral.
 */
export function gaussianOverSome(
  parts: readonly Part[],
  s: readonly number[],
  over: readonly number[],
  look?: Look,
): Found | null {
  const moving = parts.filter((p) => p.coordinates.some((c) => over.includes(c)))
  const point = (x: readonly number[]): number[] => {
    const out = [...s]
    over.forEach((c, i) => {
      out[c] = at(x, i)
    })
    return out
  }
  const total = (x: readonly number[]): number => sum(parts.map((p) => p.value(point(x))))
  let next: Look | null = look ?? { centre: over.map(() => 0), steps: over.map(() => 1) }
  let fitted: Fit | null = null
  // from nearby, and in units of the sd, no digits are lost to scale
  for (let pass = 0; pass < 4 && next !== null; pass++) {
    fitted = fit(moving, point, over, next)
    if (fitted === null) return null
    next = (pass > 0 || look !== undefined) && isNear(next, fitted.look) ? null : fitted.look
  }
  if (fitted === null) return null
  const { mean, factor, look: good } = fitted
  const top = total(mean)
  if (!Number.isFinite(top) || !isQuadratic(total, mean, factor, top, look === undefined ? 3 : 1)) return null
  const covariance = identity(over.length).map((row) => choleskySolve(factor, row))
  const log = top + (over.length / 2) * Math.log(2 * Math.PI) - choleskyLogDet(factor) / 2
  return { gaussian: { log, mean, covariance }, look: good }
}

/** true where the better look is from about the same place with about the same steps. */
function isNear(look: Look, better: Look): boolean {
  return better.centre.every((m, i) => {
    const [step, other] = [at(look.steps, i), at(better.steps, i)]
    return Math.abs(m - at(look.centre, i)) <= NEAR * step && step <= 4 * other && other <= 4 * step
  })
}

interface Fit {
  readonly mean: readonly number[]
  /** Cholesky factor of the precision. */
  readonly factor: Matrix
  readonly look: Look
}

/** The quadratic through differences of the parts around the centre. */
function fit(
  parts: readonly Part[],
  point: (x: readonly number[]) => number[],
  over: readonly number[],
  { centre, steps }: Look,
): Fit | null {
  const gradient = over.map(() => 0)
  const precision = over.map(() => over.map(() => 0))
  const base = point(centre)
  const addTo = (i: number, j: number, by: number): void => {
    const row = at(precision, i)
    row[j] = at(row, j) + by
  }
  for (const part of parts) {
    const own = range(0, over.length - 1).filter((i) => part.coordinates.includes(at(over, i)))
    const value = (...moves: readonly (readonly [number, 1 | -1])[]): number => {
      const s = [...base]
      for (const [i, sign] of moves) s[at(over, i)] = at(centre, i) + sign * at(steps, i)
      return part.value(s)
    }
    const f0 = value()
    const plus = own.map((i) => value([i, 1]))
    own.forEach((i, k) => {
      const up = at(plus, k)
      const down = value([i, -1])
      gradient[i] = at(gradient, i) + (up - down) / 2
      addTo(i, i, -(up - f0 + (down - f0)))
      own.slice(0, k).forEach((j, l) => {
        const mixed = value([i, 1], [j, 1]) - up - (at(plus, l) - f0)
        addTo(i, j, -mixed)
        addTo(j, i, -mixed)
      })
    })
  }
  if (![...gradient, ...precision.flat()].every(Number.isFinite)) return null
  const scaled = cholesky(precision)
  if (scaled === null) return null
  const shift = choleskySolve(scaled, gradient)
  const factor = scaled.map((row, i) => row.map((v) => v / at(steps, i)))
  return {
    mean: centre.map((c, i) => c + at(steps, i) * at(shift, i)),
    factor,
    look: {
      centre: centre.map((c, i) => c + at(steps, i) * at(shift, i)),
      // the sd of each coordinate given the others
      steps: steps.map((w, i) => w / Math.sqrt(at(at(precision, i), i))),
    },
  }
}

/** Compares f with its quadratic at a few points up to 3 sd away. */
function isQuadratic(f: LogFunction, mean: readonly number[], factor: Matrix, top: number, points: number): boolean {
  const upper = factor.map((_, i) => factor.map((row) => at(row, i)))
  return range(1, points).every((k) => {
    const t = mean.map((_, i) => 2 * Math.sin(3 * k + 5 * i + 1) + Math.sign(Math.cos(k + i)))
    // x = m + L⁻ᵀ t, by the forward solve of the reversed system
    const shift = solveUpper(upper, t)
    const actual = f(mean.map((m, i) => m + at(shift, i)))
    const expected = top - dot(t, t) / 2
    return Math.abs(actual - expected) <= TOLERANCE * Math.max(1, Math.abs(actual), Math.abs(top))
  })
}

function solveUpper(upper: Matrix, b: readonly number[]): readonly number[] {
  const reversed = [...upper].reverse().map((row) => [...row].reverse())
  return forwardSolve(reversed, [...b].reverse()).reverse()
}

/** A Gaussian's mean and covariance, the covariance perhaps singular. */
export interface Moments {
  readonly mean: readonly number[]
  readonly covariance: Matrix
}

/** Columns whose outer products add up to the covariance, at most one per dimension: Cholesky, zero pivots left out. */
function columnsOf(covariance: Matrix): readonly (readonly number[])[] {
  const rest = covariance.map((row) => [...row])
  const columns: (readonly number[])[] = []
  covariance.forEach((_, k) => {
    const pivot = at(at(rest, k), k)
    if (!(pivot > 1e-14 * at(at(covariance, k), k))) return
    const column = rest.map((row) => at(row, k) / Math.sqrt(pivot))
    columns.push(column.map((x, i) => (i < k ? 0 : x)))
    rest.forEach((row, i) => {
      row.forEach((x, j) => {
        row[j] = x - at(column, i) * at(column, j)
      })
    })
  })
  return columns
}

/** Weighted points: log weights, which sum to 1 in all. */
export interface Node {
  readonly at: readonly number[]
  readonly log: number
}

/** Equally weighted points with the mean and covariance of g, exact for the expectation of any cubic (Stroud 1971, 3-1). */
export function cubature(g: Moments): readonly Node[] {
  const columns = columnsOf(g.covariance)
  if (columns.length === 0) return [{ at: g.mean, log: 0 }]
  const reach = Math.sqrt(columns.length)
  const log = -Math.log(2 * columns.length)
  return columns.flatMap((column) =>
    [1, -1].map((sign) => ({ at: g.mean.map((m, i) => m + sign * reach * at(column, i)), log })),
  )
}

/** Weighted points of the trapezoid rule in standard coordinates: exact to rounding for smooth functions; d ≤ 2. */
export function denseNodes(g: Moments): readonly Node[] {
  const columns = columnsOf(g.covariance)
  const h = 0.6
  const axis = range(-15, 15).map((i) => i * h)
  const points = columns.reduce<number[][]>((rows) => rows.flatMap((r) => axis.map((x) => [...r, x])), [[]])
  const norm = columns.length * (Math.log(h) - 0.5 * Math.log(2 * Math.PI))
  return points.map((t) => ({
    at: g.mean.map((m, i) => m + sum(columns.map((column, k) => at(column, i) * at(t, k)))),
    log: norm - dot(t, t) / 2,
  }))
}
