/** Data beside what the fitted model says of each cell given all others: residuals, and how they are distributed. */

import type { ProgramModel } from '../compiler/bind/bound-model.js'
import { checkCells } from '../compiler/bind/residuals/cell-checks.js'
import type { ArrayChecks, CellCheck } from '../compiler/bind/residuals/checked-cells.js'
import { logSum } from '../compiler/bind/residuals/said-of-cell.js'
import { normalQuantile } from '../compiler/numerics/index.js'
import { type Calibration, calibrationOf } from '../runtime/calibration.js'
import { cellIndex } from '../runtime/data/grid.js'
import type { BoundArray, BoundData, DataDeclaration, DataProblem } from '../runtime/data/types.js'
import { randomSource } from '../runtime/random.js'
import { valuesOf } from './impute.js'

/** One cell of data. */
export interface CellResidual {
  /** 1-based indices in the array as declared. */
  readonly index: readonly number[]
  readonly observed: number | string | boolean
  readonly weight: number
  /**
   * P(X ≤ observed) for numbers (the probability integral transform); for integers a point drawn between P(X < observed) and
   * P(X ≤ observed), so that it too is uniform under the model; null for labels.
   */
  readonly pit: number | null
  /** The same on the scale of a standard normal: the randomised quantile residual (Dunn, Smyth 1996). */
  readonly quantile: number | null
  /** (observed − mean) / sd; null for labels, and where there is no such mean. */
  readonly residual: number | null
  /** Of labels the probability of the observed one; else null. */
  readonly probability: number | null
}

/** How often a value was seen, and how often it was to be expected. */
export interface Frequency {
  readonly value: string
  readonly observed: number
  readonly expected: number
  /** (observed − expected) / its sd under the model; null where that is 0. */
  readonly z: number | null
}

/** A mean and an sd over the cells, weights counted. */
export interface Moments {
  readonly mean: number
  readonly sd: number
}

/** One array of data, or one column of a matrix. */
export interface DataResiduals {
  readonly data: string
  /** The column that it was read from, where the array has several; else null. */
  readonly column: string | null
  readonly kind: 'numbers' | 'counts' | 'labels'
  /** Why there are none, or null; all else is then empty. */
  readonly reason: string | null
  readonly cells: readonly CellResidual[]
  /** Cells left out: given all others, what the model says of them is not known. */
  readonly left: number
  /**
   * The posterior of what these cells depend on is a factorised one: each of its factors is without the cell, the others being
   * as they are, an approximation as the posterior itself is.
   */
  readonly approximate: boolean
  /** Other statements read these cells, and still know them. */
  readonly readElsewhere: boolean
  /** Shares of ten equal parts of (0, 1) in the values of `pit`; those of integers are spread over their whole interval. */
  readonly histogram: readonly number[] | null
  /**
   * Largest distance of the distribution of `pit` from the uniform one (Kolmogorov), and what it exceeds in 5 of 100 samples of
   * a known distribution; of a fitted one it is smaller.
   */
  readonly distance: { readonly value: number; readonly limit: number } | null
  readonly quantile: Moments | null
  readonly residual: Moments | null
  /** Of labels and of counts, those beyond the last as one. */
  readonly frequencies: readonly Frequency[] | null
  /** Of labels. */
  readonly calibration: Calibration | null
}

export interface Residuals {
  readonly arrays: readonly DataResiduals[]
  readonly warnings: readonly DataProblem[]
}

const BINS = 10
/** 5 % of Kolmogorov's distribution. */
const KOLMOGOROV = 1.3581

/** @param most cells of an array, evenly spread */
export function residualsOf(
  model: ProgramModel,
  data: BoundData,
  declarations: readonly DataDeclaration[],
  params: Float64Array,
  seed: number,
  most?: number,
): readonly DataResiduals[] {
  return checkCells(model.summed ?? model, params, most).flatMap((found) => {
    const array = data.arrays.get(found.data)
    const declaration = declarations.find((d) => d.name === found.data)
    if (array === undefined || declaration === undefined) return []
    const nameOf = valuesOf(declaration, array, data)
    const { uniform } = randomSource(seed, STREAM)
    const names = data.columns.get(found.data) ?? []
    const width = array.shape.at(-1) ?? 1
    const rank = array.offsets === null ? array.shape.length : array.shape.length - 1
    if (rank < 2 || names.length !== width || found.reason !== null)
      return [summary(found, array, nameOf, null, uniform)]
    return names.map((name, c) => {
      const checks = found.checks.filter((x) => x.position % width === c)
      return summary({ ...found, checks }, array, nameOf, name, uniform)
    })
  })
}

/** What a stored number at a position stands for. */
type NameOf = ReturnType<typeof valuesOf>

/** The stream of random numbers of residuals of integers. */
const STREAM = 211

function summary(
  found: ArrayChecks,
  array: BoundArray,
  nameOf: NameOf,
  column: string | null,
  uniform: () => number,
): DataResiduals {
  const { data: name, kind, reason, checks, lost, approximate, readElsewhere } = found
  const cells = checks.map((c) => cellOf(c, found, array, nameOf, uniform))
  const weights = checks.map((c) => c.weight)
  const some = cells.length > 0
  const numbers = some && kind !== 'labels'
  const pits = cells.flatMap((c, i) => (c.pit === null ? [] : [{ u: c.pit, w: weights[i] ?? 1 }]))
  return {
    data: name,
    column,
    kind,
    reason,
    cells,
    left: lost,
    approximate,
    readElsewhere,
    histogram: numbers ? histogram(checks) : null,
    distance: numbers ? kolmogorov(pits) : null,
    quantile: moments(
      cells.map((c) => c.quantile),
      weights,
    ),
    residual: moments(
      cells.map((c) => c.residual),
      weights,
    ),
    frequencies: some && kind !== 'numbers' ? frequencies(found, nameOf) : null,
    calibration: some && kind === 'labels' ? calibration(found) : null,
  }
}

