/** Simulation as callers ask for it: sizes by name, data or none, a fit or given params. */
import { scaledArrays } from '../../compiler/bind/log-jacobian.js'
import type { Distribution } from '../../compiler/distributions/types.js'
import type { TypedModel } from '../../lang/typed/types.js'
import type { Values } from '../../oracle/types.js'
import type { BoundData, DataDeclaration, Table } from '../../runtime/data/types.js'
import { randomSource } from '../../runtime/random.js'
import type { FitResult } from '../../runtime/result.js'
import { OptionError } from '../errors.js'
import { restore, scalingOf } from '../frozen.js'
import { type DataOptions, entriesOf, type FitData, tablesOf } from '../options.js'
import { densityForOracle } from '../oracle-density.js'
import { basisOf, type SizeRequest } from './basis.js'
import type { Basis } from './blank-data.js'
import { dataRoles } from './roles.js'
import { nestedValue, simulate } from './simulate.js'
import type { Simulation } from './simulation.js'

/** Options of `simulate`. */
export interface SimulateOptions extends DataOptions {
  /** Seed of the draws; 1 where left out. The same seed gives the same numbers. */
  readonly seed?: number
  /** Data that the model does not draw (covariates, keys of groups, totals). Its rows say how many there are. */
  readonly data?: FitData
  /** Cells that are missing in `data` are missing again. */
  readonly keepMissing?: boolean
}

/** Sizes by name, such as `{ N: 100 }`; of a ragged length one number, or one for each sequence. */
export type Sizes =
  | ReadonlyMap<string, number | readonly number[]>
  | { readonly [name: string]: number | readonly number[] }

/** What is simulated. */
export interface SimulatedModel {
  readonly typed: TypedModel
  readonly distributions: ReadonlyMap<string, Distribution>
  declarations(set?: ReadonlyMap<string, unknown>): readonly DataDeclaration[]
}

/** Number of the stream of draws of a seed: apart from those of starts. */
const STREAM = 0x51a

/** @param result a fit, whose levels, sizes and columns are kept; null for given params */
export function simulateModel(
  model: SimulatedModel,
  params: unknown,
  result: FitResult | null,
  sizes: Sizes,
  options: SimulateOptions,
): Simulation {
  const stored = result === null ? null : restore(result)
  const scaling = stored?.frozen.scaling ?? null
  // where the standardised data have another model, that is the one that was fitted
  const fitted = scaling === null ? params : (result?.standardized?.params ?? params)
  const values: Values = new Map([...entriesOf(fitted)].map(([name, value]) => [name, nestedValue(value)] as const))
  const set = new Map([...(stored?.set ?? []), ...entriesOf(options.set ?? {})])
  const columns = new Map([...(stored?.columns ?? []), ...entriesOf(options.columns ?? {})])
  const tables: readonly Table[] = options.data === undefined ? [] : tablesOf(options.data)
  const groupBy = options.groupBy ?? stored?.groupBy ?? null
  const inUnits = basisOf({
    model: model.typed,
    roles: dataRoles(model.typed),
    declarations: model.declarations(set),
    tables,
    binding: {
      columns: columns as ReadonlyMap<string, readonly string[]>,
      groupBy: tables.length === 0 ? null : groupBy,
      set,
      ...(stored === null
        ? {}
        : {
            frozenLevels: stored.frozen.levels,
            frozenSizes: stored.frozen.sizes,
            asFitted: new Set(stored.columns.keys()),
          }),
    },
    fitted: new Map(
      [...entriesOf(result?.sizes ?? {})].flatMap(([name, n]) => (typeof n === 'number' ? [[name, n] as const] : [])),
    ),
    params: values,
    sizes: entriesOf(sizes) as SizeRequest,
  })
  const basis = scaling === null ? inUnits : { ...inUnits, arrays: scaledArrays(inUnits.arrays, scaling) }
  const seed = options.seed ?? 1
  const drawn = simulate({
    model: model.typed,
    basis,
    set,
    params: values,
    reductions: stored?.frozen.numbers ?? new Map(),
    distributions: model.distributions,
    densities: [...model.distributions.values()].flatMap(densityForOracle),
    random: randomSource(seed, STREAM).uniform,
    seed,
    keepMissing: options.keepMissing === true,
    groupBy,
  })
  return scaling === null ? drawn : drawn.unscaled(scaling)
}

/** Data like that of a fit: with its rows, covariates and missing cells, in the units of the data. */
export function simulateLike(
  model: SimulatedModel,
  data: BoundData,
  fit: Pick<FitResult, 'params' | 'standardized'>,
  { seed, stream, set }: { readonly seed: number; readonly stream: number; readonly set: ReadonlyMap<string, unknown> },
): Simulation {
  if (dataRoles(model.typed).drawn.size === 0)
    throw new OptionError('the model takes all of its data as given: there is nothing to draw')
  const scaling = scalingOf(fit)
  const params = scaling === null ? fit.params : (fit.standardized?.params ?? fit.params)
  const { sizes, lengths, levels, columns } = data
  const arrays = scaling === null ? data.arrays : scaledArrays(data.arrays, scaling)
  const basis: Basis = { sizes, lengths, levels, arrays, columns }
  const drawn = simulate({
    model: model.typed,
    basis,
    set,
    params: new Map([...entriesOf(params)].map(([name, value]) => [name, nestedValue(value)] as const)),
    reductions: new Map(),
    distributions: model.distributions,
    densities: [...model.distributions.values()].flatMap(densityForOracle),
    random: randomSource(seed, STREAM + stream).uniform,
    seed,
    keepMissing: true,
    groupBy: null,
  })
  return scaling === null ? drawn : drawn.unscaled(scaling)
}
