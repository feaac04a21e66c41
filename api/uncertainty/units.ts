/** Which kinds of standard errors a model over its data has units for. */

import type { ProgramModel } from '../../compiler/bind/bound-model.js'
import { resampler } from '../../compiler/bind/resample.js'
import { samplingUnits } from '../../compiler/bind/sampling-units.js'
import type { ModeName } from '../../runtime/modes/fit-mode.js'
import type { ErrorKind } from '../../runtime/uncertainty.js'
import type { WeightKind } from './types.js'

/** Why fits of a mode have none. */
export function noErrorsIn(mode: 'vb' | ModeName): string {
  switch (mode) {
    case 'hard':
    case 'cem':
      return `standard errors are those of maximum likelihood: mode ${mode} takes labels for known`
    case 'vb':
      return 'params have posteriors in mode vb, whose sds stand in the result: there are no standard errors beside'
    case 'anneal':
    case 'sem':
    case 'online':
      return `standard errors are those of a maximum that EM came to: fit by em with the fit of mode ${mode} as its start`
  }
}

/** One sentence on why there are none of the kind; null: there are. */
export function whyNoUnits(model: ProgramModel, kind: ErrorKind, weights: WeightKind): string | null {
  if (kind === 'information') return null
  const none = kind === 'sandwich' ? 'there are no sandwich errors' : 'there is no bootstrap'
  const units = samplingUnits(model)
  if (typeof units === 'string') return `${none}: ${units}`
  const draws = kind === 'bootstrap' ? resampler(model, units, weights) : null
  return typeof draws === 'string' ? `${none}: ${draws}` : null
}
