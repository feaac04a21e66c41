import { type BoundaryEntry, boundaryOf } from './boundary.js'
import { type ComponentOrder, permuteParams } from './canonical-order.js'
import type { Accuracy, Bound, BoundModel } from './contract.js'
import { type Json, type JsonNumber, jsonNumber, type NestedNumbers, record, toJson } from './json.js'
import type { FitMode, ModeName, ModeReport } from './modes/fit-mode.js'
import { nestedToJson, nestParams } from './nest.js'
import type { IterateRow } from './run.js'
import type { StopReason } from './stop.js'
import type { ErrorFields } from './uncertainty.js'
import type { FitWarning } from './warnings.js'

/** Version of the format of a fit file. */
export const FORMAT = 1

/** How one start ended. */
export interface StartSummary {
  readonly seed: number
  readonly objective: JsonNumber
  readonly degenerate: boolean
  readonly iterations: number
  /** null where the start was left after a brief run. */
  readonly stop: StopReason | null
  /**
   * Left after a brief run, as others were more promising or had come to the same objective: the objective is that of its
   * last iteration, not of an end.
   */
  readonly brief: boolean
  /** Of a start by splitting: the objective with 1, 2, 4, … components that differ. */
  readonly splits?: readonly { readonly components: number; readonly objective: JsonNumber }[]
}

/** Row t of `--trace`: θ(t), the expectations at θ(t), and the bound around the M-step that leaves it. */
export interface IterateEntry {
  readonly iteration: number
  readonly objective: JsonNumber
  readonly logLikelihood: JsonNumber
  /** ELBO(q(t), θ(t)) + log prior. */
  readonly elboAfterE: JsonNumber
  /** ELBO(q(t), θ(t+1)) + log prior; null after an objective of −∞. */
  readonly elboAfterM: JsonNumber
  /** objective(t+1) − elboAfterM. */
  readonly gap: JsonNumber
  readonly params: { readonly [name: string]: NestedNumbers }
  readonly expected: { readonly [name: string]: JsonNumber }
  /** Hard mode: the most probable value of each row at θ(t), by latent: labels of levels, else numbers from 1. */
  readonly labels?: { readonly [name: string]: readonly string[] }
}

/** What the data were divided by before the fit, and what that makes of the model. */
export interface StandardizedResult {
  /** By name of the data: what was subtracted from each column (0: nothing), and what it was divided by. */
  readonly columns: { readonly [name: string]: { readonly mean: readonly number[]; readonly sd: readonly number[] } }
  /** The params of the standardised data, in other units, are those of the data: the model is the same. */
  readonly sameModel: boolean
  /** Params that are given on the standardised scale. */
  readonly onStandardisedScale: readonly string[]
  /** All params on the standardised scale. */
  readonly params: { readonly [name: string]: NestedNumbers }
  /** Those that were held, on that scale; null for cells that were not. Left out where nothing was. */
  readonly fixed?: { readonly [name: string]: NestedNumbers }
}

