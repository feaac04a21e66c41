/**
 * Data on a scale of their own: columns of mean 0 and sd 1, and params back in the units of the data as far as the model
 * allows. Which params go with which column is found from the likelihood (`columnUnits`), not from names.
 */
import type { ProgramModel } from '../compiler/bind/bound-model.js'
import { dataScale } from '../compiler/bind/data-scale.js'
import { type ColumnScales, logJacobian, type Scaling, scaledData } from '../compiler/bind/log-jacobian.js'
import { PosteriorReports } from '../compiler/bind/posterior-reports.js'
import { type ColumnUnits, columnUnits, type RowDensities, STEP } from '../compiler/bind/scale-symmetry.js'
import type { ParamLayout } from '../runtime/contract.js'
import type { BoundData } from '../runtime/data/types.js'
import type { NestedNumbers } from '../runtime/json.js'
import { nestedToJson, nestParam } from '../runtime/nest.js'
import { randomSource } from '../runtime/random.js'
import { applyStartValues } from '../runtime/start-values.js'
import type { FitWarning } from '../runtime/warnings.js'
import { OptionError } from './errors.js'

/** Data that were standardised, and the way back. */
export interface Standardised {
  readonly scaling: Scaling
  readonly data: BoundData
  /** The model of the standardised data is the model of the data as they are, with its params in other units. */
  readonly closed: boolean
  /** Params that stay on the standardised scale, since they belong to no column's unit. */
  readonly unmapped: readonly string[]
  readonly warnings: readonly FitWarning[]
  /** Params in the units of the data; those of `unmapped` stay as they are. */
  back(params: Float64Array): Float64Array
  /** The other way. */
  forth(params: Float64Array): Float64Array
  /** What the log-likelihood of the data is beside that of the standardised data: −Σ log sd. */
  readonly logJacobian: number
}

interface Column {
  readonly data: string
  readonly column: number
  readonly mean: number
  readonly sd: number
  /** Some statement gives it a density: else it is a covariate. */
  readonly observed: boolean
}

/** @throws OptionError where the model has no column to standardise */
export function standardised(model: ProgramModel, data: BoundData): Standardised {
  if (data.stream !== undefined)
    throw new OptionError(`the rows of ${data.stream.source} do not lie in memory: they cannot be standardised`)
  const columns = columnsOf(model, data)
  if (columns.length === 0) throw new OptionError('there is nothing to standardise: no data of the model are real')
  const units = unitsOf(model, data, columns)
  // to move a column is another model where nothing moves with it
  const moved = columns.map((c, i) => (units[i]?.shifts == null ? { ...c, mean: 0 } : c))
  // a covariate without a unit of its own goes with the columns that it belongs to
  const power = (c: number): number => moved.reduce((s, t, i) => s + (units[i]?.companions[c] ?? 0) * Math.log(t.sd), 0)
  const centred = moved.map((c, i) =>
    c.observed || units[i]?.exponents != null ? c : { ...c, sd: Math.exp(power(i)) },
  )
  const scaling = scalingOf(centred, data)
  const { exponents, shifts, unmapped } = unitsOfElements(model, centred, units)
  const factors = exponents.map((q) => Math.exp(q.reduce((s, x, c) => s + x * Math.log(centred[c]?.sd ?? 1), 0)))
  const moves = shifts.map((a) => a.reduce((s, x, c) => s + x * (centred[c]?.mean ?? 0), 0))
  const back = (p: Float64Array): Float64Array => p.map((x, e) => x * (factors[e] ?? 1) + (moves[e] ?? 0))
  const forth = (p: Float64Array): Float64Array => p.map((x, e) => (x - (moves[e] ?? 0)) / (factors[e] ?? 1))
  const scaled = scaledData(data, scaling)
  const jacobian = logJacobian(model.derivation, model.numbers, data, scaling)
  // likelihoods of both, whatever the mode maximises
  const closed =
    units.every((u, i) => u.exponents !== null || columns[i]?.observed === false) &&
    agrees(model.overOther(data), model.overOther(scaled), forth, jacobian, randomSource(1, 7).uniform)
  // units that were found without being those of the likelihood are not to be believed
  const unsure = closed || unmapped.length > 0 ? null : model.params.filter(mayHaveUnit).map(({ name }) => name)
  const lost = closed ? [] : (unsure ?? unmapped)
  return {
    scaling,
    data: scaled,
    closed,
    unmapped: lost,
    warnings: closed ? [] : [anotherModel(lost, columns, units)],
    ...(unsure === null ? { back, forth } : { back: copied, forth: copied }),
    logJacobian: jacobian,
  }
}

/**
 * Values of params that are held, on the standardised scale; cells that are free stay free.
 *
 * @throws OptionError where a value does not fit, or belongs to a param without a unit in another model
 */
