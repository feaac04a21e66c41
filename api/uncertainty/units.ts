/** Which kinds of standard errors a model over its data has units for. */

import type { ProgramModel } from '../../compiler/bind/bound-model.js'
import { nestedUnits } from '../../compiler/bind/nested-units.js'
import { resampler } from '../../compiler/bind/resample.js'
import { samplingUnits } from '../../compiler/bind/sampling-units.js'
import type { ErrorKind } from '../../runtime/uncertainty.js'
import type { Mode } from '../mode-options.js'
import { unitsByData } from './parts.js'
import type { WeightKind } from './types.js'

/** Why fits of a mode have none. */
export function noErrorsIn(mode: Exclude<Mode, 'em' | 'anneal'>): string {
  switch (mode) {
    case 'hard':
      return 'standard errors are those of maximum likelihood: hard mode takes labels for known'
    case 'cem':
      return 'standard errors are those of maximum likelihood: mode cem takes classes for known'
    case 'sem':
    case 'online':
      return `standard errors are those of maximum likelihood, and mode ${mode} ends near it: begin a fit in mode em there`
    case 'vb':
      return 'params have posteriors in mode vb, whose sds stand in the result: there are no standard errors beside'
  }
}

/** One sentence on why there are none of the kind; null: there are. */
export function whyNoUnits(model: ProgramModel, kind: ErrorKind, weights: WeightKind): string | null {
  if (kind === 'information') return null
  if (kind === 'parametric') return whyNotDrawn(model, weights)
  const none = kind === 'sandwich' ? 'there are no sandwich errors' : 'there is no bootstrap'
  const units = samplingUnits(model)
  if (typeof units === 'string' && (kind === 'sandwich' ? unitsByData(model) : nestedUnits(model)) !== null) return null
  if (typeof units === 'string')
    return `${none}: ${units}; parametric draws whole data from the fit, and information asks how sharply the log-likelihood curves`
  const draws = kind === 'bootstrap' ? resampler(model, units, weights) : null
  return typeof draws === 'string' ? `${none}: ${draws}` : null
}

/** Why whole data cannot be drawn: rows with a weight are drawn as so many copies, which a weight of a sample is not. */
function whyNotDrawn(model: ProgramModel, weights: WeightKind): string | null {
  const weighted = model.derivation.graph.factors.filter((f) => f.loops.some((l) => l.weight !== null))
  const none = 'there is no parametric bootstrap'
  if (weighted.length === 0) return null
  if (weights === 'sampling') return `${none}: a row with a weight of a sample stands for no number of rows to draw`
  return weighted.some((f) => f.loops.slice(1).some((l) => l.weight !== null))
    ? `${none}: what is weighted within rows is no number of rows to draw`
    : null
}
