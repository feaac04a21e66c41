/** A fitted model: its numbers, and what they say of its own and of new rows. */
import type { ProgramModel } from '../compiler/bind/bound-model.js'
import type { DerivationDocument } from '../compiler/derivation/document.js'
import type { ComponentOrder } from '../runtime/canonical-order.js'
import type { ParamLayout } from '../runtime/contract.js'
import type { BoundData, DataDeclaration, Table } from '../runtime/data/types.js'
import { createPacer } from '../runtime/pacer.js'
import type { FitResult } from '../runtime/result.js'
import type { IterateRow } from '../runtime/run.js'
import type { ErrorKind } from '../runtime/uncertainty.js'
import { type ClassificationEntropy, classificationEntropy } from './entropy.js'
import { OptionError } from './errors.js'
import { impossibleRowsWarning } from './impossible-rows.js'
import { type Imputation, imputed } from './impute.js'
import { inUnitsOfData, ofRawData } from './in-units.js'
import type { Mode } from './mode-options.js'
import { nextTurn } from './next-turn.js'
import { oneUnitWarning } from './one-unit.js'
import { type DataOptions, type FitData, tablesOf } from './options.js'
import { type PartsBinder, type PartsOptions, partsOf } from './parts.js'
import { filteredPosteriors, type LatentPosterior, posteriorsOf } from './posterior.js'
import {
  bindFitted,
  type NewDataOptions,
  type Prediction,
  type PredictOptions,
  rowsOfTables,
  type Score,
} from './predict.js'
import type { ReportOptions } from './report/report.js'
import type { Residuals } from './residuals.js'
import { scored } from './scored.js'
import type { SimulateOptions, Sizes } from './simulate/simulate-model.js'
import type { Simulation } from './simulate/simulation.js'
import type { TableRows } from './table-rows.js'
import { standardErrors } from './uncertainty/standard-errors.js'
import type { ErrorOptions, StandardErrors } from './uncertainty/types.js'
import { noErrorsIn } from './uncertainty/units.js'

/** What a fit asks of its model; `Model` is one. */
export interface FittedModel extends PartsBinder {
  readonly hasDiscreteLatents: boolean
  derivationIn(mode: Mode): DerivationDocument
  declarations(): readonly DataDeclaration[]
  simulate(params: unknown, sizes: Sizes, options: SimulateOptions, fit: FitResult): Simulation
  /** Data like these drawn at the params of a fit. */
  drawLike(data: BoundData, fit: FitResult, random: { readonly seed: number; readonly stream: number }): BoundData
  tableRows(data: FitData, bound: BoundData, options: DataOptions): ReadonlyMap<string, TableRows>
}

/** A fitted model. `params`, `logLikelihood`, `trace` and the rest are those of the result JSON. */
export class Fit<M extends FittedModel = FittedModel> {
  private read: readonly LatentPosterior[] | null = null

  constructor(
    readonly model: M,
    readonly result: FitResult,
    /** How params are laid out. */
    readonly layout: readonly ParamLayout[],
    private readonly own: {
      readonly model: ProgramModel
      readonly data: BoundData
      /** Those that posteriors are made at. */
      readonly params: Float64Array
      /** Those of the result, components in canonical order. */
      readonly inOrder: Float64Array
      readonly order: ComponentOrder
      readonly traces: readonly (readonly number[])[]
      readonly rows: readonly IterateRow[] | null
    } | null,
    /** How params are laid out that were held at given values; they are in `params` too. */
    readonly held: readonly ParamLayout[] = [],
  ) {}

  /** The same fit with more in its result. */
  withResult(result: FitResult): Fit<M> {
    return new Fit(this.model, result, this.layout, this.own, this.held)
  }

  get params(): FitResult['params'] {
    return this.result.params
  }
  get logLikelihood(): number {
    return asNumber(this.result.logLikelihood)
  }
  get objective(): number {
    return asNumber(this.result.objective)
  }
  get converged(): boolean {
    return this.result.converged
  }
  get trace(): readonly number[] {
    return this.result.trace.map(asNumber)
  }
  get starts(): FitResult['starts'] {
    return this.result.starts
  }
  /** Objectives of every start, the start itself first, in the order of `starts`; null for a fit that was loaded. */
  get traces(): readonly (readonly number[])[] | null {
    return this.own?.traces ?? null
  }
  /** The iterates of a fit with `trace`, params flat as in `layout`, the start first; else null. */
  get iterates(): readonly IterateRow[] | null {
    return this.own?.rows ?? null
  }
  get derived(): FitResult['derived'] {
    return this.result.derived
  }
  get warnings(): FitResult['warnings'] {
    return this.result.warnings
  }
  /** The data as it was bound; null for a fit that was loaded. */
  get data(): BoundData | null {
    return this.own?.data ?? null
  }

  /** The same fit in terms of another model and its params. */
  as<O extends FittedModel>(model: O, result: FitResult, layout: readonly ParamLayout[]): Fit<O> {
    return new Fit(model, result, layout, this.own)
  }

