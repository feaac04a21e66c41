/** A compiled model, and its fits. */

import type { ProgramModel } from '../compiler/bind/bound-model.js'
import { certifyDerivation } from '../compiler/bind/certified-engine.js'
import { dataDeclarations } from '../compiler/bind/declarations.js'
import { derivationDocument, planJson, withSpans } from '../compiler/derivation/index.js'
import type { Derivation } from '../compiler/derive.js'
import type { Distribution } from '../compiler/distributions/types.js'
import { refuseMaxProduct } from '../compiler/estep/max-product.js'
import { drawnProgram } from '../compiler/modes/drawn-program.js'
import { labelledProgram } from '../compiler/modes/labelled-program.js'
import { temperedProgram } from '../compiler/modes/tempered-program.js'
import { WorkerError } from '../compiler/targets/wasm/pool/worker-error.js'
import type { WorkerPool } from '../compiler/targets/wasm/pool/worker-pool.js'
import type { Diagnostic } from '../lang/diagnostics/types.js'
import type { TypedModel } from '../lang/typed/types.js'
import { type Certificate, certify } from '../oracle/certify.js'
import { RowsError } from '../runtime/data/stream/rows-error.js'
import type { BoundData, DataDeclaration, Table } from '../runtime/data/types.js'
import { AbortError, InternalError } from '../runtime/errors.js'
import { type EmIteration, iterate } from '../runtime/iterate.js'
import { type Json, toJson } from '../runtime/json.js'
import { busyPacer } from '../runtime/pacer.js'
import type { FitResult } from '../runtime/result.js'
import { refuseInit } from '../runtime/staged-starts.js'
import { applyStartValues } from '../runtime/start-values.js'
import { Binder } from './binder.js'
import { refuseCheckpoints } from './checkpoint.js'
import { emitProgram } from './emit/emit-program.js'
import { toEmit } from './emit/to-emit.js'
import { CompileError, DataError, OptionError } from './errors.js'
import { Fit, type FittedModel } from './fit.js'
import { fitBound, startOf } from './fit-bound.js'
import { type Bound, type Frozen, frozen, restore } from './frozen.js'
import type { Mode } from './mode-options.js'
import { programOf } from './mode-program.js'
import { checkNames, type DataOptions, entriesOf, type FitCallOptions, type FitData, tablesOf } from './options.js'
import { densityForOracle } from './oracle-density.js'
import { type SimulateOptions, type Sizes, simulateLike, simulateModel } from './simulate/simulate-model.js'
import type { Simulation } from './simulate/simulation.js'
import { modesOfFits, Stepper } from './stepper.js'
import { type TableRows, tableRows } from './table-rows.js'
import { checkErrors } from './uncertainty/of-result.js'
import { type VariationalModel, variationalModel } from './variational.js'
import { variationalResult } from './variational-fit.js'
import { workedIteration } from './worked.js'
import { poolFor } from './workers/workers.js'

/** Languages that a model can be written in as a program. */
export type EmitTarget = 'js'

interface Variational extends Pick<VariationalModel, 'moved' | 'kept' | 'before'> {
  readonly model: Model
}

/** A compiled model: its derivation, and fits of it to data. */
export class Model {
  readonly name: string
  private readonly binder: Binder
  private vb: Variational | null = null

  constructor(
    readonly typed: TypedModel,
    private readonly derived: Derivation,
    readonly distributions: ReadonlyMap<string, Distribution>,
    readonly diagnostics: readonly Diagnostic[],
  ) {
    this.name = typed.name
    this.binder = new Binder(typed, derived, distributions)
  }

  /** The derivation as a document: `toText()`, `toMarkdown()`, `steps`. */
  get derivation(): ReturnType<typeof derivationDocument> {
    return derivationDocument(this.derived)
  }

  /**
   * The derivation of hard mode.
   *
   * @throws CompileError where the model has none: no discrete latents, or counts with an observed sum
   */
  get hardDerivation(): ReturnType<typeof derivationDocument> {
    this.refuseHard()
    return derivationDocument(this.binder.derivationFor(false, 'max'))
  }

  /**
   * The derivation in any mode: that of EM with what the mode changes at its end, or that of hard mode.
   *
   * @throws CompileError where the model has no such mode
   */
  derivationIn(mode: Mode): ReturnType<typeof derivationDocument> {
    switch (mode) {
      case 'em':
        return this.derivation
      case 'hard':
        return this.hardDerivation
      case 'vb':
        return this.variationalDerivation
      case 'anneal':
        programOf(temperedProgram(this.derived))
        break
      case 'sem':
        programOf(drawnProgram(this.derived))
        break
      case 'cem':
        programOf(labelledProgram(this.derived))
        break
      case 'online':
        break
    }
    return derivationDocument({ ...this.derived, mode })
  }

