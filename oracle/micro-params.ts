/** Params as flat arrays in an engine's layout: nested values, random points inside supports, feasible directions. */
import { at, range } from './arrays.js'
import type { EngineParam } from './certified-engine.js'
import { randomCovariance } from './micro-data.js'
import { normal } from './random.js'
import { OracleError, type Value, type Values } from './types.js'

/** A direction in which a point may move both ways: its step is measured in natural units (relative, or by the scale). */
export interface Direction {
  readonly param: string
  readonly step: Float64Array
}

/** true where a positive number or a covariance has come near the edge of its support: a density grows without bound. */
export function isCollapsed(layout: readonly EngineParam[], point: Float64Array): boolean {
  return layout.some((p) =>
    groups(p).some((group) => {
      const x = group.map((i) => at(point, i))
      if (p.support.kind === 'positive') return x.some((v) => v < 1e-3 || v > 1e6)
      return p.support.kind === 'covariance' && lowerFactor(x, Math.round(Math.sqrt(x.length)), 1e-6) === null
    }),
  )
}

/** The point with each positive number in turn brought close to 0, and far out: where Q is higher, it has no maximum. */
export function towardsEdges(layout: readonly EngineParam[], point: Float64Array): readonly Float64Array[] {
  return layout
    .filter((p) => p.support.kind === 'positive')
    .flatMap((p) => groups(p).flat())
    .flatMap((i) => [1e-8, 1e8].map((by) => point.map((x, j) => (i === j ? x * by : x))))
}

/**
 * The point with each covariance S = L·Lᵀ in turn stretched, and squeezed, by 1e8 along one axis, L·(I + s·u·uᵀ)·Lᵀ: u is
 * where a function, whose slopes are `along`, rises and falls most.
 */
export function stretched(
  layout: readonly EngineParam[],
  point: Float64Array,
  along: (step: Float64Array) => number,
): readonly Float64Array[] {
  const matrices = layout.filter((p) => p.support.kind === 'covariance').flatMap((p) => groups(p))
  return matrices.flatMap((group) => {
    const size = Math.round(Math.sqrt(group.length))
    const l = lowerFactor(
      group.map((i) => at(point, i)),
      size,
    )
    if (l === null) return []
    const step = (values: readonly number[]): Float64Array => {
      const out = new Float64Array(point.length)
      group.forEach((i, j) => {
        out[i] = at(values, j)
      })
      return out
    }
    // slopes along L·(E_ij + E_ji)/2·Lᵀ: a symmetric matrix
    const slopes = range(0, size - 1).map((i) =>
      range(0, size - 1).map((j) => along(step(congruence(l, size, Math.max(i, j), Math.min(i, j))))),
    )
    return [1, -1].flatMap((sign) => {
      const u = largestAxis(slopes, sign)
      const axis = range(0, size - 1).map((a) => u.reduce((sum, x, i) => sum + at(l, a * size + i) * x, 0))
      const grown = step(axis.flatMap((x) => axis.map((y) => x * y)))
      return [shifted(point, grown, sign > 0 ? 1e8 : 1e-8 - 1)]
    })
  })
}

/** The unit vector u for which ±uᵀ·A·u is largest: the power method on A, shifted so that all eigenvalues are positive. */
function largestAxis(a: readonly (readonly number[])[], sign: number): readonly number[] {
  const shift = 1 + a.flat().reduce((s, x) => s + Math.abs(x), 0)
  let u: readonly number[] = a.map((_, i) => 1 + i / 10)
  for (let n = 0; n < 2000; n++) {
    const v = a.map((row, i) => shift * at(u, i) + sign * row.reduce((s, x, j) => s + x * at(u, j), 0))
    const length = Math.hypot(...v)
    u = v.map((x) => x / length)
  }
  return u
}

/** The point with a positive number and one of another param, or all positive numbers, brought far out or close to 0 together. */
export function together(layout: readonly EngineParam[], point: Float64Array, first: number): readonly Float64Array[] {
  const positive = layout
    .filter((p) => p.support.kind === 'positive')
    .map((p) => ({ numbers: groups(p).flat(), own: first >= p.offset && first < p.offset + p.length }))
  const others = positive.filter((p) => !p.own).flatMap((p) => p.numbers)
  const sets = [...others.map((j) => [first, j]), positive.flatMap((p) => p.numbers)]
  return sets.flatMap((set) => [1e-8, 1e8].map((by) => point.map((x, i) => (set.includes(i) ? x * by : x))))
}