export function fixedOnScale(
  fix: ReadonlyMap<string, unknown>,
  layouts: readonly ParamLayout[],
  way: Standardised,
): ReadonlyMap<string, NestedNumbers> {
  const lost = [...fix.keys()].find((name) => way.unmapped.includes(name))
  if (lost !== undefined)
    throw new OptionError(
      `\`${lost}\` cannot be held at a value in the units of the data: the model of the standardised data is another one, ` +
        'which has no such value; leave standardize out',
    )
  const free = new Set<number>()
  const base = new Float64Array(layouts.reduce((n, p) => n + p.length, 0))
  const { params, problems } = applyStartValues({ params: layouts }, fix, base, { what: 'fixed value', free })
  if (problems.length > 0) throw new OptionError(problems.map((p) => p.message).join('\n'))
  const scaled = way.forth(params)
  for (const i of free) scaled[i] = Number.NaN
  return new Map(
    layouts.filter((p) => fix.has(p.name)).map((p) => [p.name, nestedToJson(nestParam(p, scaled))] as const),
  )
}

/** The same way for some of the params: `own` are those of `all` that are not held. */
export function amongParams(way: Standardised, all: readonly ParamLayout[], own: readonly ParamLayout[]): Standardised {
  const size = all.reduce((n, p) => n + p.length, 0)
  const places = own.map((p) => ({
    to: p.offset,
    length: p.length,
    from: all.find((q) => q.name === p.name)?.offset ?? 0,
  }))
  const among =
    (map: (params: Float64Array) => Float64Array) =>
    (params: Float64Array): Float64Array => {
      const whole = new Float64Array(size)
      for (const { from, to, length } of places) whole.set(params.subarray(to, to + length), from)
      const mapped = map(whole)
      const out = params.slice()
      for (const { from, to, length } of places) out.set(mapped.subarray(from, from + length), to)
      return out
    }
  return {
    ...way,
    unmapped: way.unmapped.filter((name) => own.some((p) => p.name === name)),
    back: among(way.back),
    forth: among(way.forth),
  }
}

const copied = (params: Float64Array): Float64Array => params.slice()

const UNITS: ReadonlySet<string> = new Set(['real', 'positive', 'nonnegative', 'ordered', 'covariance'])

/** true where a param may be measured in the unit of some column: probabilities and correlations are not. */
export const mayHaveUnit = ({ support }: ParamLayout): boolean => UNITS.has(support.kind)

/** Columns of real data. */
function columnsOf(model: ProgramModel, data: BoundData): readonly Column[] {
  const { graph } = model.derivation
  const observed = new Set(graph.factors.flatMap((f) => (f.role === 'likelihood' ? [f.target.name] : [])))
  return graph.data.flatMap(({ name, type }) => {
    const array = data.arrays.get(name)
    if (type.support.kind !== 'real' || array === undefined || array.values instanceof Int32Array) return []
    const { means, variances } = dataScale(array)
    return means.map((mean, column) => {
      const variance = variances[column] ?? 0
      const sd = variance > (4 * Number.EPSILON * mean) ** 2 ? Math.sqrt(variance) : 1
      return { data: name, column, mean: observed.has(name) ? mean : 0, sd, observed: observed.has(name) }
    })
  })
}

function scalingOf(columns: readonly Column[], data: BoundData): Scaling {
  const scaling = new Map<string, ColumnScales>()
  for (const name of new Set(columns.map((c) => c.data))) {
    const own = columns.filter((c) => c.data === name)
    if (data.arrays.has(name)) scaling.set(name, { means: own.map((c) => c.mean), sds: own.map((c) => c.sd) })
  }
  return scaling
}

/** The units of all params by column; none known where there are too many. */
function unitsOf(model: ProgramModel, data: BoundData, columns: readonly Column[]): readonly ColumnUnits[] {
  const few = model.withFewRows()
  const source = few.data
  const densities = (changed: BoundData): RowDensities => rowDensities(few.overOther(changed))
  const onColumn = ({ data: name, column }: Column, of: (x: number) => number): BoundData => {
    const array = source.arrays.get(name)
    const width = data.arrays.get(name)?.shape.length === 1 ? 1 : columns.filter((c) => c.data === name).length
    if (array === undefined || array.values instanceof Int32Array) return source
    const values = array.values.map((x, i) => (i % width === column ? of(x) : x))
    return { ...source, arrays: new Map([...source.arrays, [name, { ...array, values }]]) }
  }
  const changes = columns.map((c) => {
    const step = STEP * c.sd
    return {
      scaled: [densities(onColumn(c, (x) => x * (1 + STEP))), densities(onColumn(c, (x) => x * (1 - STEP)))] as const,
      moved: !c.observed
        ? null
        : { by: [densities(onColumn(c, (x) => x + step)), densities(onColumn(c, (x) => x - step))] as const, step },
    }
  })
  const { uniform } = randomSource(1, 6)
  const none = columns.map(() => ({ exponents: null, shifts: null, companions: columns.map(() => 0) }))
  return columnUnits(few.params, rowDensities(few), changes, () => generalPoint(few, uniform)) ?? none
}