  /** The plan in hard mode. */
  get hardPlan(): Json {
    this.refuseHard()
    return toJson(planJson(this.binder.derivationFor(false, 'max')))
  }

  private refuseHard(): void {
    const refusals = refuseMaxProduct(this.derived.graph, this.derived.eStep)
    if (refusals.length > 0) throw new CompileError(refusals.map((r) => ({ ...r, severity: 'error' })))
  }

  /** @param steps single steps are asked for, which some modes do not have */
  private refuseMode({ mode = 'em' }: FitCallOptions, steps = false): void {
    if (mode === 'hard') this.refuseHard()
    if (mode === 'cem') programOf(labelledProgram(this.derived))
    if (steps && (mode === 'anneal' || mode === 'sem' || mode === 'online'))
      throw new OptionError(`single steps are those of the modes em, hard and cem; ${mode} goes its way in fit`)
  }

  /**
   * The derivation of variational Bayes: that of the model with params that have conjugate priors as latents.
   *
   * @throws CompileError where no param has a prior that is conjugate
   */
  get variationalDerivation(): ReturnType<typeof derivationDocument> {
    const { model, before } = this.variational()
    return withSpans(model.derivation, this.typed.source.text, before)
  }

  /** The plan of variational Bayes. */
  get variationalPlan(): Json {
    return this.variational().model.plan
  }

  private variational(): Variational {
    if (this.vb === null) {
      const { typed, derivation, diagnostics, ...rest } = variationalModel(this.typed, this.distributions)
      this.vb = { model: new Model(typed, derivation, this.distributions, diagnostics), ...rest }
    }
    return this.vb
  }

  /** What each latent's E-step and each param's M-step is, as in a result. */
  get plan(): Json {
    return toJson(planJson(this.derived))
  }

  /** true where some latent takes one of a few values. */
  get hasDiscreteLatents(): boolean {
    return this.derived.eStep.tables.length > 0
  }

  /** The data the model needs. `set` are values of consts. */
  declarations(set: ReadonlyMap<string, unknown> = new Map()): readonly DataDeclaration[] {
    return dataDeclarations(this.typed, set)
  }

  /** Checks the derivation against brute force on micro-data. */
  certify(options: { readonly seed?: number; readonly replicates?: number } = {}): Certificate {
    return certify(this.typed, (data, consts) => certifyDerivation(this.derived, data, consts), {
      seed: options.seed ?? 1,
      replicates: options.replicates ?? 3,
      densities: [...this.distributions.values()].flatMap(densityForOracle),
      bound: this.derived.eStep.bound === 'variational',
    })
  }

  /**
   * Fits the model.
   *
   * @throws DataError where the data does not fit the model; OptionError for a bad option; CompileError where the model
   *   has no hard mode; AbortError with `.partial`
   */
  async fit(data: FitData, options: FitCallOptions = {}): Promise<Fit<Model>> {
    checkNames(options)
    checkErrors(options)
    if (options.mode === 'vb')
      return this.fitVariational(
        options,
        () => this.bind(data, options),
        (model, own) => model.fit(data, own),
      )
    this.refuseMode(options)
    const tables = tablesOf(data)
    return tables.some((t) => t.all !== undefined)
      ? this.fitStreamed(tables, options)
      : this.fitInMemory(tables, options)
  }

  /** `bind` gives the model as it was written over the data, `run` fits another model to the same data. */
  private async fitVariational(
    options: FitCallOptions,
    bind: () => Bound,
    run: (model: Model, options: FitCallOptions) => Promise<Fit<Model>>,
  ): Promise<Fit<Model>> {
    const variational = this.variational()
    const { moved, model } = variational
    const values = [...entriesOf(options.start).keys(), ...entriesOf(options.fix).keys()]
    const given = values.find((name) => moved.includes(name))
    if (given !== undefined)
      throw new OptionError(`\`${given}\` has a posterior in mode vb, and no value that could be given`)
    if (options.accelerate != null && this.typed.symbols.every((s) => s.kind !== 'param' || moved.includes(s.name)))
      throw new OptionError('accelerate jumps along params, and in mode vb all params have posteriors')
    const bound = bind()
    const written = { source: this.typed.source.text, layout: bound.model.params, frozen: frozen(bound, options) }
    const asWritten = (fit: Fit<FittedModel>): Fit<Model> =>
      fit.as(this, variationalResult(fit, written, variational), written.layout)
    try {
      return asWritten(await run(model, { ...options, mode: 'em' }))
    } catch (e) {
      if (!(e instanceof AbortError)) throw e
      throw new AbortError(e.partial instanceof Fit ? asWritten(e.partial) : null)
    }
  }

