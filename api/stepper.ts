import { collectNodes } from '../compiler/algebra/visit.js'
import { dataWeights } from '../compiler/bind/row-weights.js'
import type { LatentLayout, ParamLayout } from '../runtime/contract.js'
import type { BoundData } from '../runtime/data/types.js'
import { type EmMove, type EmPoint, emStep, marginalLogLikelihood, pointAt } from '../runtime/em-step.js'
import type { NestedNumbers } from '../runtime/json.js'
import { defaultOptions } from '../runtime/options.js'
import { type AbortFlag, createPacer, type Pacer } from '../runtime/pacer.js'
import { continueRun, type EmRun } from '../runtime/run.js'
import { refuseInit } from '../runtime/staged-starts.js'
import { applyStartValues } from '../runtime/start-values.js'
import { createStarter } from '../runtime/starts.js'
import { converged } from '../runtime/stop.js'
import { OptionError } from './errors.js'
import type { Bound } from './frozen.js'
import { standardisedStart } from './in-units.js'
import { nextTurn } from './next-turn.js'
import { entriesOf, type FitCallOptions } from './options.js'
import { Pictures } from './pictures.js'
import { type LatentPosterior, posteriorReader } from './posterior.js'

/** What can be asked of a fit over data that are bound already. */
export type StepperFitOptions = Pick<
  FitCallOptions,
  | 'start'
  | 'init'
  | 'seed'
  | 'restarts'
  | 'tolerance'
  | 'maxIterations'
  | 'maxTime'
  | 'accelerate'
  | 'signal'
  | 'onIteration'
  | 'batch'
  | 'schedule'
  | 'checkpoint'
  | 'checkpointEvery'
  | 'resume'
> & {
  /** A mode without steps of its own: a stepper of mode em makes its fit. */
  readonly mode?: ModeOfFits
}

/** Modes that go their way in a fit, and have no single steps. */
export const modesOfFits = ['anneal', 'sem', 'online'] as const
export type ModeOfFits = (typeof modesOfFits)[number]

/** A run that goes on from one of its points. */
export interface GoOn {
  /** Objectives so far, that of the point last. */
  readonly trace: readonly number[]
  readonly tolerance?: number
  readonly maxIterations?: number
  readonly signal?: AbortFlag
  onIteration?(point: EmPoint): void
}

/**
 * A model over data, and EM on it in halves: `expect` gives the E-step at params, `advance` the M-step that follows it
 * together with the next E-step. The same params give the same bits, whatever was done before; `fit` makes the same steps.
 * Params are flat, laid out by `layout`; components keep their numbers.
 */
export class Stepper<Result = unknown> {
  private readonly pacer: Pacer = createPacer(Date.now, nextTurn)
  private read: ((params: Float64Array) => readonly LatentPosterior[]) | null = null
  private drawn: Pictures | null = null

  constructor(
    private readonly bound: Bound,
    private readonly fitBound: (options: StepperFitOptions & Pick<FitCallOptions, 'trace'>) => Promise<Result>,
    /** Ends the workers that share the rows. */
    readonly close: () => Promise<void>,
  ) {}

  /** How params are laid out. */
  get layout(): readonly ParamLayout[] {
    return this.bound.model.params
  }
  /** The discrete latents. */
  get latents(): readonly LatentLayout[] {
    return this.bound.model.latents
  }
  get data(): BoundData {
    return this.bound.data
  }
  /** How often each row of an array of data counts; null where rows count once. */
  weights(name: string): Float64Array | null {
    const { derivation, numbers } = this.bound.model
    return dataWeights(derivation, numbers, name)
  }

  /** Names of data that some factor is a density of; the others are conditions. */
  get observed(): ReadonlySet<string> {
    return observedData(this.bound)
  }
  /** Params that are held whole, which no step has, and the values of all that are held (null for cells that are free). */
  get held(): { readonly layouts: readonly ParamLayout[]; readonly values: ReadonlyMap<string, NestedNumbers> } {
    return this.bound.held ?? { layouts: [], values: new Map() }
  }
  /** Added to objectives, it gives those of the data as they are: 0 unless these are standardised and another model so. */
  get logJacobian(): number {
    return this.bound.standard?.way.logJacobian ?? 0
  }
  /** true where one M-step gives the maximum. */
  get direct(): boolean {
    return this.bound.model.direct
  }

  /** A start from a seed, some of its params as given (nested as in a result). @throws OptionError for bad values */
  async start(options: Pick<FitCallOptions, 'seed' | 'init' | 'start'> = {}): Promise<Float64Array> {
    const { model } = this.bound
    const refused = refuseInit(model, options.init ?? 'auto')
    if (refused !== null) throw new OptionError(refused)
    const starter = createStarter(model, options.init ?? 'auto', this.pacer)
    const begin = await starter.start(options.seed ?? defaultOptions.seed, true)
    return options.start === undefined ? begin : this.withValues(begin, options.start)
  }

