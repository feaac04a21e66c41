/** Damped Newton in unconstrained coordinates for small blocks, L-BFGS for larger ones. */
import { solveSpd, symmetricEigen } from '../../numerics/index.js'
import { type Derivatives, type FreeBlock, freeGradient, freeHessian, fromFree, toFree } from './free-block.js'

export type { Derivatives, FreeBlock, Piece } from './free-block.js'

export interface Objective {
  value(theta: Float64Array): number
  /** Value and derivatives, in one pass over what they are taken of. */
  derivatives(theta: Float64Array, second: boolean): Derivatives
}

/** Most iterations of Newton's method and of L-BFGS. */
export interface Iterations {
  readonly newton: number
  readonly quasi: number
}

/** Above this number of unknowns that depend on each other curvature comes from L-BFGS. */
export const NEWTON_LIMIT = 50

const at = (a: Float64Array, i: number): number => a[i] ?? 0

/** Unknowns of the largest group. */
export function largestGroup(block: FreeBlock): number {
  const free = block.groups.map(() => 0)
  for (const p of block.pieces) free[p.group] = (free[p.group] ?? 0) + p.chart.free
  return free.reduce((a, b) => Math.max(a, b), 0)
}

/**
 * Maximises from `start`; what is returned is never worse than the start. It ends where what a step promises is less than
 * `enough` of the objective, relatively.
 */
export function maximise(
  block: FreeBlock,
  objective: Objective,
  start: Float64Array,
  iterations: Iterations,
  enough = 1e-13,
): Float64Array {
  const free = block.pieces.reduce((n, p) => n + p.chart.free, 0)
  if (free === 0) return start
  return largestGroup(block) <= NEWTON_LIMIT
    ? newton(block, objective, start, iterations.newton, enough)
    : lbfgs(block, objective, start, iterations.quasi)
}

const dot = (a: Float64Array, b: Float64Array): number => a.reduce((s, x, i) => s + x * at(b, i), 0)

const orLowest = (v: number): number => (Number.isNaN(v) ? Number.NEGATIVE_INFINITY : v)

interface Found {
  readonly eta: Float64Array
  readonly f: number
  /** What is known there already. */
  readonly derivatives: Derivatives | null
}

/**
 * Backtracking on the objective itself (Nocedal and Wright 2006, algorithm 3.1). null where no step improves. With `order`
 * the first step, which is mostly the one taken, is evaluated with its derivatives, in the same pass.
 */
function search(
  block: FreeBlock,
  objective: Objective,
  base: Float64Array,
  from: { readonly eta: Float64Array; readonly f: number },
  direction: Float64Array,
  slope: number,
  order: 'value' | 'first' | 'second',
): Found | null {
  let t = 1
  const longest = direction.reduce((m, x) => Math.max(m, Math.abs(x)), 0)
  if (longest > 10) t = 10 / longest
  for (let i = 0; i < 60; i++) {
    const eta = from.eta.map((x, j) => x + t * at(direction, j))
    const theta = fromFree(block, eta, base)
    const derivatives = i === 0 && order !== 'value' ? objective.derivatives(theta, order === 'second') : null
    const f = derivatives === null ? objective.value(theta) : derivatives.value
    // +∞ is no maximum: a probability that a tail is cut to has underflown
    if (f >= from.f + 1e-4 * t * slope && f > from.f && f < Number.POSITIVE_INFINITY) return { eta, f, derivatives }
    t /= 2
  }
  return null
}