  private async fitInMemory(tables: readonly Table[], options: FitCallOptions): Promise<Fit<Model>> {
    const pool = poolFor(options)
    try {
      const bound = this.bind(tables, options, null, pool)
      return await fitBound(
        this,
        options.standardize === true ? this.binder.standardised(bound, options, pool) : bound,
        options,
      )
    } catch (e) {
      throw e instanceof WorkerError ? new InternalError(e.message) : e
    } finally {
      await pool?.end()
    }
  }

  /** Fits the model to data that is bound already, as `bindData` gives it. */
  async fitOver(data: BoundData, options: FitCallOptions = {}): Promise<Fit<Model>> {
    checkNames(options)
    checkErrors(options)
    if (options.mode === 'vb')
      return this.fitVariational(
        options,
        () => this.bindOver(data, options),
        (model, own) => model.fitOver(data, own),
      )
    this.refuseMode(options)
    const pool = poolFor(options)
    try {
      const bound = this.binder.overData(data, options, null, pool)
      return await fitBound(
        this,
        options.standardize === true ? this.binder.standardised(bound, options, pool) : bound,
        options,
      )
    } catch (e) {
      throw e instanceof WorkerError ? new InternalError(e.message) : e
    } finally {
      await pool?.end()
    }
  }

  private async fitStreamed(tables: readonly Table[], options: FitCallOptions): Promise<Fit<Model>> {
    if (options.standardize === true)
      throw new OptionError('the rows do not lie in memory: they cannot be standardised')
    const { bound, close } = await this.binder.bindStreamed(tables, options)
    try {
      if (bound.data.stream !== undefined) options.onStream?.(bound.data.stream)
      return await fitBound(this, bound, options)
    } catch (e) {
      throw e instanceof RowsError ? new DataError([e.problem]) : e
    } finally {
      close()
    }
  }

  /** One EM iteration at a time, from a start (given values, or the first one that `fit` would make). */
  async *iterate(data: FitData, options: FitCallOptions = {}): AsyncGenerator<EmIteration> {
    const { steps } = await this.iteration(data, options)
    yield* steps
  }

  /** A bound model, and the iterations from its start. */
  private async iteration(
    data: FitData,
    options: FitCallOptions,
  ): Promise<{ readonly model: ProgramModel; readonly steps: AsyncGenerator<EmIteration> }> {
    checkNames(options)
    if (options.mode === 'vb') return this.variational().model.iteration(data, { ...options, mode: 'em' })
    refuseCheckpoints(options, 'one iteration after another')
    this.refuseMode(options, true)
    const bound = this.bind(data, options)
    const { model } = bound
    let begin = await firstStart(model, options)
    if (options.start !== undefined) {
      const { params, problems } = applyStartValues(model, startOf(options.start, bound), begin)
      if (problems.length > 0) throw new OptionError(problems.map((p) => p.message).join('\n'))
      begin = params
    }
    return { model, steps: iterate(model, begin, busyPacer()) }
  }

  /**
   * The derivation followed by one EM iteration with the numbers of the data: from a start (given values, or the first one
   * that `fit` would make).
   *
   * @throws DataError, OptionError, CompileError as `fit`
   */
  async worked(data: FitData, options: FitCallOptions = {}): Promise<ReturnType<typeof derivationDocument>> {
    const { model, steps } = await this.iteration(data, options)
    const first = await steps.next()
    if (first.done === true) throw new OptionError('the log-likelihood is not defined at the start')
    return derivationDocument(model.derivation, workedIteration(model, first.value))
  }

  /**
   * The model over data, for EM one half of a step at a time. In the calling thread, unless `fit` is asked for more.
   *
   * @throws DataError where the data does not fit the model; OptionError for a bad option; CompileError where the model
   *   has no hard mode
   */
  stepper(data: FitData, options: FitCallOptions = {}): Stepper<Fit<Model>> {
    checkNames(options)
    if (options.mode === 'vb') return this.variationalStepper(data, options)
    this.refuseMode(options, true)
    const pool = poolFor(options)
    const raw = this.bind(data, options, null, pool)
    const bound = options.standardize === true ? this.binder.standardised(raw, options, pool) : raw
    return new Stepper(
      // steps in other units are the same steps, where the model is the same
      bound.standard?.way.closed === true ? raw : bound,
      (more) => {
        refuseOtherSteps(options, more.mode)
        const all = { ...options, ...more }
        checkNames(all)
        return fitBound(this, bound, all)
      },
      async () => pool?.end(),
    )
  }