/** Groups of numbers of one param that are constrained together: positions in the flat array. */
function groups(p: EngineParam): readonly (readonly number[])[] {
  const last = p.shape.at(-1) ?? 1
  switch (p.support.kind) {
    case 'simplex':
    case 'ordered':
      return range(0, p.length / last - 1).map((r) =>
        range(0, (p.used?.[r] ?? last) - 1).map((i) => p.offset + r * last + i),
      )
    case 'covariance':
    case 'correlation':
      return range(0, p.length / (last * last) - 1).map((r) =>
        range(0, last * last - 1).map((i) => p.offset + r * last * last + i),
      )
    default:
      return range(0, p.length - 1)
        .filter((i) => p.used === null || i % last < (p.used[Math.floor(i / last)] ?? last))
        .map((i) => [p.offset + i])
  }
}

/** Nested arrays by name, ragged rows cut to what is used. */
export function nestedParams(layout: readonly EngineParam[], flat: Float64Array): Values {
  return new Map(
    layout.map((p) => {
      const nest = (dimension: number, base: number): Value => {
        if (dimension === p.shape.length) return at(flat, p.offset + base)
        const n = at(p.shape, dimension)
        const used = p.used !== null && dimension === p.shape.length - 1 ? at(p.used, base) : n
        return range(0, used - 1).map((i) => nest(dimension + 1, base * n + i))
      }
      return [p.name, nest(0, 0)] as const
    }),
  )
}

/** A random point inside every support. */
export function randomParams(layout: readonly EngineParam[], random: () => number): Float64Array {
  const out = new Float64Array(layout.reduce((n, p) => Math.max(n, p.offset + p.length), 0))
  for (const p of layout) {
    for (const group of groups(p)) {
      const values = randomGroup(p, group.length, random)
      group.forEach((i, j) => {
        out[i] = at(values, j)
      })
    }
  }
  return out
}

function randomGroup(p: EngineParam, size: number, random: () => number): readonly number[] {
  const { support } = p
  switch (support.kind) {
    case 'real':
      return [normal(random)]
    case 'positive':
    case 'nonnegative':
      return [Math.exp(0.5 * normal(random))]
    case 'unit':
      return [0.1 + 0.8 * random()]
    case 'interval': {
      const { low, high } = support
      if (Number.isFinite(low) && Number.isFinite(high)) return [low + (high - low) * (0.1 + 0.8 * random())]
      return [Number.isFinite(low) ? low + Math.exp(0.5 * normal(random)) : high - Math.exp(0.5 * normal(random))]
    }
    case 'simplex': {
      const w = range(1, size).map(() => 0.2 + random())
      const total = w.reduce((a, b) => a + b, 0)
      return w.map((x) => x / total)
    }
    case 'ordered': {
      let x = normal(random) - size / 2
      return range(1, size).map(() => {
        x += 0.2 + random()
        return x
      })
    }
    case 'covariance':
      return randomCovariance(Math.round(Math.sqrt(size)), false, random)
    case 'correlation':
      return randomCovariance(Math.round(Math.sqrt(size)), true, random)
    default:
      throw new OracleError(`${p.name} is a ${support.kind}: such params are not certified`)
  }
}

/**
 * Directions that span the feasible ones at a point, each leading both ways: relative for positive numbers, within the
 * simplex, S + L·E·Lᵀ for a covariance. Numbers at an edge of their support have none; see `inward`.
 */
export function feasibleDirections(layout: readonly EngineParam[], point: Float64Array): readonly Direction[] {
  return layout.flatMap((p) => groups(p).flatMap((group) => groupDirections(p, group, point)))
}

function groupDirections(p: EngineParam, group: readonly number[], point: Float64Array): readonly Direction[] {
  const x = group.map((i) => at(point, i))
  const made = (values: readonly number[]): Direction => {
    const step = new Float64Array(point.length)
    group.forEach((i, j) => {
      step[i] = at(values, j)
    })
    return { param: p.name, step }
  }
  const { support } = p
  const [first = 0] = x
  switch (support.kind) {
    case 'real':
      return [made([0.3 * Math.max(1, Math.abs(first))])]
    case 'positive':
    case 'nonnegative':
      return first > EDGE ? [made([first])] : []
    case 'unit':
      return between(first, 0, 1).map((s) => made([s]))
    case 'interval':
      return between(first, support.low, support.high).map((s) => made([s]))
    case 'simplex': {
      const inside = x.map((v) => v > EDGE)
      if (inside.filter(Boolean).length < 2) return []
      return x.flatMap((v, k) => (inside[k] === true ? [made(x.map((u, j) => v * ((j === k ? 1 : 0) - u)))] : []))
    }
    case 'ordered': {
      // numbers that are equal move together
      const starts = range(0, x.length - 1).filter((i) => i === 0 || at(x, i) - at(x, i - 1) > EDGE)
      return starts.map((from, g) => {
        const to = starts[g + 1] ?? x.length
        const room = Math.min(
          from > 0 ? at(x, from) - at(x, from - 1) : 1,
          to < x.length ? at(x, to) - at(x, to - 1) : 1,
        )
        return made(x.map((_, i) => (i >= from && i < to ? 0.5 * room : 0)))
      })
    }
    case 'covariance': {
      const size = Math.round(Math.sqrt(x.length))
      const l = lowerFactor(x, size)
      if (l === null) return []
      return range(0, size - 1).flatMap((i) => range(0, i).map((j) => made(congruence(l, size, i, j))))
    }
    case 'correlation': {
      const size = Math.round(Math.sqrt(x.length))
      const room = 1 - Math.max(0, ...x.map((v, k) => (k % (size + 1) === 0 ? 0 : Math.abs(v))))
      const entry = (i: number, j: number): readonly number[] =>
        x.map((_, k) => (k === i * size + j || k === j * size + i ? (0.3 * room) / size : 0))
      return range(1, size - 1).flatMap((i) => range(0, i - 1).map((j) => made(entry(i, j))))
    }
    default:
      return []
  }
}