function newton(
  block: FreeBlock,
  objective: Objective,
  start: Float64Array,
  iterations: number,
  enough: number,
): Float64Array {
  let eta = toFree(block, start)
  let known = objective.derivatives(fromFree(block, eta, start), true)
  const initial = isSame(start, fromFree(block, eta, start)) ? known.value : objective.value(start)
  let f = orLowest(known.value)
  let moved = false
  for (let i = 0; i < iterations; i++) {
    const slope = freeGradient(block, eta, known.gradient)
    if (known.hessian === null || !slope.every(Number.isFinite)) break
    const size = Math.sqrt(dot(slope, slope))
    if (size <= 1e-11 * (1 + Math.abs(f))) break
    const direction = ascent(block, eta, known, slope, 1e-13 * (1 + Math.abs(f)))
    const gain = dot(direction, slope)
    if (gain <= enough * (1 + Math.abs(f))) {
      // what is left to gain is in the rounding of the objective, but not in that of its slope: a full step ends it
      const last = eta.map((x, j) => x + at(direction, j))
      const there = objective.derivatives(fromFree(block, last, start), false)
      const steep = freeGradient(block, last, there.gradient)
      if (orLowest(there.value) >= f - 1e-14 * (1 + Math.abs(f)) && size > Math.sqrt(dot(steep, steep))) {
        eta = last
        f = Math.max(f, there.value)
        moved = true
      }
      break
    }
    const more = i + 1 < iterations
    const next = search(block, objective, start, { eta, f }, direction, gain, more ? 'second' : 'value')
    if (next === null) break
    eta = next.eta
    f = next.f
    moved = true
    if (more) known = next.derivatives ?? objective.derivatives(fromFree(block, eta, start), true)
  }
  const better = f >= initial || Number.isNaN(initial) || initial === Number.NEGATIVE_INFINITY
  return moved && better ? fromFree(block, eta, start) : start
}

/** Charts round: a start that they give back but for its last digits is the same start. */
const isSame = (a: Float64Array, b: Float64Array): boolean =>
  a.every((x, i) => Math.abs(x - at(b, i)) <= 1e-14 * Math.abs(x))

/** Newton's direction, group by group. */
function ascent(
  block: FreeBlock,
  eta: Float64Array,
  known: Derivatives,
  slope: Float64Array,
  negligible: number,
): Float64Array {
  const out = new Float64Array(slope.length)
  for (const { places, hessian } of freeHessian(block, eta, known)) {
    const own = Float64Array.from(places, (a) => at(slope, a))
    const direction = uphill(hessian, own, places.length, negligible)
    places.forEach((a, i) => {
      out[a] = at(direction, i)
    })
  }
  return out
}

/**
 * −H⁻¹g, with the curvature made negative definite by its absolute eigenvalues where it is not. A direction that is flat
 * (an unidentified one, such as a shift common to all scores of a softmax) is taken only where its slope is more than
 * `negligible`: params do not drift along it.
 */
