/**
 * log ∫ exp(f(s)) ds over R^d, d ≤ 3, as a sum over nodes: the trapezoid rule after s = m + L sinh(t), m the mode and
 * L a factor of the inverse curvature there. An integrand with exponential tails becomes doubly exponential in t
 * (Mori and Sugihara 2001); one with algebraic tails still converges geometrically.
 */
import { at, dot, range, sum } from './arrays.js'
import { cholesky, inverse } from './dense.js'
import { logSumExp } from './special-functions.js'
import { OracleError } from './types.js'

export interface Node {
  readonly at: readonly number[]
  /** f + log weight of the rule: nodes sum to the integral. */
  readonly log: number
}

export interface SpaceIntegral {
  readonly log: number
  /** Difference of `log` between the last two step sizes. */
  readonly error: number
  readonly nodes: readonly Node[]
}

type LogFunction = (s: readonly number[]) => number

/** Nodes this far below the total in logs are left out. */
const NEGLIGIBLE = 60
const TOLERANCE = 1e-11

export function spaceIntegral(f: LogFunction, dimension: number): SpaceIntegral {
  if (dimension > 3)
    throw new OracleError(`${dimension} continuous latents of one component: quadrature takes at most 3`)
  const guarded: LogFunction = (s) => {
    const value = f(s)
    return Number.isNaN(value) || value === Number.POSITIVE_INFINITY ? Number.NEGATIVE_INFINITY : value
  }
  const mode = findMode(guarded, dimension)
  if (mode === null) return { log: Number.NEGATIVE_INFINITY, error: 0, nodes: [] }
  const scale = curvatureFactor(guarded, mode)
  const levels = dimension === 3 ? 4 : 7
  let previous: Grid | null = null
  let h = 0.5
  for (let level = 0; level < levels; level++) {
    const grid = makeGrid(guarded, mode, scale, h)
    const error = previous === null ? Number.POSITIVE_INFINITY : Math.abs(grid.log - previous.log)
    if (error <= TOLERANCE || level === levels - 1) {
      return { log: grid.log, error, nodes: grid.nodes.filter((n) => n.log > grid.log - NEGLIGIBLE) }
    }
    previous = grid
    h /= 2
  }
  throw new OracleError('unreachable: the last level returns')
}

/** Best of a wide coarse grid, then a compass search with shrinking steps. null where f is −∞ at every point tried. */
function findMode(f: LogFunction, dimension: number): readonly number[] | null {
  const axis = range(-14, 14).map((i) => Math.sinh(i / 2))
  let best = range(1, dimension).map(() => 0)
  let top = f(best)
  for (const s of power(axis, dimension)) {
    const value = f(s)
    if (value > top) {
      top = value
      best = s
    }
  }
  if (top === Number.NEGATIVE_INFINITY) return null
  const steps = best.map((s) => 0.5 * (1 + Math.abs(s)))
  for (let round = 0; round < 2000 && steps.some((w, i) => w > 1e-5 * (1e-3 + Math.abs(at(best, i)))); round++) {
    for (let i = 0; i < dimension; i++) {
      const w = at(steps, i)
      const moved = [1, -1].map((sign) => best.map((s, j) => (i === j ? s + sign * w : s)))
      const better = moved.find((s) => f(s) > top)
      if (better !== undefined) {
        best = better
        top = f(better)
        steps[i] = w * 2
      } else {
        steps[i] = w / 2
      }
    }
  }
  return best
}

/** All vectors with entries from `axis`. */
function power(axis: readonly number[], dimension: number): number[][] {
  let out: number[][] = [[]]
  for (let i = 0; i < dimension; i++) out = out.flatMap((s) => axis.map((x) => [...s, x]))
  return out
}

/** L with L Lᵀ near (−∇²f)⁻¹ at the mode, from differences over the distance in which f falls by about 1/2. */
function curvatureFactor(f: LogFunction, mode: readonly number[]): readonly (readonly number[])[] {
  const top = f(mode)
  const moved = (entries: readonly (readonly [number, number])[]): number =>
    f(mode.map((s, j) => s + sum(entries.filter(([i]) => i === j).map(([, w]) => w))))
  const widths = mode.map((s, i) => {
    const drop = (w: number): number => top - Math.min(moved([[i, w]]), moved([[i, -w]]))
    let w = 1e-8 * (1 + Math.abs(s))
    while (drop(w) < 0.5 && w < 1e12) w *= 2
    return w
  })
  const precision = mode.map((_, i) =>
    mode.map((_unused, j) => {
      const a = at(widths, i) / 2
      const b = at(widths, j) / 2
      const mixed =
        moved([
          [i, a],
          [j, b],
        ]) -
        moved([
          [i, a],
          [j, -b],
        ]) -
        moved([
          [i, -a],
          [j, b],
        ]) +
        moved([
          [i, -a],
          [j, -b],
        ])
      return -mixed / (4 * a * b)
    }),
  )
  const covariance = precision.every((row) => row.every(Number.isFinite)) ? inverse(precision) : null
  const factor = covariance === null || cholesky(precision) === null ? null : cholesky(covariance)
  return factor ?? mode.map((_, i) => mode.map((_unused, j) => (i === j ? at(widths, i) : 0)))
}

interface Grid {
  readonly log: number
  readonly nodes: readonly Node[]
}

/** All nodes with |tᵢ| ≤ T, T the smallest at which the faces of the box no longer count. */
function makeGrid(f: LogFunction, mode: readonly number[], factor: readonly (readonly number[])[], h: number): Grid {
  const dimension = mode.length
  const base = dimension * Math.log(h) + sum(factor.map((row, i) => Math.log(at(row, i))))
  let result: Grid = { log: Number.NEGATIVE_INFINITY, nodes: [] }
  const limit = dimension === 1 ? 20 : 7
  for (let reach = 3.5; reach <= limit; reach += 0.5) {
    const n = Math.round(reach / h)
    const axis = range(-n, n).map((i) => i * h)
    const nodes: Node[] = []
    let face = Number.NEGATIVE_INFINITY
    for (const t of power(axis, dimension)) {
      const u = t.map(Math.sinh)
      const s = mode.map((m, i) => m + dot(at(factor, i), u))
      const log = f(s) + base + sum(t.map((v) => Math.log(Math.cosh(v))))
      if (log > Number.NEGATIVE_INFINITY) nodes.push({ at: s, log })
      if (t.some((v) => Math.abs(v) > (n - 0.5) * h)) face = Math.max(face, log)
    }
    const log = logSumExp(nodes.map((p) => p.log))
    result = { log, nodes }
    if (face < log - 38) break
  }
  return result
}