  /** Steps on the model with params as latents; fits in terms of the model as it was written. */
  private variationalStepper(data: FitData, options: FitCallOptions): Stepper<Fit<Model>> {
    const inner = this.variational().model.stepper(data, { ...options, mode: 'em' })
    return inner.withFit((more) => {
      refuseOtherSteps(options, more.mode)
      return this.fitVariational(
        { ...options, ...more },
        () => this.bind(data, { ...options, mode: 'em' }),
        () => inner.fit(more),
      )
    })
  }

  /**
   * A program that runs the derived algorithm and needs nothing else: an ES module for Node (`node fit.mjs data.csv`) and
   * pages, which exports `fit(data, options)`.
   *
   * @throws KernelError where the target lacks an operation that the algorithm needs
   */
  async emit(target: EmitTarget): Promise<string> {
    if (target !== 'js') throw new OptionError(`there is no target \`${target}\`; there is \`js\``)
    // the runtime's text is long, and only this needs it
    const { runtimeText } = await import('./emit/runtime-text.generated.js').catch(() => {
      throw new InternalError('the runtime of programs was not built: node api/emit/bundle-runtime.mjs')
    })
    const { whole, withoutScales } = toEmit(this.derived, this.binder)
    return emitProgram(whole, withoutScales, runtimeText)
  }

  /**
   * Draws data from the model at given params, every statement in order. What the model does not draw (covariates, keys of
   * groups, totals of counts) is taken from `data`; without data `sizes` says how many rows there are.
   *
   * @param params values by name, nested as in the `params` of a result
   * @param fit a fit, whose levels, columns and sizes are kept
   * @throws OptionError where something is needed that is not given, or that cannot be drawn; DataError as `fit`
   */
  simulate(
    params: Parameters<typeof simulateModel>[1],
    sizes: Sizes = {},
    options: SimulateOptions = {},
    fit: FitResult | null = null,
  ): Simulation {
    return simulateModel(this, params, fit, sizes, options)
  }

  /** Data as a fit would bind it. @throws DataError */
  boundData(data: FitData, options: FitCallOptions = {}): BoundData {
    return this.binder.data(tablesOf(data), options)
  }

  /** Data like these, with their covariates and missing cells, drawn at the params of a fit. */
  drawLike(data: BoundData, fit: FitResult, random: { readonly seed: number; readonly stream: number }): BoundData {
    return simulateLike(this, data, fit, { ...random, set: restore(fit).set }).bound
  }

  /** Which row of a table each row of a latent is, for data that bind so. */
  tableRows(data: FitData, bound: BoundData, options: DataOptions = {}): ReadonlyMap<string, TableRows> {
    const set = entriesOf(options.set ?? {})
    return tableRows(this.typed, this.declarations(set), tablesOf(data), bound, {
      groupBy: options.groupBy ?? null,
      set,
    })
  }

  /** The model over data that is bound already; `restored` are the figures of the data of an earlier fit. */
  bindOver(data: BoundData, options: FitCallOptions, restored: Frozen | null = null): Bound {
    this.refuseMode(options)
    return this.binder.overData(data, options, restored, null)
  }

  /** The size that counts the rows of the table that does not lie in memory, or why its rows cannot be bound. */
  sizeOfRows(data: FitData, options: FitCallOptions, restored: Frozen | null): ReturnType<Binder['sizeOfRows']> {
    return this.binder.sizeOfRows(tablesOf(data), options, restored)
  }

  /** Binds data; `restored` are the levels, sizes and frozen numbers of an earlier fit, `pool` the workers of this one. */
  bind(data: FitData, options: FitCallOptions, restored: Frozen | null = null, pool: WorkerPool | null = null): Bound {
    return this.binder.bind(tablesOf(data), options, restored, pool)
  }
}

/** A stepper of mode em makes the fits of modes without steps, and no others but its own. */
function refuseOtherSteps({ mode = 'em' }: FitCallOptions, asked: Mode | undefined): void {
  if (asked === undefined || asked === mode || (mode === 'em' && modesOfFits.some((m) => m === asked))) return
  throw new OptionError(`these are the steps of mode ${mode}: make another stepper for mode ${asked}`)
}

async function firstStart(model: ProgramModel, options: FitCallOptions): Promise<Float64Array> {
  const { createStarter } = await import('../runtime/starts.js')
  const refused = refuseInit(model, options.init ?? 'auto')
  if (refused !== null) throw new OptionError(refused)
  return createStarter(model, options.init ?? 'auto', busyPacer()).start(options.seed ?? 1, true)
}