/** A fit as `estep fit --json` prints it; `docs/fit.schema.json` says the same. Natural logarithms throughout. */
export interface FitResult extends ErrorFields, ModeReport {
  readonly format: typeof FORMAT
  readonly model: string
  readonly estepVersion: string
  readonly seed: number
  /** Left out for plain EM. */
  readonly mode?: ModeName | 'vb'
  readonly sizes: { readonly [name: string]: number }
  readonly logLikelihood: JsonNumber
  /** log-likelihood + log prior; in hard mode the log-likelihood is that of the data and the labels together. */
  readonly objective: JsonNumber
  /** Hard mode, where components are Gaussian with one sd: squared distances of the rows to the means of theirs. */
  readonly withinSS?: JsonNumber
  /** What the log-likelihood and the objective are: `variational`, bounds below; `quadrature`, `monte-carlo`: to the stated accuracy. */
  readonly bound: Bound
  /** Left out where the objective is exact or a bound. */
  readonly accuracy?: Accuracy
  /** Identified number of params. */
  readonly parameters: number
  readonly parametersNominal: number
  readonly observations: number
  /** −2·logLikelihood + parameters·log(observations); null, as `aic` is, in variational Bayes: params are integrated out. */
  readonly bic: JsonNumber
  readonly aic: JsonNumber
  /**
   * Entropy of the classification, −Σ p log p over the values of all discrete latents together, in nats; left out where the
   * model has none or the rows do not lie in memory.
   */
  readonly entropy?: number
  /** 1 − entropy / Σ log K over the rows: 1 where every value is certain, 0 where all are equally probable. */
  readonly certainty?: number
  /** The entropy is a sum over the rows of each latent by itself, which is never less. */
  readonly entropyOf?: 'marginals'
  readonly converged: boolean
  readonly stop: StopReason
  readonly iterations: number
  /** E-steps of the start that the result comes from: each goes over the data once. */
  readonly passes: number
  /**
   * Estimated factor by which each iteration of EM shortens the way to the limit, from its last steps; left out where they
   * tell none.
   */
  readonly rateOfConvergence?: number
  /**
   * The same number as the largest fraction of information that the latents withhold (Dempster, Laird, Rubin 1977, section
   * 4): where the M-steps maximise over all params together.
   */
  readonly missingInformation?: number
  /** Objectives, the start first: iterations + 1 of them. */
  readonly trace: readonly JsonNumber[]
  readonly starts: readonly StartSummary[]
  /** Those that were held at given values among them. */
  readonly params: { readonly [name: string]: NestedNumbers }
  /** Variational Bayes: the posteriors of params, whose means stand under `params`. */
  readonly posteriors?: { readonly [name: string]: ParamPosterior }
  /** Left out where the data were fitted as they are. */
  readonly standardized?: StandardizedResult
  /** Values of params that were held; null for cells that were not. Left out where nothing was. */
  readonly fixed?: { readonly [name: string]: NestedNumbers }
  readonly derived: { readonly [name: string]: Json }
  readonly boundary: readonly BoundaryEntry[]
  readonly plan: Json
  readonly columns: { readonly [name: string]: readonly string[] }
  readonly levels: { readonly [name: string]: Json }
  readonly warnings: readonly FitWarning[]
  readonly iterates?: readonly IterateEntry[]
}

/** The factor of q of a param, nested as the param is. */
export interface ParamPosterior {
  readonly family: string
  readonly mean: NestedNumbers
  readonly sd: NestedNumbers
  /** Those of the family by name, where there is one for each element, or for each matrix. */
  readonly parameters: { readonly [name: string]: NestedNumbers }
}

/** What the runtime is told about a fit, to be written into its result. */
export interface ResultContext {
  readonly estepVersion: string
  readonly plan: Json
  readonly columns: ReadonlyMap<string, readonly string[]>
  readonly levels: ReadonlyMap<string, Json>
  /** Warnings from before the fit (model, data). */
  readonly warnings: readonly FitWarning[]
  /** Further fields, such as the text of the model; they do not replace any above. */
  readonly extra: ReadonlyMap<string, Json>
}

export const emptyContext: ResultContext = {
  estepVersion: '',
  plan: null,
  columns: new Map(),
  levels: new Map(),
  warnings: [],
  extra: new Map(),
}

/** What EM came to, with components in canonical order. */
export interface Finding {
  readonly params: Float64Array
  readonly logLikelihood: number
  readonly objective: number
  readonly converged: boolean
  readonly stop: StopReason
  readonly iterations: number
  readonly passes: number
  readonly rate: number | null
  readonly trace: readonly number[]
  readonly starts: readonly StartSummary[]
  readonly parameters: number
  /** null where the objective is exact or a bound. */
  readonly accuracy: Accuracy | null
  readonly warnings: readonly FitWarning[]
  /** Rows of the trace with the components as the run had them, and the order to put them in; null where not asked for. */
  readonly rows: readonly IterateRow[] | null
  readonly order: ComponentOrder
  /** null: EM. */
  readonly mode: FitMode | null
}

