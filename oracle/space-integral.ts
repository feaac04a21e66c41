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
  /**
   * From the differences of `log` between the last step sizes, and from nodes at which the integrand breaks off: there
   * numbers end, as those of a probability do at 1 − 1e-16, or its support does.
   */
  readonly error: number
  readonly nodes: readonly Node[]
}

type LogFunction = (s: readonly number[]) => number

/** Nodes this far below the largest in logs are left out. */
const NEGLIGIBLE = 45
const TOLERANCE = 1e-12
/** Farthest node in t: sinh 60 is 6e25. */
const LIMIT = 60
const MAX_NODES = 3_000_000

export function spaceIntegral(f: LogFunction, dimension: number): SpaceIntegral {
  if (dimension > 3)
    throw new OracleError(`${dimension} continuous latents of one component: quadrature takes at most 3`)
  const guarded: LogFunction = (s) => {
    const value = f(s)
    return Number.isNaN(value) || value === Number.POSITIVE_INFINITY ? Number.NEGATIVE_INFINITY : value
  }
  const mode = findMode(guarded, dimension)
  if (mode === null) return { log: Number.NEGATIVE_INFINITY, error: 0, nodes: [] }
  const lattice = new Lattice(guarded, mode, curvatureFactor(guarded, mode))
  const levels = dimension === 3 ? 4 : 7
  let log = lattice.sum()
  let previous = Number.POSITIVE_INFINITY
  let error = Number.POSITIVE_INFINITY
  for (let level = 1; level < levels; level++) {
    lattice.halve()
    const refined = lattice.sum()
    const change = Math.abs(refined - log)
    log = refined
    // the rule squares its error when the step is halved, where the integrand is smooth: seen in two changes in a row
    error = previous < 0.01 && change <= previous ** 1.5 ? Math.max(change ** 1.5, 1e-14) : change
    previous = change
    if (error <= TOLERANCE) break
  }
  return { log, error: error + lattice.cut(log), nodes: lattice.nodes() }
}

/** Best of a wide coarse grid, then a compass search with shrinking steps. null where f is −∞ at every point tried. */
function findMode(f: LogFunction, dimension: number): readonly number[] | null {
  const [reach, by] = at(
    [
      [14, 2],
      [7, 1],
      [4, 4 / 7],
    ] as const,
    dimension - 1,
  )
  const axis = range(-reach, reach).map((i) => Math.sinh(i / by))
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
  for (let round = 0, settled = false; round < 2000 && !settled; round++) {
    settled = true
    for (let i = 0; i < dimension; i++) {
      const w = at(steps, i)
      const moved = [1, -1].map((sign) => best.map((s, j) => (i === j ? s + sign * w : s)))
      const values = moved.map(f)
      const [up = top, down = top] = values
      const better = moved[up > top ? 0 : 1]
      if (Math.max(up, down) > top && better !== undefined) {
        best = better
        top = Math.max(up, down)
        steps[i] = w * 2
        settled = false
      } else {
        steps[i] = w / 2
        // the rule works around any point near the mode
        if (top - Math.min(up, down) > 0.1 && w > 1e-9 * (1e-3 + Math.abs(at(best, i)))) settled = false
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

/** A lattice in t around the mode, grown from there as far as its nodes count. */
class Lattice {
  private h = 0.5
  private known = new Map<Key, { readonly index: readonly number[]; readonly node: Node }>()
  private top = Number.NEGATIVE_INFINITY
  private readonly base: number

  constructor(
    private readonly f: LogFunction,
    private readonly mode: readonly number[],
    private readonly factor: readonly (readonly number[])[],
  ) {
    this.base = sum(factor.map((row, i) => Math.log(at(row, i))))
    const zero = mode.map(() => 0)
    // wherever the mode is not quite the mode, and behind a dip
    const seeds = mode.flatMap((_, axis) => range(-7, 7).map((i) => zero.map((_unused, j) => (j === axis ? i : 0))))
    this.grow(seeds)
  }

  /** log of the integral by the present step. */
  sum(): number {
    return this.norm() + logSumExp([...this.known.values()].map((k) => k.node.log))
  }

  nodes(): readonly Node[] {
    const norm = this.norm()
    return this.kept().map(({ node }) => ({ at: node.at, log: node.log + norm }))
  }

  halve(): void {
    this.h /= 2
    const doubled = [...this.known.values()].map(({ index, node }) => ({ index: index.map((i) => 2 * i), node }))
    this.known = new Map(doubled.map((k) => [keyOf(k.index), k]))
    this.grow(this.kept().flatMap((k) => neighbours(k.index)))
  }

  /** What nodes beside a place where the integrand is not a number or 0 have of the whole. */
  cut(log: number): number {
    const norm = this.norm() - log
    const nodes = this.kept().filter(({ index }) =>
      neighbours(index).some((i) => this.known.get(keyOf(i))?.node.log === Number.NEGATIVE_INFINITY),
    )
    return nodes.reduce((t, { node }) => t + Math.exp(node.log + norm), 0)
  }

  private norm(): number {
    return this.base + this.mode.length * Math.log(this.h)
  }

  private kept(): readonly { readonly index: readonly number[]; readonly node: Node }[] {
    return [...this.known.values()].filter((k) => k.node.log > this.top - NEGLIGIBLE)
  }

  private grow(seeds: readonly (readonly number[])[]): void {
    let front = seeds
    while (front.length > 0) {
      const next: (readonly number[])[] = []
      for (const index of front) {
        const key = keyOf(index)
        if (this.known.has(key) || index.some((i) => Math.abs(i * this.h) > LIMIT)) continue
        const node = this.node(index)
        this.known.set(key, { index, node })
        if (this.known.size > MAX_NODES) throw new OracleError('a density falls too slowly for quadrature')
        this.top = Math.max(this.top, node.log)
        if (node.log > this.top - NEGLIGIBLE) next.push(...neighbours(index))
      }
      front = next
    }
  }

  private node(index: readonly number[]): Node {
    const t = index.map((i) => i * this.h)
    const u = t.map(Math.sinh)
    const s = this.mode.map((m, i) => m + dot(at(this.factor, i), u))
    return { at: s, log: this.f(s) + sum(t.map((v) => Math.log(Math.cosh(v)))) }
  }
}

type Key = string | number

function keyOf(index: readonly number[]): Key {
  return index.length === 1 ? at(index, 0) : index.join()
}

function neighbours(index: readonly number[]): (readonly number[])[] {
  if (index.length === 1) return [[at(index, 0) + 1], [at(index, 0) - 1]]
  return index.flatMap((_, axis) => [1, -1].map((by) => index.map((i, j) => (j === axis ? i + by : i))))
}