function uphill(h: Float64Array, g: Float64Array, n: number, negligible: number): Float64Array {
  const minus = h.map((x) => -x)
  const out = new Float64Array(n)
  if (!minus.every(Number.isFinite)) return Float64Array.from(g)
  if (n > NEWTON_LIMIT) {
    const solved = solvedByFactor(minus, g, n)
    if (solved !== null) return solved
  }
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

/** A⁻¹g by a Cholesky factor, which a flat direction takes a small ridge for; null where A is not positive definite. */
function solvedByFactor(a: Float64Array, g: Float64Array, n: number): Float64Array | null {
  const ridge = 1e-10 * a.reduce((m, x, i) => (i % (n + 1) === 0 ? Math.max(m, x) : m), 0)
  const shifted = a.map((x, i) => (i % (n + 1) === 0 ? x + ridge : x))
  const out = new Float64Array(n)
  return solveSpd(shifted, 0, g, 0, out, 0, n) ? out : null
}

/**
 * Second derivatives from differences of the slope, for where the formula of one is 0 times infinity, as log(t)² t^k at t = 0.
 * Groups know nothing of each other, so that the same coordinate of all of them is moved at once.
 */
function differenced(
  block: FreeBlock,
  objective: Objective,
  base: Float64Array,
  eta: Float64Array,
  groups: readonly { readonly places: readonly number[] }[],
): readonly { readonly places: readonly number[]; readonly hessian: Float64Array }[] {
  const out = groups.map(({ places }) => ({ places, hessian: new Float64Array(places.length ** 2) }))
  const slopeAt = (i: number, by: number): Float64Array => {
    const moved = eta.slice()
    for (const { places } of out) {
      const a = places[i]
      if (a !== undefined) moved[a] = at(eta, a) + by * (1 + Math.abs(at(eta, a)))
    }
    return freeGradient(block, moved, objective.derivatives(fromFree(block, moved, base), false).gradient)
  }
  // near the cube root of the rounding: the error of a central difference is of the order of its square
  const width = 1e-5
  for (let i = 0; out.some(({ places }) => i < places.length); i++) {
    const [above, below] = [slopeAt(i, width), slopeAt(i, -width)]
    for (const { places, hessian } of out) {
      const n = places.length
      const own = places[i]
      if (own === undefined) continue
      const distance = 2 * width * (1 + Math.abs(at(eta, own)))
      places.forEach((a, j) => {
        const half = (at(above, a) - at(below, a)) / distance / 2
        hessian[i * n + j] = at(hessian, i * n + j) + half
        hessian[j * n + i] = at(hessian, j * n + i) + half
      })
    }
  }
  return out
}

/**
 * One step of Titterington's recursion (1984, J. R. Stat. Soc. B 46, equation 9): η + γ (−H̄)⁻¹g, where g is the slope of
 * the objective of one batch, scaled to all rows, and H̄ = (1 − γ) H̄ + γ H the second derivatives averaged over the batches.
 * The step is halved until the objective of the batch grows by it.
 *
 * @param before H̄ of the batches before, group after group, row-major; null: this is the first one
 */
export function recursiveStep(
  block: FreeBlock,
  objective: Objective,
  start: Float64Array,
  gamma: number,
  before: Float64Array | null,
): { readonly theta: Float64Array; readonly curvature: Float64Array } {
  const eta = toFree(block, start)
  const known = objective.derivatives(fromFree(block, eta, start), true)
  const slope = freeGradient(block, eta, known.gradient)
  const exact = freeHessian(block, eta, known)
  const isKnown = exact.every((g) => g.hessian.every(Number.isFinite))
  const groups = isKnown ? exact : differenced(block, objective, start, eta, exact)
  const isUsable = slope.every(Number.isFinite) && groups.every((g) => g.hessian.every(Number.isFinite))
  const curvature = new Float64Array(groups.reduce((n, g) => n + g.hessian.length, 0))
  const direction = new Float64Array(slope.length)
  const negligible = 1e-13 * (1 + Math.abs(known.value))
  let from = 0
  for (const { places, hessian } of groups) {
    const own = curvature.subarray(from, from + hessian.length)
    hessian.forEach((h, i) => {
      const old = before === null ? h : at(before, from + i)
      own[i] = isUsable ? old + gamma * (h - old) : before === null ? 0 : old
    })
    from += hessian.length
    const part = Float64Array.from(places, (a) => at(slope, a))
    const up = uphill(own, part, places.length, negligible)
    places.forEach((a, i) => {
      direction[a] = gamma * at(up, i)
    })
  }
  if (!isUsable || !Number.isFinite(known.value)) return { theta: start, curvature }
  const found = search(block, objective, start, { eta, f: known.value }, direction, dot(direction, slope), 'value')
  return { theta: found === null ? start : fromFree(block, found.eta, start), curvature }
}

/** Limited-memory BFGS (Nocedal and Wright 2006, algorithm 7.4), ten pairs. */
function lbfgs(block: FreeBlock, objective: Objective, start: Float64Array, iterations: number): Float64Array {
  let eta = toFree(block, start)
  const first = objective.derivatives(fromFree(block, eta, start), false)
  const initial = isSame(start, fromFree(block, eta, start)) ? first.value : objective.value(start)
  let f = orLowest(first.value)
  let g = freeGradient(block, eta, first.gradient)
  const pairs: { readonly s: Float64Array; readonly y: Float64Array; readonly rho: number }[] = []
  for (let i = 0; i < iterations; i++) {
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
    const next = search(block, objective, start, { eta, f }, r, dot(r, g), 'first')
    if (next === null) break
    const there = next.derivatives ?? objective.derivatives(fromFree(block, next.eta, start), false)
    const gNext = freeGradient(block, next.eta, there.gradient)
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
