/** Total mass of a distribution, from its log density and its support alone; draws only tell where to look. */

import { at, choleskyOf } from '../../../compiler/distributions/support/matrices.js'
import { asMatrix, asNumber, asVector } from '../../../compiler/distributions/support/numeric-arguments.js'
import type { Distribution, NumericArgument } from '../../../compiler/distributions/types.js'
import { type Arguments, numericDensity, numericDomain, shapeOf } from './numeric-density.js'
import { axis, integrate } from './quadrature.js'

export interface Mass {
  readonly mass: number
  readonly tolerance: number
}

/** Largest number of coordinates that a product rule is used for. */
const MOST_COORDINATES = 3
/** Step of the product rule on each axis, by the number of coordinates. */
const STEPS = [0.05, 0.05, 0.1, 0.17] as const

/** The total mass at these arguments, or the reason why it is not computed. */
export function totalMass(
  distribution: Distribution,
  args: Arguments,
  draws: readonly NumericArgument[],
): Mass | { readonly reason: string } {
  const { value } = distribution.signature
  if (value.rank === 0)
    return scalarMass(
      distribution,
      args,
      draws.map((x) => asNumber(x)),
      Infinity,
    )
  if (value.discrete && value.support === 'count' && value.rank === 1) return countsMass(distribution, args, draws)
  const chart = chartOf(distribution, draws)
  if (chart === null) return { reason: `no coordinates for values of ${value.support}, rank ${value.rank}` }
  if (chart.coordinates > MOST_COORDINATES)
    return { reason: `${chart.coordinates} coordinates; at most ${MOST_COORDINATES} are integrated` }
  // three axes are cut off sooner, which shows where a tail is a power, as that of an inverse Wishart matrix
  const tolerance = chart.coordinates < MOST_COORDINATES ? 1e-6 : 1e-5
  return { mass: chartMass(numericDensity(distribution, args), chart, draws), tolerance }
}

/** The mass of values up to `bound` of a scalar distribution; of angles, from half a turn below 0 to half a turn above. */
export function scalarMass(distribution: Distribution, args: Arguments, draws: readonly number[], bound: number): Mass {
  const logDensity = numericDensity(distribution, args)
  const inside = (x: number) => distribution.inSupport(x, args)
  const density = (x: number) => (inside(x) ? Math.exp(logDensity(x)) : 0)
  const domain = numericDomain(distribution, args)
  if (domain !== null) return { mass: sumOver(density, domain.low, Math.min(domain.high, bound)), tolerance: 1e-11 }
  const middle = [...draws].sort((a, b) => a - b)[Math.floor(draws.length / 2)] ?? Number.NaN
  const { turn } = distribution
  const low = turn === undefined ? edge(inside, middle, -1) : -turn / 2
  const high = turn === undefined ? edge(inside, middle, 1) : turn / 2
  const cuts = [low, ...[middle, bound].filter((x) => x > low && x < Math.min(high, bound)), Math.min(high, bound)]
  cuts.sort((a, b) => a - b)
  let mass = 0
  cuts.forEach((from, i) => {
    const to = cuts[i + 1]
    if (to !== undefined && to > from) mass += integrate(density, from, to)
  })
  // (1 − x)^(b − 1) with b < 1: doubles near 1 are 1e-16 apart, so that about sqrt(1e-16) is out of reach
  return { mass, tolerance: 1e-7 }
}

/** The end of the support on one side of a point inside it: ±∞, or found by bisection. */
function edge(inside: (x: number) => boolean, start: number, direction: 1 | -1): number {
  let near = start
  let far = start
  for (let stride = Math.max(1, Math.abs(start)); inside(far); stride *= 4) {
    near = far
    far = start + direction * stride
    if (Math.abs(far) > 1e200) return direction * Infinity
  }
  for (;;) {
    const middle = near / 2 + far / 2
    if (middle === near || middle === far || Math.abs(far - near) < 1e-300) return far
    if (inside(middle)) near = middle
    else far = middle
  }
}

function sumOver(density: (x: number) => number, low: number, high: number): number {
  let total = 0
  let largest = 0
  for (let x = low; x <= high; x++) {
    const p = density(x)
    total += p
    largest = Math.max(largest, p)
    if (total > 0.5 && p < 1e-18 * largest) break
    if (x - low > 1e6) break
  }
  return total
}

/** Σ over all vectors of counts with the total that the draws have. */
function countsMass(
  distribution: Distribution,
  args: Arguments,
  draws: readonly NumericArgument[],
): Mass | { readonly reason: string } {
  const example = asVector(draws[0] ?? 0)
  if (example === null) return { reason: 'the draws are no vectors' }
  const total = example.reduce((a, b) => a + b, 0)
  const logDensity = numericDensity(distribution, new Map([...args].filter(([name]) => name !== 'total')))
  let mass = 0
  for (const cells of compositions(total, example.length))
    if (distribution.inSupport(cells, args)) mass += Math.exp(logDensity(cells))
  return { mass, tolerance: 1e-11 }
}

function* compositions(total: number, parts: number): Generator<readonly number[]> {
  if (parts <= 1) yield [total]
  else
    for (let first = 0; first <= total; first++)
      for (const rest of compositions(total - first, parts - 1)) yield [first, ...rest]
}

