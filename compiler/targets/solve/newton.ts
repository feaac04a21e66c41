/** Damped Newton in unconstrained coordinates for small blocks, L-BFGS for larger ones. */
import { symmetricEigen } from '../../numerics/index.js'
import type { Chart } from './charts.js'

/** A block of params as one vector, with the charts of its core blocks and where they lie. */
export interface FreeBlock {
  readonly pieces: readonly { readonly chart: Chart; readonly from: number }[]
  /** Length of the vector of params (padding included). */
  readonly size: number
}

export interface Objective {
  value(theta: Float64Array): number
  gradient(theta: Float64Array): Float64Array
  /** Dense size × size. */
  hessian(theta: Float64Array): Float64Array
}

/** Above this number of unknowns curvature comes from L-BFGS. */
export const NEWTON_LIMIT = 50

const at = (a: Float64Array, i: number): number => a[i] ?? 0

/**
 * Maximises from `start`; what is returned is never worse than the start. It ends where what a step promises is less than
 * `enough` of the objective, relatively.
 */
export function maximise(
  block: FreeBlock,
  objective: Objective,
  start: Float64Array,
  iterations: number,
  enough = 1e-13,
): Float64Array {
  const free = block.pieces.reduce((n, p) => n + p.chart.free, 0)
  if (free === 0) return start
  return free <= NEWTON_LIMIT
    ? newton(block, free, objective, start, iterations, enough)
    : lbfgs(block, free, objective, start, iterations)
}

function toFree(block: FreeBlock, free: number, theta: Float64Array): Float64Array {
  const out = new Float64Array(free)
  let a = 0
  for (const p of block.pieces) {
    out.set(p.chart.toFree(theta.subarray(p.from, p.from + p.chart.size)), a)
    a += p.chart.free
  }
  return out
}

function fromFree(block: FreeBlock, eta: Float64Array, base: Float64Array): Float64Array {
  const out = Float64Array.from(base)
  let a = 0
  for (const p of block.pieces) {
    out.set(p.chart.fromFree(eta.subarray(a, a + p.chart.free)), p.from)
    a += p.chart.free
  }
  return out
}

function freeGradient(block: FreeBlock, free: number, eta: Float64Array, g: Float64Array): Float64Array {
  const out = new Float64Array(free)
  let a = 0
  for (const { chart, from } of block.pieces) {
    const j = chart.jacobian(eta.subarray(a, a + chart.free))
    for (let i = 0; i < chart.size; i++)
      for (let b = 0; b < chart.free; b++) out[a + b] = at(out, a + b) + at(g, from + i) * at(j, i * chart.free + b)
    a += chart.free
  }
  return out
}

function freeHessian(
  block: FreeBlock,
  free: number,
  eta: Float64Array,
  g: Float64Array,
  h: Float64Array,
): Float64Array {
  const out = new Float64Array(free * free)
  const jacobians: Float64Array[] = []
  const starts: number[] = []
  let a = 0
  for (const { chart } of block.pieces) {
    jacobians.push(chart.jacobian(eta.subarray(a, a + chart.free)))
    starts.push(a)
    a += chart.free
  }
  block.pieces.forEach((x, p) => {
    const jx = jacobians[p] ?? new Float64Array(0)
    const sx = starts[p] ?? 0
    const curvature = x.chart.curvature(eta.subarray(sx, sx + x.chart.free), g.subarray(x.from, x.from + x.chart.size))
    for (let b = 0; b < x.chart.free; b++)
      for (let c = 0; c < x.chart.free; c++)
        out[(sx + b) * free + sx + c] = at(out, (sx + b) * free + sx + c) + at(curvature, b * x.chart.free + c)
    block.pieces.forEach((y, q) => {
      const jy = jacobians[q] ?? new Float64Array(0)
      const sy = starts[q] ?? 0
      for (let i = 0; i < x.chart.size; i++)
        for (let j = 0; j < y.chart.size; j++) {
          const value = at(h, (x.from + i) * block.size + y.from + j)
          if (value === 0) continue
          for (let b = 0; b < x.chart.free; b++)
            for (let c = 0; c < y.chart.free; c++)
              out[(sx + b) * free + sy + c] =
                at(out, (sx + b) * free + sy + c) + at(jx, i * x.chart.free + b) * value * at(jy, j * y.chart.free + c)
        }
    })
  })
  return out
}

const dot = (a: Float64Array, b: Float64Array): number => a.reduce((s, x, i) => s + x * at(b, i), 0)

/** Backtracking on the objective itself (Nocedal and Wright 2006, algorithm 3.1). null where no step improves. */
function search(
  value: (eta: Float64Array) => number,
  eta: Float64Array,
  direction: Float64Array,
  f: number,
  slope: number,
): { readonly eta: Float64Array; readonly f: number } | null {
  let t = 1
  const longest = Math.max(...direction.map(Math.abs))
  if (longest > 10) t = 10 / longest
  for (let i = 0; i < 60; i++) {
    const next = eta.map((x, j) => x + t * at(direction, j))
    const v = value(next)
    if (v >= f + 1e-4 * t * slope && v > f) return { eta: next, f: v }
    t /= 2
  }
  return null
}