function cellOf(
  c: CellCheck,
  { kind, first }: ArrayChecks,
  array: BoundArray,
  nameOf: NameOf,
  uniform: () => number,
): CellResidual {
  const index = cellIndex(array, c.position)
  const { observed: x, weight, residual } = c
  if (kind === 'labels') {
    const observed = nameOf(x - first, c.position)
    return {
      index,
      observed,
      weight,
      pit: null,
      quantile: null,
      residual: null,
      probability: c.masses?.[x - first] ?? null,
    }
  }
  const share = kind === 'counts' ? uniform() : 1
  // far in a tail both are smaller than the smallest number, and their logs are not
  const between = ([a, b]: readonly [number, number]): number =>
    a === b ? a : logSum([Math.log1p(-share) + a, Math.log(share) + b])
  const [lower, upper] = [between(c.below), between(c.above)]
  return {
    index,
    observed: x,
    weight,
    pit: Math.exp(lower),
    quantile: normalQuantile(lower, upper),
    residual,
    probability: null,
  }
}

/** Of integers each cell spread evenly over its interval: Czado, Gneiting, Held (2009), Biometrics 65, p. 1254. */
function histogram(checks: readonly CellCheck[]): readonly number[] {
  const out = new Array<number>(BINS).fill(0)
  let total = 0
  for (const { below, weight } of checks) {
    const [from, to] = [Math.exp(below[0]), Math.exp(below[1])]
    total += weight
    for (let i = 0; i < BINS; i++) {
      const [low, high] = [i / BINS, (i + 1) / BINS]
      const share =
        to > from
          ? Math.max(0, Math.min(to, high) - Math.max(from, low)) / (to - from)
          : Number(to >= low && (to < high || i === BINS - 1))
      out[i] = (out[i] ?? 0) + weight * share
    }
  }
  return out.map((n) => n / total)
}

function kolmogorov(pits: readonly { readonly u: number; readonly w: number }[]): DataResiduals['distance'] {
  const sorted = [...pits].sort((a, b) => a.u - b.u)
  const total = sorted.reduce((sum, { w }) => sum + w, 0)
  let [before, value] = [0, 0]
  for (const { u, w } of sorted) {
    const after = before + w / total
    value = Math.max(value, u - before, after - u)
    before = after
  }
  return { value, limit: KOLMOGOROV / Math.sqrt(total) }
}

function moments(values: readonly (number | null)[], weights: readonly number[]): Moments | null {
  const known = values.flatMap((x, i) => (x === null || !Number.isFinite(x) ? [] : [{ x, w: weights[i] ?? 1 }]))
  const total = known.reduce((sum, { w }) => sum + w, 0)
  if (!(total > 0)) return null
  const mean = known.reduce((sum, { x, w }) => sum + w * x, 0) / total
  return { mean, sd: Math.sqrt(known.reduce((sum, { x, w }) => sum + w * (x - mean) ** 2, 0) / total) }
}

function frequencies({ checks, kind, first }: ArrayChecks, labelOf: NameOf): readonly Frequency[] {
  const width = Math.max(...checks.map((c) => c.masses?.length ?? 0))
  const [observed, expected, variance] = [0, 1, 2].map(() => new Array<number>(width + 1).fill(0)) as [
    number[],
    number[],
    number[],
  ]
  for (const { masses, weight, observed: x } of checks) {
    const at = Math.min(width, x - first)
    observed[at] = (observed[at] ?? 0) + weight
    const all = masses?.reduce((a, b) => a + b, 0) ?? 0
    for (let v = 0; v <= width; v++) {
      const p = v < width ? (masses?.[v] ?? 0) : Math.max(0, 1 - all)
      expected[v] = (expected[v] ?? 0) + weight * p
      variance[v] = (variance[v] ?? 0) + weight * p * (1 - p)
    }
  }
  const nameOf = (v: number): string => {
    if (kind === 'counts') return v < width ? `${v}` : `${width} or more`
    return String(labelOf(v, checks[0]?.position ?? 0))
  }
  return observed.flatMap((n, v): readonly Frequency[] => {
    if (v === width && (kind === 'labels' || (n === 0 && (expected[v] ?? 0) < 1e-9))) return []
    const sd = Math.sqrt(variance[v] ?? 0)
    const e = expected[v] ?? 0
    return [{ value: nameOf(v), observed: n, expected: e, z: sd > 1e-9 ? (n - e) / sd : null }]
  })
}

function calibration({ checks, first }: ArrayChecks): Calibration {
  const width = Math.max(...checks.map((c) => c.masses?.length ?? 0))
  const probabilities = new Float64Array(checks.length * width)
  checks.forEach(({ masses }, i) => {
    if (masses !== null) probabilities.set(masses, i * width)
  })
  return calibrationOf(
    probabilities,
    width,
    checks.map((c) => c.observed - first),
    checks.map((c) => c.weight),
  )
}