const EDGE = 1e-12

/** A step in proportion to the room on both sides, none at an end. */
function between(x: number, low: number, high: number): readonly number[] {
  const [below, above] = [x - low, high - x]
  const scale = Number.isFinite(high - low) ? high - low : Math.max(1, Math.abs(x))
  if (below <= EDGE * scale || above <= EDGE * scale) return []
  if (!Number.isFinite(below)) return [above]
  if (!Number.isFinite(above)) return [below]
  return [(below * above) / (below + above)]
}

/** Directions that lead from an edge of the support inwards only. */
export function inward(layout: readonly EngineParam[], point: Float64Array): readonly Direction[] {
  return layout.flatMap((p) =>
    groups(p).flatMap((group): readonly Direction[] => {
      const x = group.map((i) => at(point, i))
      const made = (values: readonly number[]): Direction => {
        const step = new Float64Array(point.length)
        group.forEach((i, j) => {
          step[i] = at(values, j)
        })
        return { param: p.name, step }
      }
      const [first = 0] = x
      const { support } = p
      if (support.kind === 'simplex')
        return x.flatMap((v, k) => (v > EDGE ? [] : [made(x.map((u, j) => (j === k ? 1 : 0) - u))]))
      if (support.kind === 'ordered')
        return range(1, x.length - 1)
          .filter((i) => at(x, i) - at(x, i - 1) <= EDGE)
          .map((from) => made(x.map((_, i) => (i >= from ? 1 : 0))))
      const [low, high] =
        support.kind === 'interval'
          ? [support.low, support.high]
          : [0, support.kind === 'unit' ? 1 : Number.POSITIVE_INFINITY]
      if (
        !['positive', 'nonnegative', 'unit', 'interval'].includes(support.kind) ||
        between(first, low, high).length > 0
      )
        return []
      const scale = Number.isFinite(high - low) ? high - low : 1
      return [made([first - low <= EDGE * scale ? scale : -scale])]
    }),
  )
}

/** A random combination of directions. */
export function combined(directions: readonly Direction[], random: () => number): Float64Array {
  const out = new Float64Array(directions[0]?.step.length ?? 0)
  for (const d of directions) {
    const weight = (2 * random() - 1) / Math.sqrt(directions.length)
    d.step.forEach((s, i) => {
      out[i] = at(out, i) + weight * s
    })
  }
  return out
}

export function shifted(point: Float64Array, step: Float64Array, t: number): Float64Array {
  return point.map((x, i) => x + t * at(step, i))
}

/** L with L·Lᵀ = S, or null where S is not positive definite. */
function lowerFactor(s: readonly number[], size: number, edge = EDGE): readonly number[] | null {
  const l = new Array<number>(size * size).fill(0)
  for (let i = 0; i < size; i++)
    for (let j = 0; j <= i; j++) {
      let v = at(s, i * size + j)
      for (let k = 0; k < j; k++) v -= at(l, i * size + k) * at(l, j * size + k)
      if (i === j && !(v > edge * at(s, i * size + i))) return null
      l[i * size + j] = i === j ? Math.sqrt(v) : v / at(l, j * size + j)
    }
  return l
}

/** L·(E_ij + E_ji)/2·Lᵀ, row by row. */
function congruence(l: readonly number[], size: number, i: number, j: number): readonly number[] {
  const out: number[] = []
  for (let a = 0; a < size; a++)
    for (let b = 0; b < size; b++)
      out.push((at(l, a * size + i) * at(l, b * size + j) + at(l, a * size + j) * at(l, b * size + i)) / 2)
  return out
}
