/** What a fit has to say beside its numbers. */
import type { Fit } from '../../api/fit.js'
import type { FitResult } from '../../runtime/result.js'
import { betasInWords, startsInWords } from './in-words.js'
import type { FitSummary } from './messages.js'

export const numberOf = (x: FitResult['objective']): number =>
  typeof x === 'number' ? x : x === '-Infinity' ? Number.NEGATIVE_INFINITY : Number.NaN

export function summaryOf(fit: Fit): FitSummary {
  const { result } = fit
  return {
    logLikelihood: fit.logLikelihood,
    objective: fit.objective,
    bic: numberOf(result.bic),
    aic: numberOf(result.aic),
    withinSS: result.withinSS === undefined ? null : numberOf(result.withinSS),
    certainty: result.certainty ?? null,
    entropy: result.entropy ?? null,
    parameters: result.parameters,
    observations: result.observations,
    converged: fit.converged,
    stop: result.stop,
    iterations: result.iterations,
    bound: result.bound,
    notes: notesOf(result),
    warnings: fit.warnings.map(({ code, message }) => ({ code, message, help: null })),
    missing: [...(fit.data?.arrays.values() ?? [])].reduce((n, a) => n + (a.origins === undefined ? 0 : a.missing), 0),
    file: fileOf(result),
  }
}

/** The fit file, as `estep fit --json` writes it. */
export function fileOf({ iterates: _, ...file }: FitResult): string {
  return `${JSON.stringify(file, null, 1)}\n`
}

const signed = (x: number): string => x.toFixed(2).replace('-', '−')

/** The way that the fit took, in sentences. */
function notesOf(result: FitResult): readonly string[] {
  const { stages, draws, batches, standardized, starts } = result
  const splits = starts.find((s) => s.objective === result.objective && s.splits !== undefined)?.splits
  return [
    ...startsInWords(starts),
    ...(splits === undefined
      ? []
      : [`By splitting: ${splits.map((s) => `${s.components}: ${signed(numberOf(s.objective))}`).join(', ')}.`]),
    ...(stages === undefined ? [] : [betasInWords(stages)]),
    ...(draws === undefined
      ? []
      : [
          draws.keep === 0
            ? `The best of ${draws.burn} draws, none of which was to be averaged yet.`
            : `${draws.estimate === 'average' ? `The average of ${draws.keep} draws` : 'The best point that was visited'} after ${draws.burn}; ` +
              `their log-likelihood is ${signed(numberOf(draws.meanObjective))} ± ${signed(numberOf(draws.sdObjective))}.`,
        ]),
    ...(batches === undefined
      ? []
      : [
          `${batches.passes} passes in ${batches.perPass} batches of ${batches.rows} ${batches.units === true ? 'groups or sequences' : 'rows'}; the last one had the weight ${batches.lastStep.toPrecision(2)}.`,
        ]),
    ...(standardized === undefined
      ? []
      : [
          standardized.sameModel
            ? 'The columns were standardised for the fit; params and log-likelihood are those of the data as they are.'
            : 'The columns are standardised, and this is another model than that of the data as they are: params are shown on the standardised scale.',
        ]),
  ]
}
