/** The best stationary point of Σ C_i g_i(u) on an interval. */
import { evaluate } from '../../algebra/evaluate.js'
import { toNumber } from '../../algebra/rational.js'
import type { Expr } from '../../algebra/types.js'
import type { Solve } from '../../lower/program.js'
import type { Profile, StationaryStep } from '../../mstep/types.js'
import { at, bounds, f64, layoutOf, type SolveContext, tableOf } from './types.js'

const PROBES = 64

export function solveStationary(
  step: StationaryStep,
  solve: Solve,
  context: SolveContext,
  constant: (name: string) => number,
): void {
  const [name] = step.params
  if (name === undefined) return
  const tables = step.terms.map((_, i) => tableOf(solve, `term${i}`, context.memory))
  const u = f64(context.memory, `trial:${name}`)
  const layout = layoutOf(context, name)
  const { low, high } = bounds(layout)
  const compiled = step.terms.map((t) => ({
    value: scalar(t.value, step.variable, constant),
    first: scalar(t.first, step.variable, constant),
  }))
  const values = compiled.map((f) => f.value)
  const slopes = compiled.map((f) => f.first)
  const profiles = step.profiles.map((profile) => profileOf(profile, solve, context))
  for (let i = 0; i < u.length; i++) {
    const c = tables.map((t) => at(t, i))
    if (c.every((x) => x === 0) || !c.every(Number.isFinite)) continue
    const scales = profiles.map((profile) => profile(i))
    const q = (x: number): number => scales.reduce((sum, scale) => sum + scale.value(x), total(c, values, x))
    const slope = (x: number): number => scales.reduce((sum, scale) => sum + scale.slope(x), total(c, slopes, x))
    const found = best(q, slope, low, high, at(u, i))
    u[i] = found.at
    if (found.isLevel) context.onLevel?.(name)
  }
}

interface ProfiledScale {
  value(u: number): number
  slope(u: number): number
}

const NO_SCALE: ProfiledScale = { value: () => 0, slope: () => 0 }

/** A/p (log(−A/(p B)) − 1) with A = α u + α₀, and its derivative α/p log(−A/(p B)). */
function profileOf(profile: Profile, solve: Solve, context: SolveContext): (i: number) => ProfiledScale {
  const [linear, constant, powers] = (['linear', 'constant', 'powers'] as const).map((role) =>
    tableOf(solve, `profile ${profile.param} ${role}`, context.memory),
  )
  const p = toNumber(profile.power)
  return (i) => {
    const [slope, intercept, b] = [linear, constant, powers].map((t) => (t === undefined ? 0 : at(t, i)))
    const [alpha, alpha0, power] = [slope ?? 0, intercept ?? 0, b ?? 0]
    // an element that no term joins to a scale
    if (alpha === 0 && alpha0 === 0) return NO_SCALE
    const log = (u: number): number => Math.log(-(alpha * u + alpha0) / (p * power))
    return {
      value: (u) => ((alpha * u + alpha0) / p) * (log(u) - 1),
      slope: (u) => (alpha / p) * log(u),
    }
  }
}

const total = (c: readonly number[], f: readonly ((x: number) => number)[], x: number): number =>
  c.reduce((s, ci, i) => (ci === 0 ? s : s + ci * (f[i]?.(x) ?? 0)), 0)

const scalar =
  (e: Expr, variable: string, constant: (name: string) => number): ((x: number) => number) =>
  (x) =>
    evaluate(e, { ref: (_space, name) => constant(name), indices: new Map([[variable, x]]) })

/**
 * Sign changes of the slope on a grid that is even in an unbounded coordinate (log for a half-line, logit for an
 * interval), each refined by bisection to the last bit; the ends count where Q is finite there. Towards an infinite end Q
 * may rise for ever and come to a finite height: then it is the first point that has all of it but rounding.
 */
function best(
  q: (x: number) => number,
  slope: (x: number) => number,
  low: number,
  high: number,
  current: number,
): { readonly at: number; readonly isLevel: boolean } {
  const grid = probes(low, high, current)
  const candidates: number[] = []
  for (const end of [low, high]) if (Number.isFinite(end) && Number.isFinite(q(end))) candidates.push(end)
  for (let i = 0; i + 1 < grid.length; i++) {
    const [a, b] = [grid[i] ?? 0, grid[i + 1] ?? 0]
    if (slope(a) > 0 && slope(b) <= 0) candidates.push(bisect(slope, a, b))
  }
  let chosen = Number.NaN
  let value = Number.NaN
  for (const x of candidates) {
    const v = q(x)
    if (v > value || (Number.isNaN(value) && !Number.isNaN(v))) {
      chosen = x
      value = v
    }
  }
  // near its maximum q tells values apart to half the digits only: the root of the slope is better than where it came from
  const before = q(current)
  const top = Number.isNaN(value) || before > value ? before : value
  for (const [end, points] of [
    [low, grid],
    [high, [...grid].reverse()],
  ] as const) {
    if (Number.isFinite(end)) continue
    const level = levelled(q, points, top, current)
    if (level !== null) return { at: level, isLevel: true }
  }
  const isBest = !Number.isNaN(value) && before <= value + 1e-12 * (1 + Math.abs(before))
  return { at: isBest ? chosen : current, isLevel: false }
}

/**
 * Where Q has come to the height that it has far out, of points from there on; null where it is no higher there than
 * `top`, or still rises.
 */
function levelled(q: (x: number) => number, points: readonly number[], top: number, current: number): number | null {
  const [far = Number.NaN, next = Number.NaN] = points
  const height = q(far)
  const isHigh = (x: number): boolean => q(x) >= height - 1e-13 * (1 + Math.abs(height))
  if (!Number.isFinite(height) || !isHigh(next) || q(next) > height) return null
  if (isHigh(current) && !(top > height)) return current
  if (!(height > top + 1e-12 * (1 + Math.abs(height)))) return null
  const first = points.findIndex((x) => !isHigh(x))
  if (first < 1) return null
  let [inside, outside] = [points[first - 1] ?? far, points[first] ?? far]
  for (let i = 0; i < 200; i++) {
    const m = inside + (outside - inside) / 2
    if (m === inside || m === outside) break
    if (isHigh(m)) inside = m
    else outside = m
  }
  return inside
}

function probes(low: number, high: number, current: number): readonly number[] {
  const t = (i: number): number => -36 + (72 * i) / (PROBES - 1)
  const scale = Math.max(Math.abs(current), 1e-300)
  const out = Array.from({ length: PROBES }, (_, i) => {
    if (Number.isFinite(low) && Number.isFinite(high)) return low + (high - low) / (1 + Math.exp(-t(i)))
    if (Number.isFinite(low)) return low + scale * Math.exp(t(i) / 2)
    return Math.sinh(t(i) / 3) * Math.max(1, scale)
  })
  if (current > low && current < high) out.push(current)
  return out.sort((a, b) => a - b)
}

function bisect(slope: (x: number) => number, from: number, to: number): number {
  let [a, b] = [from, to]
  for (let i = 0; i < 200; i++) {
    const m = a + (b - a) / 2
    if (m <= a || m >= b) break
    if (slope(m) > 0) a = m
    else b = m
  }
  return a + (b - a) / 2
}