function newton(
  block: FreeBlock,
  free: number,
  objective: Objective,
  start: Float64Array,
  iterations: number,
  enough: number,
): Float64Array {
  const value = (eta: Float64Array): number => {
    const v = objective.value(fromFree(block, eta, start))
    return Number.isNaN(v) ? Number.NEGATIVE_INFINITY : v
  }
  const steepness = (eta: Float64Array): number => {
    const slope = freeGradient(block, free, eta, objective.gradient(fromFree(block, eta, start)))
    return Math.sqrt(dot(slope, slope))
  }
  const initial = objective.value(start)
  let eta = toFree(block, free, start)
  let f = value(eta)
  let moved = false
  for (let i = 0; i < iterations; i++) {
    const theta = fromFree(block, eta, start)
    const g = objective.gradient(theta)
    const slope = freeGradient(block, free, eta, g)
    if (!slope.every(Number.isFinite)) break
    const size = Math.sqrt(dot(slope, slope))
    if (size <= 1e-11 * (1 + Math.abs(f))) break
    const h = freeHessian(block, free, eta, g, objective.hessian(theta))
    const direction = ascent(h, slope, free, 1e-13 * (1 + Math.abs(f)))
    const gain = dot(direction, slope)
    if (gain <= enough * (1 + Math.abs(f))) {
      // what is left to gain is in the rounding of the objective, but not in that of its slope: a full step ends it
      const last = eta.map((x, j) => x + at(direction, j))
      const v = value(last)
      if (v >= f - 1e-14 * (1 + Math.abs(f)) && size > steepness(last)) {
        eta = last
        f = Math.max(f, v)
        moved = true
      }
      break
    }
    const next = search(value, eta, direction, f, gain)
    if (next === null) break
    eta = next.eta
    f = next.f
    moved = true
  }
  const better = f >= initial || Number.isNaN(initial) || initial === Number.NEGATIVE_INFINITY
  return moved && better ? fromFree(block, eta, start) : start
}

/**
 * −H⁻¹g, with the curvature made negative definite by its absolute eigenvalues where it is not. A direction that is flat
 * (an unidentified one, such as a shift common to all scores of a softmax) is taken only where its slope is more than
 * `negligible`: params do not drift along it.
 */
function ascent(h: Float64Array, g: Float64Array, n: number, negligible: number): Float64Array {
  const minus = h.map((x) => -x)
  const out = new Float64Array(n)
  if (!minus.every(Number.isFinite)) return Float64Array.from(g)
  const { values, vectors } = symmetricEigen(minus, 0, n)
  const largest = Math.max(...values.map(Math.abs), 1e-12)
  for (let m = 0; m < n; m++) {
    let projection = 0
    for (let i = 0; i < n; i++) projection += at(vectors, i * n + m) * at(g, i)
    const curvature = Math.abs(at(values, m))
    if (curvature <= 1e-10 * largest && Math.abs(projection) <= negligible) continue
    const scale = at(values, m) > 1e-12 * largest ? curvature : Math.max(curvature, 1e-8 * largest)
    for (let i = 0; i < n; i++) out[i] = at(out, i) + (at(vectors, i * n + m) * projection) / scale
  }
  return out
}

/** Limited-memory BFGS (Nocedal and Wright 2006, algorithm 7.4), ten pairs. */
function lbfgs(
  block: FreeBlock,
  free: number,
  objective: Objective,
  start: Float64Array,
  iterations: number,
): Float64Array {
  const value = (eta: Float64Array): number => {
    const v = objective.value(fromFree(block, eta, start))
    return Number.isNaN(v) ? Number.NEGATIVE_INFINITY : v
  }
  const slopeAt = (eta: Float64Array): Float64Array =>
    freeGradient(block, free, eta, objective.gradient(fromFree(block, eta, start)))
  const initial = objective.value(start)
  let eta = toFree(block, free, start)
  let f = value(eta)
  let g = slopeAt(eta)
  const pairs: { readonly s: Float64Array; readonly y: Float64Array; readonly rho: number }[] = []
  for (let i = 0; i < iterations * 4; i++) {
    if (!g.every(Number.isFinite) || Math.sqrt(dot(g, g)) <= 1e-10 * (1 + Math.abs(f))) break
    let q = Float64Array.from(g)
    const alphas: number[] = []
    for (const p of [...pairs].reverse()) {
      const alpha = p.rho * dot(p.s, q)
      alphas.unshift(alpha)
      q = q.map((x, j) => x - alpha * at(p.y, j))
    }
    const last = pairs.at(-1)
    const gamma = last === undefined ? 1 / Math.max(1, Math.sqrt(dot(g, g))) : dot(last.s, last.y) / dot(last.y, last.y)
    let r = q.map((x) => x * gamma)
    pairs.forEach((p, j) => {
      const beta = p.rho * dot(p.y, r)
      r = r.map((x, m) => x + at(p.s, m) * ((alphas[j] ?? 0) - beta))
    })
    const next = search(value, eta, r, f, dot(r, g))
    if (next === null) break
    const gNext = slopeAt(next.eta)
    const s = next.eta.map((x, j) => x - at(eta, j))
    const y = gNext.map((x, j) => at(g, j) - x)
    const sy = dot(s, y)
    if (sy > 1e-14) pairs.push({ s, y, rho: 1 / sy })
    if (pairs.length > 10) pairs.shift()
    const done = next.f - f <= 1e-15 * (1 + Math.abs(f))
    eta = next.eta
    f = next.f
    g = gNext
    if (done) break
  }
  return f > initial || Number.isNaN(initial) || initial === Number.NEGATIVE_INFINITY
    ? fromFree(block, eta, start)
    : start
}