/** A random interior point, at which covariances are no diagonal matrices: what is 0 tells nothing of its unit. */
function generalPoint(model: ProgramModel, random: () => number): Float64Array {
  const params = model.separated(random)
  for (const { offset, length, shape, support } of model.params) {
    const n = shape.at(-1) ?? 1
    if (support.kind !== 'covariance') continue
    for (let b = offset; b < offset + length; b += n * n)
      for (let i = 0; i < n; i++)
        for (let j = 0; j < i; j++) {
          const sds = Math.sqrt((params[b + i * n + i] ?? 0) * (params[b + j * n + j] ?? 0))
          // rows of correlations add up to less than 1: the matrix stays positive definite
          const x = (sds * (random() - 0.5)) / n
          params[b + i * n + j] = x
          params[b + j * n + i] = x
        }
  }
  return params
}

/** log p of what belongs to each row of the outermost plates, and of the prior. */
function rowDensities(model: ProgramModel): RowDensities {
  const reports = new PosteriorReports(model, { contributions: true })
  return (params) => {
    const rows = reports.at(params).contributions.flatMap((c) => [...c.values])
    return Float64Array.from(model.hasPrior ? [...rows, model.logPrior(params)] : rows)
  }
}

interface UnitsOfElements {
  /** By element, for each column. */
  readonly exponents: readonly (readonly number[])[]
  readonly shifts: readonly (readonly number[])[]
  readonly unmapped: readonly string[]
}

/**
 * Where the model is not closed under the unit of a column, what moves with the column is still measured in its unit; of
 * other params nothing is known.
 */
function unitsOfElements(
  model: ProgramModel,
  columns: readonly Column[],
  units: readonly ColumnUnits[],
): UnitsOfElements {
  const shifts = Array.from({ length: model.length }, (_, e) => columns.map((_, c) => units[c]?.shifts?.[e] ?? 0))
  const unknown = columns.map(({ observed }, c) => observed && units[c]?.exponents == null)
  const located = shifts.map((a) => a.some((x) => x !== 0))
  const lost = new Set<string>()
  if (unknown.some((x) => x))
    for (const p of model.params)
      if (mayHaveUnit(p) && !located.slice(p.offset, p.offset + p.length).every((x) => x)) lost.add(p.name)
  const nameOf = (e: number): string => model.params.find((p) => e >= p.offset && e < p.offset + p.length)?.name ?? ''
  const exponents = shifts.map((a, e) =>
    lost.has(nameOf(e))
      ? columns.map(() => 0)
      : columns.map((_, c) => (unknown[c] === true ? Number(a[c] !== 0) : (units[c]?.exponents?.[e] ?? 0))),
  )
  return { exponents, shifts: shifts.map((a, e) => (lost.has(nameOf(e)) ? a.map(() => 0) : a)), unmapped: [...lost] }
}

/** log p(x; θ) = log p(x′; θ′) + log J at random points, to rounding. */
function agrees(
  model: ProgramModel,
  scaled: ProgramModel,
  forth: (params: Float64Array) => Float64Array,
  jacobian: number,
  random: () => number,
): boolean {
  for (let i = 0; i < 3; i++) {
    const theta = generalPoint(model, random)
    const [one, other] = [model.eStep(theta), scaled.eStep(forth(theta))]
    const size = Math.max(1, one.scale, other.scale)
    if (!(Math.abs(one.logLikelihood - other.logLikelihood - jacobian) <= 1e-8 * size)) return false
  }
  return true
}

function anotherModel(
  unmapped: readonly string[],
  columns: readonly Column[],
  units: readonly ColumnUnits[],
): FitWarning {
  const apart = columns.filter((c, i) => c.observed && units[i]?.exponents == null)
  const names = [...new Set(apart.map((c) => `\`${c.data}\``))].join(', ')
  const scale =
    unmapped.length === 0
      ? ''
      : `; ${unmapped.map((n) => `\`${n}\``).join(', ')} ${unmapped.length === 1 ? 'is' : 'are'} given on the standardised scale`
  const message =
    `the model of the standardised data is another model: no change of the params makes up for other units of ` +
    `${names === '' ? 'the data' : `the columns of ${names}`}; log-likelihoods of the two are those of different models${scale}`
  return { code: 'W536', message }
}