/** The result of a fit as plain JSON. Records have no prototype, so any name is an ordinary key. */
export function buildResult(model: BoundModel, seed: number, finding: Finding, context: ResultContext): FitResult {
  const { params, logLikelihood, parameters, rows } = finding
  const result: FitResult = {
    format: FORMAT,
    model: model.name,
    estepVersion: context.estepVersion,
    seed,
    ...modeOf(model, finding.mode),
    sizes: record(model.sizes),
    logLikelihood: jsonNumber(logLikelihood),
    objective: jsonNumber(finding.objective),
    ...withinSquares(model, params),
    bound: model.bound ?? 'exact',
    ...(finding.accuracy === null ? {} : { accuracy: finding.accuracy }),
    parameters,
    parametersNominal: model.nominalParameters,
    observations: model.observations,
    bic: jsonNumber(-2 * logLikelihood + parameters * Math.log(model.observations)),
    aic: jsonNumber(-2 * logLikelihood + 2 * parameters),
    converged: finding.converged,
    stop: finding.stop,
    iterations: finding.iterations,
    passes: finding.passes,
    ...rateOf(model, finding),
    trace: finding.trace.map(jsonNumber),
    starts: finding.starts,
    params: paramsToJson(model, params),
    derived: record([...model.derived(params)].map(([name, value]) => [name, toJson(value)] as const)),
    boundary: boundaryOf(model, params),
    plan: context.plan,
    columns: record(context.columns),
    levels: record(context.levels),
    warnings: [...context.warnings, ...finding.warnings],
    ...(rows === null ? {} : { iterates: rows.map((row) => iterateEntry(model, row, finding.order)) }),
  }
  return context.extra.size === 0 ? result : { ...record(context.extra), ...result }
}

function rateOf(
  model: BoundModel,
  { rate, converged }: Finding,
): Pick<FitResult, 'rateOfConvergence' | 'missingInformation'> {
  // steps of hard mode come to an end, and have no rate
  if (rate === null || !converged || !(rate < 1) || model.summed !== undefined) return {}
  return {
    rateOfConvergence: rate,
    ...(model.joint === true ? { missingInformation: rate } : {}),
  }
}

function modeOf(model: BoundModel, mode: FitMode | null): { readonly mode?: ModeName } & ModeReport {
  if (mode !== null) return { mode: mode.name, ...mode.report() }
  return model.summed === undefined ? {} : { mode: 'hard' }
}

function withinSquares(model: BoundModel, params: Float64Array): { readonly withinSS?: JsonNumber } {
  const sum = model.withinSS?.(params) ?? null
  return sum === null ? {} : { withinSS: jsonNumber(sum) }
}

/** Params by name, nested in the declared order. */
export function paramsToJson(model: BoundModel, params: Float64Array): { readonly [name: string]: NestedNumbers } {
  return record([...nestParams(model.params, params)].map(([name, value]) => [name, nestedToJson(value)] as const))
}

function iterateEntry(model: BoundModel, row: IterateRow, order: ComponentOrder): IterateEntry {
  return {
    iteration: row.iteration,
    objective: jsonNumber(row.objective),
    logLikelihood: jsonNumber(row.logLikelihood),
    elboAfterE: jsonNumber(row.elboAfterE),
    elboAfterM: jsonNumber(row.elboAfterM),
    gap: jsonNumber(row.gap),
    params: paramsToJson(model, permuteParams(model, row.params, order)),
    expected: record([...row.expected].map(([name, value]) => [name, jsonNumber(value)] as const)),
    ...(row.labels === null ? {} : { labels: labelsToJson(model, row.labels, order) }),
  }
}

/** Values of latents by the labels they have in the result. */
function labelsToJson(
  model: BoundModel,
  labels: ReadonlyMap<string, Int32Array>,
  orders: ComponentOrder,
): { readonly [name: string]: readonly string[] } {
  return record(
    model.latents.map(({ name, labels: names }) => {
      const order = orders.get(name)
      const shown = Array.from(labels.get(name) ?? [], (old) => names[order?.indexOf(old) ?? old] ?? '')
      return [name, shown] as const
    }),
  )
}
