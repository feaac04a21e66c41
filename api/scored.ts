/** The log-likelihood of data at params, and what its units add to it. */
import type { ProgramModel } from '../compiler/bind/bound-model.js'
import { PosteriorReports, type Posteriors } from '../compiler/bind/posterior-reports.js'

export interface Scored extends Pick<Posteriors, 'contributions' | 'units'> {
  readonly logLikelihood: number
}

export function scored(model: ProgramModel, params: Float64Array): Scored {
  const { contributions, units } = new PosteriorReports(model, { contributions: true }).at(params)
  // a factorised q has had one more sweep in a report: its bound is the sum of what is reported
  const logLikelihood =
    model.derivation.eStep.factorised === null
      ? model.eStep(params).logLikelihood
      : contributions.reduce((n, c) => n + c.values.reduce((a, b) => a + b, 0), 0)
  return { logLikelihood, contributions, units }
}