/** A smooth one-to-one map from ℝ^coordinates to the support, its inverse, and log |Jacobian|. */
interface Chart {
  readonly coordinates: number
  toValue(u: readonly number[]): NumericArgument
  toCoordinates(value: NumericArgument): readonly number[]
  logJacobian(u: readonly number[]): number
}

function chartOf(distribution: Distribution, draws: readonly NumericArgument[]): Chart | null {
  const { support, rank } = distribution.signature.value
  const order = shapeOf(draws[0] ?? 0)[0] ?? 0
  if (support === 'real' && rank === 1) return realChart(order, draws)
  if (support === 'simplex' && rank === 1) return simplexChart(order)
  if (support === 'covariance' && rank === 2) return covarianceChart(order)
  return null
}

/** x = c + 2 s sinh(u/2), with the middle and the spread of the draws: tails that are powers then fall exponentially. */
function realChart(order: number, draws: readonly NumericArgument[]): Chart {
  const places = Array.from({ length: order }, (_place, i) => {
    const sorted = draws.map((x) => asVector(x)?.[i] ?? Number.NaN).sort((a, b) => a - b)
    const quantile = (q: number) => sorted[Math.floor(q * sorted.length)] ?? Number.NaN
    return { middle: quantile(0.5), spread: (quantile(0.75) - quantile(0.25)) / 1.35 }
  })
  return {
    coordinates: order,
    toValue: (u) => places.map(({ middle, spread }, i) => middle + 2 * spread * Math.sinh((u[i] ?? Number.NaN) / 2)),
    toCoordinates: (x) =>
      places.map(({ middle, spread }, i) => 2 * Math.asinh(((asVector(x)?.[i] ?? Number.NaN) - middle) / (2 * spread))),
    logJacobian: (u) =>
      places.reduce((total, { spread }, i) => total + Math.log(spread * Math.cosh((u[i] ?? Number.NaN) / 2)), 0),
  }
}

/** x = softmax(u_1, …, u_{K−1}, 0), dx_1 … dx_{K−1} = Π x_k du. */
function simplexChart(order: number): Chart {
  const toValue = (u: readonly number[]) => {
    const largest = Math.max(0, ...u)
    const weights = [...u, 0].map((x) => Math.exp(x - largest))
    const total = weights.reduce((a, b) => a + b, 0)
    return weights.map((w) => w / total)
  }
  return {
    coordinates: order - 1,
    toValue,
    toCoordinates(value) {
      const x = asVector(value) ?? []
      return x.slice(0, -1).map((xi) => Math.log(xi / (x[order - 1] ?? Number.NaN)))
    },
    logJacobian: (u) => toValue(u).reduce((total, x) => total + Math.log(x), 0),
  }
}

/** X = L Lᵀ, L_ii = exp(u), dX = 2^D Π L_ii^(D − i + 1) dL (i from 1): Muirhead (1982), theorem 2.1.9. */
function covarianceChart(order: number): Chart {
  const places = Array.from({ length: order }, (_row, i) =>
    Array.from({ length: i + 1 }, (_column, j) => ({ i, j })),
  ).flat()
  const lowerOf = (u: readonly number[]) => {
    const lower = Array.from({ length: order }, () => new Array<number>(order).fill(0))
    places.forEach(({ i, j }, k) => {
      const row = lower[i]
      if (row !== undefined) row[j] = i === j ? Math.exp(u[k] ?? Number.NaN) : (u[k] ?? Number.NaN)
    })
    return lower
  }
  return {
    coordinates: places.length,
    toValue(u) {
      const lower = lowerOf(u)
      return lower.map((_x, i) =>
        lower.map((_y, j) => lower.reduce((total, _z, k) => total + at(lower, i, k) * at(lower, j, k), 0)),
      )
    },
    toCoordinates(value) {
      const lower = choleskyOf(asMatrix(value) ?? [])
      return places.map(({ i, j }) => (i === j ? Math.log(at(lower, i, i)) : at(lower, i, j)))
    },
    // dL_ii = L_ii du gives one more power of each L_ii
    logJacobian: (u) =>
      places.reduce(
        (total, { i, j }, k) => (i === j ? total + (order - i + 1) * (u[k] ?? 0) : total),
        order * Math.log(2),
      ),
  }
}

/** A product rule in the chart's coordinates, each axis centred and scaled by the draws. */
function chartMass(
  logDensity: (x: NumericArgument) => number,
  chart: Chart,
  draws: readonly NumericArgument[],
): number {
  const points = draws.map((x) => chart.toCoordinates(x))
  const step = STEPS[chart.coordinates] ?? 0.2
  const axes = Array.from({ length: chart.coordinates }, (_axis, k) => {
    const sorted = points.map((u) => u[k] ?? Number.NaN).sort((a, b) => a - b)
    const quantile = (q: number) => sorted[Math.floor(q * sorted.length)] ?? Number.NaN
    return axis(quantile(0.5), (quantile(0.75) - quantile(0.25)) / 1.35, step)
  })
  const visit = (u: readonly number[], weight: number): number => {
    const next = axes[u.length]
    if (next !== undefined) return next.reduce((total, node) => total + visit([...u, node.u], weight * node.weight), 0)
    const log = logDensity(chart.toValue(u)) + chart.logJacobian(u)
    return Number.isNaN(log) ? 0 : weight * Math.exp(log)
  }
  return visit([], 1)
}
