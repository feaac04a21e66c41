import { imputedCsv, imputedJson } from '../../api/rows/imputed-rows.js'
import { posteriorCsv, posteriorJson, rowsWithPosteriors } from '../../api/rows/posterior-rows.js'
import { type Context, printJson, printProblems } from '../context.js'
import { exitCodes, UsageError } from '../exit-codes.js'
import { loadData } from '../load-data.js'
import { loadFit } from '../load-fit.js'
import { newDataFailed } from '../new-data-failed.js'
import { isInParts } from '../parts.js'
import type { DataRequest, FitPort } from '../ports.js'
import { type PredictOptions, predictInParts } from './predict-parts.js'

/** `estep predict FIT --data FILE`: a row per row of the data, with the posterior of each latent. */
export async function predict(context: Context, path: string, options: PredictOptions): Promise<number> {
  const { host } = context
  const json = options.json === true
  const fit = await loadFit(context, path)
  const data = await loadData(context, options, true)
  if (data.tables.length === 0)
    throw new UsageError(
      'predict needs rows to predict for',
      'give a file with --data FILE; it may be the data of the fit',
    )
  if (options.impute === true && options.filtered === true)
    throw new UsageError('--impute fills cells given all data', 'leave --filtered out')
  if (data.tables.some(isInParts)) return predictInParts(context, fit, data, options)
  if (options.impute === true) return impute(context, fit, data, options)
  if (options.sd === true) throw new UsageError('--sd goes with --impute', 'without it every number has its sd')
  if (options.hard === true && options.filtered === true)
    throw new UsageError('--hard takes the values of all places together', 'leave --filtered out')
  const outcome = await fit.predict(data, {
    hard: options.hard === true,
    filtered: options.filtered === true,
    covariance: json,
    rows: options.out !== undefined,
  })
  if (outcome.kind !== 'posterior') return newDataFailed(context, outcome, json)
  if (outcome.latents.length === 0)
    throw new UsageError('the model has no latent to predict', 'estep score gives the log-likelihood of the rows')
  const hard = options.hard === true
  if (options.out !== undefined)
    await host.write(options.out, rowsWithPosteriors(outcome, hard) ?? posteriorCsv(outcome.latents, hard))
  if (json) printJson(context, posteriorJson(outcome.latents, hard))
  else if (options.out === undefined) host.stdout(posteriorCsv(outcome.latents, hard))
  printProblems(context, outcome.warnings, false)
  return exitCodes.done
}

async function impute(context: Context, fit: FitPort, data: DataRequest, options: PredictOptions): Promise<number> {
  const json = options.json === true
  const outcome = await fit.impute(data)
  if (outcome.kind !== 'imputed') return newDataFailed(context, outcome, json)
  const csv = (): string => {
    const made = imputedCsv(outcome, data.tables, options.sd === true)
    if ('reason' in made) throw new UsageError(made.reason, 'with --json the filled cells are listed')
    return made.text
  }
  if (options.out !== undefined) await context.host.write(options.out, csv())
  if (json) printJson(context, imputedJson(outcome))
  else if (options.out === undefined) context.host.stdout(csv())
  printProblems(context, outcome.warnings, false)
  return exitCodes.done
}