  toJSON(): FitResult {
    return this.result
  }

  /** Posterior of every latent for the rows of the fit; null for a fit that was loaded from a file. */
  posteriors(): readonly LatentPosterior[] | null {
    if (this.own === null) return null
    refuseStreamed(this.own.data)
    this.read ??= posteriorsOf(this.own.model, this.own.params)
    return this.read
  }

  /** Of the data of the fit, by latent: the row of a table for each of its rows, where these are rows of a table. */
  tableRows(data: FitData): ReadonlyMap<string, TableRows> {
    return this.own === null ? new Map() : rowsOfTables(this.model, this.result, data, this.own.data, {})
  }

  /**
   * Posterior of one latent for the rows of the fit.
   *
   * @throws OptionError where the model has no such latent, or the fit was loaded without its data
   */
  posterior(name: string): LatentPosterior {
    const all = this.posteriors()
    if (all === null) throw new OptionError('the fit was loaded without its data: use predict with the data')
    const found = all.find((p) => p.name === name)
    if (found === undefined)
      throw new OptionError(`the model has no latent \`${name}\`; it has ${all.map((p) => `\`${p.name}\``).join(', ')}`)
    return found
  }

  /**
   * Entropy of the classification of the rows of the fit, −Σ p log p in nats: 0 where every row belongs to one value for
   * certain. null without discrete latents, where the rows do not lie in memory, and for a fit that was loaded from a file.
   */
  entropy(): ClassificationEntropy | null {
    if (this.own === null || this.own.data.stream !== undefined) return null
    return classificationEntropy(this.own.model.summed ?? this.own.model, this.own.params)
  }

  /**
   * Posterior of every latent for new rows, at the fitted params. Sizes that no param has are those of the new data. With
   * `filtered` the states of chains are given the data up to their own place; with `hard` the modes are the most probable
   * values of all discrete latents together.
   *
   * @throws DataError where the new data does not fit the model or the fit, or a chain has no filtered states (E418)
   */
  async predict(data: FitData, options: PredictOptions = {}): Promise<Prediction> {
    if (options.hard === true && options.filtered === true)
      throw new OptionError('`hard` takes the values of all places together, `filtered` those of each place: give one')
    const mode = options.hard === true && this.model.hasDiscreteLatents ? 'hard' : 'em'
    const bound = bindFitted(this.model, this.result, data, { ...options, mode })
    // posterior means number components as their posteriors do
    const order = this.result.mode === 'vb' && bound.model.bound !== 'variational' ? new Map() : undefined
    const read = options.filtered === true ? filteredPosteriors : posteriorsOf
    const before = tablesOf(data).reduce((n, t) => n + (t.before ?? 0), 0)
    const warnings = [...bound.data.warnings, ...impossibleRowsWarning(bound.model, bound.params, before)]
    const rows = options.rows === true ? rowsOfTables(this.model, this.result, data, bound.data, options) : new Map()
    return { latents: read(bound.model, bound.params, options.covariance, order), rows, warnings }
  }

  /**
   * New data a part at a time, where its rows do not lie in memory (`rowsTable`): what `predict`, `score` and `impute` then say of
   * each part is what they would say of all rows at once. Data that lies in memory is one part.
   *
   *     for await (const part of fit.parts(data)) use(await fit.predict(part))
   *
   * @throws OptionError where what the model says of a row depends on other rows; DataError where the new data does not fit
   *   the model or the fit
   */
  parts(data: FitData, options: PartsOptions = {}): AsyncGenerator<readonly Table[]> {
    return partsOf(this.model, this.result, data, options)
  }

  /**
   * Data with its missing cells filled: numbers by their posterior mean, with an sd, categories and truth values by the
   * most probable one, with its probability. Without an argument the data of the fit.
   *
   * @throws DataError where the new data does not fit the model or the fit, or a mean has no closed form (E417);
   *   OptionError where the fit was loaded and no data is given
   */
  async impute(data?: FitData, options: DataOptions = {}): Promise<Imputation> {
    if (data === undefined && this.own === null)
      throw new OptionError('the fit was loaded without its data: give impute the data')
    if (data === undefined && this.own !== null) refuseStreamed(this.own.data)
    const bound =
      data === undefined && this.own !== null ? this.own : bindFitted(this.model, this.result, data, options)
    const found = imputed(bound.model, bound.data, this.model.declarations(), bound.params)
    return inUnitsOfData(found, this.result.standardized)
  }

  /**
   * Standard errors and 95 % intervals of the params and of top-level `let`s: from the observed information, by the
   * sandwich (of sampling weights the default), or by the bootstrap, of units or of data drawn from the fit.
   *
   * @throws OptionError where there are none of this kind, with the reason, or the fit was loaded without its data;
   *   AbortError
   */
  async standardErrors(kind?: ErrorKind, options: ErrorOptions = {}): Promise<StandardErrors> {
    if (this.own === null) throw new OptionError('the fit was loaded without its data: fit again for standard errors')
    const { model, params } = this.own
    const { mode = 'em' } = this.result
    if (mode !== 'em' && mode !== 'anneal') throw new OptionError(noErrorsIn(mode))
    if (this.result.standardized?.sameModel === false)
      throw new OptionError(
        'the standardised data have another model than the data, and there are no standard errors in the units of the data',
      )
    const by = kind ?? (options.weights === 'sampling' ? 'sandwich' : 'information')
    const pacer = createPacer(Date.now, nextTurn)
    const given = { seed: this.result.seed, ...options }
    const drawn = (stream: number): BoundData =>
      this.model.drawLike(this.own?.data ?? model.data, this.result, { seed: given.seed, stream })
    return standardErrors(model, params, by, given, pacer, drawn)
  }

  /**
   * Draws data from the model at the fitted params: `fit.simulate({ N: 100 })`. Levels, columns and the sizes of params are
   * those of the fit; other sizes too, unless they are given. What the model does not draw is taken from `data`.
   *
   * @throws OptionError where something is needed that is not given, or that cannot be drawn; DataError where `data` does
   *   not fit the model
   */
  simulate(sizes: Sizes = {}, options: SimulateOptions = {}): Simulation {
    return this.model.simulate(this.result.params, sizes, options, this.result)
  }

  /**
   * Log-likelihood of data at the fitted params, and what each row of the outermost plates adds to it.
   *
   * @throws DataError where the new data does not fit the model or the fit
   */
  async score(data: FitData, options: NewDataOptions = {}): Promise<Score> {
    const { model, params, data: own, scaling } = bindFitted(this.model, this.result, data, options)
    const { logLikelihood, contributions, units } = scored(model, params)
    const warnings = [...own.warnings, ...oneUnitWarning(model, contributions)]
    const score = { logLikelihood, contributions, warnings }
    return scaling === null ? score : { ...score, ...ofRawData(score, units, model, own, scaling) }
  }

  /**
   * Residuals: each cell of data beside its distribution given all other cells, at the fitted params; with what these say
   * together. Without an argument of the data of the fit. An array for which there are none has the `reason`.
   *
   * @throws DataError where the new data does not fit the model or the fit; OptionError where the fit was loaded and no data
   *   is given
   */
  async residuals(data?: FitData, options: DataOptions & { readonly most?: number } = {}): Promise<Residuals> {
    if (data === undefined && this.own === null)
      throw new OptionError('the fit was loaded without its data: give residuals the data')
    if (data === undefined && this.own !== null) refuseStreamed(this.own.data)
    const { most, ...binding } = options
    const bound =
      data === undefined && this.own !== null ? this.own : bindFitted(this.model, this.result, data, binding)
    const { residualsOf } = await import('./residuals.js')
    return {
      arrays: residualsOf(bound.model, bound.data, this.model.declarations(), bound.params, this.result.seed, most),
      warnings: bound.data.warnings,
    }
  }

  /**
   * One self-contained HTML file: parameters, pictures of the data with the fit, the trace, the derivation. Of the fit's own
   * data, or of data that are given; without pictures where a fit was loaded and none are.
   *
   * @throws DataError where the data does not fit the model or the fit; OptionError where a frame is no iterate
   */
  async report(data?: FitData, options: DataOptions & ReportOptions = {}): Promise<string> {
    const { frames, katexStyles, ...binding } = options
    const { result, model } = this
    // a page that only fits needs none of it
    const { reportOf } = await import('./report/report.js')
    const isHard = result.mode === 'hard'
    const inMemory = this.own?.data.stream === undefined ? this.own : null
    // pictures number components as the tables do
    const own = inMemory === null ? null : { ...inMemory, params: inMemory.inOrder }
    const shown =
      data === undefined ? own : bindFitted(model, result, data, { ...binding, mode: isHard ? 'hard' : 'em' })
    return reportOf({
      result,
      layout: this.layout,
      derivation: model.derivationIn(result.mode ?? 'em'),
      declarations: model.declarations(),
      bound: shown,
      params: shown?.params ?? null,
      traces: this.traces,
      withoutData:
        this.own === null || inMemory !== null
          ? 'No data was given to the report.'
          : 'The rows do not lie in memory: give the report some of them.',
      ...(frames === undefined ? {} : { frames }),
      ...(katexStyles === undefined ? {} : { katexStyles }),
    })
  }
}

/** Posteriors of all rows are numbers for each of them. */
function refuseStreamed({ stream }: BoundData): void {
  if (stream === undefined) return
  throw new OptionError(`the ${stream.rows} rows of ${stream.source} do not lie in memory: predict for some of them`)
}

const asNumber = (x: unknown): number =>
  typeof x === 'number'
    ? x
    : x === '-Infinity'
      ? Number.NEGATIVE_INFINITY
      : x === 'Infinity'
        ? Number.POSITIVE_INFINITY
        : Number.NaN