  /** Flat params, from values nested as in a result; what is left out stays as in `others`. @throws OptionError */
  withValues(others: Float64Array, values: NonNullable<FitCallOptions['start']>): Float64Array {
    const { model, standard } = this.bound
    const own = standard === undefined ? entriesOf(values) : standardisedStart(entriesOf(values), standard)
    const { params, problems } = applyStartValues(model, own, others)
    if (problems.length > 0) throw new OptionError(problems.map((p) => p.message).join('\n'))
    return params
  }

  /** The E-step at params. Under a factorised posterior q begins at that of `from`. */
  expect(params: Float64Array, iteration = 0, from?: EmPoint): Promise<EmPoint> {
    return pointAt(this.bound.model, params, iteration, [], 1, from?.expectation)
  }

  /**
   * The M-step from a point, and the E-step after it. `kind: 'numerical'` where a step gives no number.
   *
   * @throws InternalError where log L(t) = ELBO(q, θ(t)) ≤ ELBO(q, θ(t+1)) ≤ log L(t+1) fails
   */
  advance(point: EmPoint): Promise<EmMove> {
    return emStep(this.bound.model, point, this.pacer, true)
  }

  /** EM from a point until it has converged, is stopped or fails. */
  goOn(point: EmPoint, { trace, tolerance, maxIterations, signal, onIteration }: GoOn): Promise<EmRun> {
    const run: EmRun = { point, trace, rows: [], stop: null, reason: null, passes: 1, rate: null }
    const limits = {
      maxIterations: maxIterations ?? defaultOptions.maxIterations,
      tolerance: tolerance ?? defaultOptions.tolerance,
      maxTime: null,
      accelerate: null,
      trace: false,
      signal: signal ?? null,
      lenient: true,
      onIteration: (next: EmPoint): void => onIteration?.(next),
    }
    return continueRun(this.bound.model, run, limits, this.pacer)
  }

  /** true where the last of these objectives, that of `point`, is where `fit` would stop. */
  hasConverged(point: EmPoint, trace: readonly number[], tolerance = defaultOptions.tolerance): boolean {
    return this.direct ? point.iteration >= 1 : converged(trace, point.scale, tolerance)
  }

  /** log p(data; params) at a point, where the objective is another: under priors, in hard mode. */
  logLikelihood(point: EmPoint): number {
    return marginalLogLikelihood(this.bound.model, point)
  }

  /** Posterior of every latent at a point; in hard mode 1 at the values that the step took. */
  posteriors(point: EmPoint): readonly LatentPosterior[] {
    const { model } = this.bound
    model.remember(point.params, point.expectation)
    this.read ??= posteriorReader(model)
    const read = this.read(point.params)
    if (model.summed === undefined) return read
    const taken = model.posterior(point.params)
    return read.map((l) => {
      const probabilities = taken.get(l.name)
      return probabilities === undefined ? l : { ...l, probabilities, probability: probabilities }
    })
  }

  /** What pictures at some params are made of. */
  get pictures(): Pictures {
    this.drawn ??= new Pictures(this.bound.model)
    return this.drawn
  }

  /**
   * The objective log p(data; θ) + log p(θ), and ELBO(q, θ) for the q of `point`, at other params. NaN or −Infinity where
   * they are not defined.
   */
  around(point: EmPoint, trial: Float64Array): { readonly objective: number; readonly elbo: number } {
    const { model } = this.bound
    const elbo = this.elbo(point, trial)
    const { logLikelihood } = model.eStep(trial, point.expectation)
    return { objective: logLikelihood + (model.hasPrior ? model.logPrior(trial) : 0), elbo }
  }

  /** ELBO(q, θ) for the q of `point`, at other params. */
  elbo(point: EmPoint, trial: Float64Array): number {
    return point.objective + this.bound.model.gain(point.params, point.expectation, trial)
  }

  /** The same steps beside another way to fit. */
  withFit<Other>(fitBound: (options: StepperFitOptions) => Promise<Other>): Stepper<Other> {
    return new Stepper<Other>(this.bound, fitBound, this.close)
  }

  /** A whole fit over the same data: `model.fit`, with its iterates. */
  fit(options: StepperFitOptions): Promise<Result> {
    return this.fitBound({ ...options, trace: true })
  }
}

/** Data on the left of some `~`, or in an equation of latents. */
export function observedData({ model }: Pick<Bound, 'model'>): ReadonlySet<string> {
  const { factors, constraints } = model.derivation.graph
  const names = new Set(factors.flatMap((f) => (f.target.space === 'data' ? [f.target.name] : [])))
  for (const { total } of constraints)
    for (const e of collectNodes(total, (node) => node.kind === 'ref' && node.space === 'data'))
      if (e.kind === 'ref') names.add(e.name)
  return names
}
