/** Fits of one model to parts of data that is bound already, and what they say of other parts. */
import type { ProgramModel } from '../../compiler/bind/bound-model.js'
import { PosteriorReports } from '../../compiler/bind/posterior-reports.js'
import type { BoundData } from '../../runtime/data/types.js'
import type { FitResult } from '../../runtime/result.js'
import { CompileError } from '../errors.js'
import { restore } from '../frozen.js'
import type { Model } from '../model.js'
import type { FitCallOptions } from '../options.js'
import { type LatentPosterior, posteriorsOf } from '../posterior.js'
import { fittedParams } from '../predict.js'

/** A model over data at the params of a fit. */
export interface AtFit {
  readonly model: ProgramModel
  readonly params: Float64Array
}

/** The model over other rows, at the params of a fit; figures of data (`min(x)`) are those of the fit. */
export function atFit(model: Model, result: FitResult, data: BoundData, options: FitCallOptions): AtFit {
  const { frozen } = restore(result)
  const bound = model.bindOver(data, options, { ...frozen, columns: new Set() })
  const params = fittedParams(bound, result)
  while (bound.model.refine(params));
  return { model: bound.model, params }
}

/** The log-likelihood of rows, and what the units of the outermost plates add to it. */
export function held({ model, params }: AtFit): { readonly total: number; readonly parts: readonly number[] } {
  const { contributions } = new PosteriorReports(model, { contributions: true }).at(params)
  return { total: model.eStep(params).logLikelihood, parts: contributions.flatMap((c) => [...c.values]) }
}

export const posteriors = ({ model, params }: AtFit): readonly LatentPosterior[] => posteriorsOf(model, params, false)

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
