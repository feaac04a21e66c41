/** One candidate of a selection: its fit, and the figures by which it is compared. */
import type { BoundData } from '../../runtime/data/types.js'
import { type JsonNumber, jsonNumber, numberFromJson, record, toJson } from '../../runtime/json.js'
import type { Fit } from '../fit.js'
import type { Model } from '../model.js'
import type { FitCallOptions } from '../options.js'
import type { CrossValidation } from './cross-validate.js'
import { completeLogLikelihood } from './fitting.js'
import type { Choice } from './grid.js'

/** What candidates are compared by. Of all but `elbo`, `cv` and `rand` the smallest is best. */
export type Criterion = 'bic' | 'aic' | 'icl' | 'elbo' | 'cv' | 'error' | 'rand'

export const criteria: readonly Criterion[] = ['bic', 'aic', 'icl', 'elbo', 'cv', 'error', 'rand']

/** true where the largest is best. */
export const isLargestBest = (by: Criterion): boolean => by === 'elbo' || by === 'cv' || by === 'rand'

/** Figures of a fitted candidate; natural logs. */
export interface Figures {
  readonly logLikelihood: number
  readonly parameters: number
  readonly observations: number
  /** Variational Bayes: the evidence lower bound, which needs no price for params that are integrated out; else null. */
  readonly elbo: number | null
  /** −2·logLikelihood + 2·parameters; NaN in variational Bayes, as `bic` is. */
  readonly aic: number
  /** −2·logLikelihood + parameters·log(observations). */
  readonly bic: number
  /** −2·log p(data, ẑ) + parameters·log(observations) at the most probable values ẑ; null without discrete latents. */
  readonly icl: number | null
  /** Entropy of the classification in nats; null without discrete latents. */
  readonly entropy: number | null
  /** Log-likelihood of the rows held out, summed over the folds, and its standard error; null where there are no folds. */
  readonly cv: number | null
  readonly cvError: number | null
  /** Share of the rows held out whose label is not the one predicted; null without known labels. */
  readonly error: number | null
  /** Adjusted Rand index of the rows held out. */
  readonly rand: number | null
  readonly converged: boolean
}

export interface Candidate {
  readonly model: string
  /** Position of its model among those given. */
  readonly index: number
  /** Values of the consts that were gone over. */
  readonly set: { readonly [name: string]: unknown }
  /** null where the fit failed. */
  readonly fit: Fit<Model> | null
  readonly figures: Figures | null
  /** Why there is no fit, or no score of rows held out; null where all went well. */
  readonly reason: string | null
}

export function figuresOf(
  fit: Fit<Model>,
  data: BoundData,
  options: FitCallOptions,
  validation: CrossValidation | null,
): Figures {
  const { result, model } = fit
  const logLikelihood = numberFromJson(result.logLikelihood) ?? Number.NaN
  const penalty = result.parameters * Math.log(result.observations)
  // beside a bound of the log-likelihood it would be of another kind
  const complete =
    result.bound === 'variational' || result.mode === 'vb' ? null : completeLogLikelihood(model, result, data, options)
  const agreement = validation?.agreement ?? null
  const compared = agreement !== null && agreement.total > 0 && !agreement.lacking
  return {
    logLikelihood,
    parameters: result.parameters,
    observations: result.observations,
    elbo: result.mode === 'vb' ? (numberFromJson(result.objective) ?? null) : null,
    aic: numberFromJson(result.aic) ?? Number.NaN,
    bic: numberFromJson(result.bic) ?? Number.NaN,
    icl: complete === null ? null : -2 * complete + penalty,
    entropy: result.entropy ?? null,
    cv: validation?.logLikelihood ?? null,
    cvError: validation?.standardError ?? null,
    error: compared ? agreement.error : null,
    rand: compared ? agreement.adjustedRand : null,
    converged: result.converged,
  }
}

export const failedCandidate = ({ model, index, set }: Choice, reason: string): Candidate => ({
  model: model.name,
  index,
  set: record(set),
  fit: null,
  figures: null,
  reason,
})

/** A candidate as `estep select --json` prints it. */
export function candidateJson({ model, set, figures, fit, reason }: Candidate): { readonly [key: string]: unknown } {
  const own = { model, set: toJson(set) }
  if (figures === null) return { ...own, failed: reason }
  const number = (x: number | null): JsonNumber => (x === null ? null : jsonNumber(x))
  return {
    ...own,
    logLikelihood: number(figures.logLikelihood),
    parameters: figures.parameters,
    observations: figures.observations,
    ...(figures.elbo === null ? {} : { elbo: number(figures.elbo) }),
    aic: number(figures.aic),
    bic: number(figures.bic),
    icl: number(figures.icl),
    entropy: number(figures.entropy),
    cv: number(figures.cv),
    cvError: number(figures.cvError),
    ...(figures.error === null ? {} : { error: figures.error, adjustedRand: number(figures.rand) }),
    converged: figures.converged,
    warnings: fit?.warnings ?? [],
    ...(reason === null ? {} : { reason }),
  }
}
