/** Fits of one model to parts of data that is bound already, and what they say of other parts. */
import type { ProgramModel } from '../../compiler/bind/bound-model.js'
import { logJacobian, type Scaling, scaledData } from '../../compiler/bind/log-jacobian.js'
import type { BoundData } from '../../runtime/data/types.js'
import type { FitResult } from '../../runtime/result.js'
import { CompileError } from '../errors.js'
import { restore } from '../frozen.js'
import { ofRawData } from '../in-units.js'
import type { Model } from '../model.js'
import type { FitCallOptions } from '../options.js'
import { type LatentPosterior, posteriorsOf } from '../posterior.js'
import { fittedParams } from '../predict.js'
import { scored } from '../scored.js'

/** A model over data at the params of a fit. */
export interface AtFit {
  readonly model: ProgramModel
  readonly params: Float64Array
  /** Where the model is that of standardised data: the data as they are, and how they were standardised. */
  readonly standard: { readonly data: BoundData; readonly scaling: Scaling } | null
}

/** The model over other rows, at the params of a fit; figures of data (`min(x)`) are those of the fit. */
export function atFit(model: Model, result: FitResult, data: BoundData, options: FitCallOptions): AtFit {
  const { frozen, fix } = restore(result)
  const { scaling } = frozen
  const own = scaling === undefined ? data : scaledData(data, scaling)
  const bound = model.bindOver(own, { ...options, fix }, { ...frozen, columns: new Set() })
  const params = fittedParams(bound, result)
  while (bound.model.refine(params));
  return { model: bound.model, params, standard: scaling === undefined ? null : { data, scaling } }
}

/** What rounding leaves of a log-likelihood of 0. */
const NOTHING = 1e-9

/** The log-likelihood of rows, and what the units of the outermost plates add to it. */
export function held({ model, params, standard }: AtFit): {
  readonly total: number
  readonly parts: readonly number[]
} {
  const own = scored(model, params)
  const { units } = own
  const score = standard === null ? own : ofRawData(own, units, model, standard.data, standard.scaling)
  // groups of which no row is among these add nothing, and are none of the units held out
  const withData = units?.withData() ?? []
  const parts = score.contributions.flatMap(({ values }, c) =>
    [...values].filter((v, i) => withData[c]?.[i] === 1 || Math.abs(v) > NOTHING),
  )
  return { total: score.logLikelihood, parts }
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
    const { model: hard, params, standard } = atFit(model, result, data, { ...options, mode: 'hard' })
    const jacobian = standard === null ? 0 : logJacobian(hard.derivation, hard.numbers, standard.data, standard.scaling)
    return hard.eStep(params).logLikelihood + jacobian
  } catch (e) {
    if (e instanceof CompileError) return null
    throw e
  }
}
