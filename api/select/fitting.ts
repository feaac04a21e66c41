/** Fits of one model to parts of data that is bound already, and what they say of other parts. */
import type { ProgramModel } from '../../compiler/bind/bound-model.js'
import { PosteriorReports } from '../../compiler/bind/posterior-reports.js'
import { rowWeights } from '../../compiler/bind/row-weights.js'
import type { BoundData } from '../../runtime/data/types.js'
import type { FitResult } from '../../runtime/result.js'
import { applyStartValues } from '../../runtime/start-values.js'
import { CompileError, OptionError } from '../errors.js'
import { restore } from '../frozen.js'
import type { Model } from '../model.js'
import type { FitCallOptions } from '../options.js'
import { type LatentPosterior, posteriorsOf } from '../posterior.js'

/** A model over data at the params of a fit. */
export interface AtFit {
  readonly model: ProgramModel
  readonly params: Float64Array
}

/** The model over other rows, at the params of a fit; figures of data (`min(x)`) are those of the fit. */
export function atFit(model: Model, result: FitResult, data: BoundData, options: FitCallOptions): AtFit {
  const { frozen } = restore(result)
  const { model: bound } = model.bindOver(data, options, { ...frozen, columns: new Set() })
  const { params, problems } = applyStartValues(
    bound,
    new Map(Object.entries(result.params)),
    bound.interior(() => 0.5),
  )
  if (problems.length > 0) throw new OptionError(problems.map((p) => p.message).join('\n'))
  while (bound.refine(params));
  return { model: bound, params }
}

/** The log-likelihood of rows, and what the units of the outermost plates add to it. */
export function held({ model, params }: AtFit): { readonly total: number; readonly parts: readonly number[] } {
  const { contributions } = new PosteriorReports(model, { contributions: true }).at(params)
  return { total: model.eStep(params).logLikelihood, parts: contributions.flatMap((c) => [...c.values]) }
}

export const posteriors = ({ model, params }: AtFit): readonly LatentPosterior[] => posteriorsOf(model, params, false)

/**
 * Entropy of the classification, −Σ w Σ_k r_k log r_k over the rows of the discrete latents, in nats: 0 where every row
 * belongs to one value for certain. null without such latents.
 */
export function entropyOf({ model, params }: AtFit): number | null {
  if (model.latents.length === 0) return null
  const all = model.posterior(params)
  let total = 0
  for (const latent of model.latents) {
    const weights = rowWeights(model.derivation, model.numbers, latent.name)
    const r = all.get(latent.name) ?? new Float64Array(0)
    for (let n = 0; n < latent.rows; n++) {
      let own = 0
      for (let k = 0; k < latent.values; k++) {
        const p = r[n * latent.values + k] ?? 0
        if (p > 0) own -= p * Math.log(p)
      }
      total += (weights?.[n] ?? 1) * own
    }
  }
  return total
}

/**
 * log p(data, ẑ) at the most probable values ẑ of all discrete latents together; null where the model has none, or where
 * they have no most probable values.
 *
 * Biernacki, Celeux, Govaert (2000), IEEE PAMI 22, p. 719, equation (8): ICL = log p(data, ẑ) − (ν/2) log n.
 */
export function completeLogLikelihood(
  model: Model,
  result: FitResult,
  data: BoundData,
  options: FitCallOptions,
): number | null {
  if (!model.hasDiscreteLatents) return null
  try {
    const { model: hard, params } = atFit(model, result, data, { ...options, mode: 'hard' })
    return hard.eStep(params).logLikelihood
  } catch (e) {
    if (e instanceof CompileError) return null
    throw e
  }
}
