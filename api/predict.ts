/** A fit's params over new data: the model bound to it with what the fit keeps of its own. */

import type { Scaling } from '../compiler/bind/log-jacobian.js'
import type { BoundData, DataProblem } from '../runtime/data/types.js'
import type { FitResult } from '../runtime/result.js'
import { applyStartValues } from '../runtime/start-values.js'
import { DataError, problem } from './errors.js'
import { type Bound, type Frozen, restore } from './frozen.js'
import { type DataOptions, entriesOf, type FitCallOptions, type FitData } from './options.js'
import type { LatentPosterior } from './posterior.js'
import type { TableRows } from './table-rows.js'

/** How new data bind, and how the model over them is run. */
export type NewDataOptions = DataOptions & Pick<FitCallOptions, 'backend' | 'javascript'>

/** Options of `predict`. */
export interface PredictOptions extends NewDataOptions {
  /**
   * Of latents that follow on one another along an index (chains), the posterior given the data up to and including
   * their own place, and not given all data (smoothed).
   */
  readonly filtered?: boolean
  /** false: without the covariances of vectors, which take rows × size × size numbers. */
  readonly covariance?: boolean
  /** `modes` are the most probable values of all discrete latents together: of a chain its most probable path. */
  readonly hard?: boolean
  /** true: with the rows of tables that latents stand beside, as `rows`. */
  readonly rows?: boolean
}

export interface Prediction {
  readonly latents: readonly LatentPosterior[]
  /** With `rows`, by latent: the row of a table for each of its rows, where these are rows of a table. */
  readonly rows: ReadonlyMap<string, TableRows>
  readonly warnings: readonly DataProblem[]
}

/** The log-likelihood of data at the fitted params, and what makes it up. */
export interface Score {
  /** Natural log, all constants, without the priors of params. */
  readonly logLikelihood: number
  /**
   * What the rows of each outermost plate add to it, weights included: a number a row. `plate` is the letter of the loop;
   * null: one number for what belongs to no row. Rows that share latents are one unit, a row of the plate of these; units
   * that are the rows of no plate, as crossed groups that fall into parts, have null and a number each, as they come.
   */
  readonly contributions: readonly { readonly plate: string | null; readonly values: Float64Array }[]
  readonly warnings: readonly DataProblem[]
}

/** What binds a model to data. */
export interface Binder {
  bind(data: FitData, options: FitCallOptions, restored: Frozen | null): Bound
}

/** Options that bind new data, and what the fit keeps of its own. */
export function newDataOptions(
  result: FitResult,
  options: NewDataOptions & Pick<FitCallOptions, 'mode'>,
): readonly [FitCallOptions, Frozen] {
  const stored = restore(result)
  const columns = entriesOf(options.columns ?? new Map())
  return [
    {
      ...options,
      columns: new Map([...stored.columns, ...columns]) as ReadonlyMap<string, readonly string[]>,
      groupBy: options.groupBy ?? stored.groupBy,
      set: stored.set,
      fix: stored.fix,
      seed: result.seed,
    },
    { ...stored.frozen, columns: new Set([...stored.columns.keys()].filter((name) => !columns.has(name))) },
  ]
}

/**
 * Binds new data and lays the fitted params out over it. Levels, reductions of data (`mean(x)`) and the sizes of params
 * are those of the fit; other sizes are those of the new data.
 *
 * @throws DataError where the new data does not fit the model or the fit
 */
export function bindFitted(
  model: Binder,
  result: FitResult,
  data: FitData,
  options: NewDataOptions & Pick<FitCallOptions, 'mode'>,
): Bound & { readonly params: Float64Array; readonly scaling: Scaling | null } {
  const [own, frozen] = newDataOptions(result, options)
  const bound = model.bind(data, own, frozen)
  const params = fittedParams(bound, result)
  // as many nodes as the new rows take
  while (bound.model.refine(params));
  return { ...bound, params, scaling: frozen.scaling ?? null }
}

/** Of new data, the row of a table for each row of a latent. */
export function rowsOfTables(
  model: { tableRows(data: FitData, bound: BoundData, options: DataOptions): ReadonlyMap<string, TableRows> },
  result: FitResult,
  data: FitData,
  bound: BoundData,
  options: DataOptions,
): ReadonlyMap<string, TableRows> {
  const { groupBy, set } = restore(result)
  return model.tableRows(data, bound, { groupBy: options.groupBy ?? groupBy, set })
}

/**
 * The params of a fit as a model over data has them: without those that are held; of a fit that was standardised, those of
 * the standardised data, where the units of the data are those.
 *
 * @throws DataError where they are no params of this model
 */
export function fittedParams({ model, held }: Bound, result: FitResult): Float64Array {
  const { frozen } = restore(result)
  const values = frozen.scaling === undefined ? result.params : (result.standardized?.params ?? {})
  const { params, problems } = applyStartValues(
    model,
    new Map(Object.entries(values).filter(([name]) => held?.names.whole.has(name) !== true)),
    model.interior(() => 0.5),
  )
  if (problems.length > 0) throw new DataError(problems.map((p) => problem('E413', p.message)))
  return params
}
