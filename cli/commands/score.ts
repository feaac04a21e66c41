import { type Context, printJson, printProblems } from '../context.js'
import { exitCodes, UsageError } from '../exit-codes.js'
import { type DataOptions, loadData } from '../load-data.js'
import { loadFit } from '../load-fit.js'
import { newDataFailed } from '../new-data-failed.js'
import type { DataRequest, FitPort, ScoreOutcome } from '../ports.js'
import { residualsCsv, residualsText } from '../render/residuals.js'

export interface ScoreOptions extends DataOptions {
  readonly residuals?: boolean
  readonly out?: string
  readonly json?: boolean
}

/**
 * `estep score FIT --data FILE`: the log-likelihood of (new) rows, and what each adds to it; with `--residuals` how their
 * cells lie in the distributions that the model gives them.
 */
export async function score(context: Context, path: string, options: ScoreOptions): Promise<number> {
  const json = options.json === true
  const fit = await loadFit(context, path)
  const data = await loadData(context, options)
  if (data.tables.length === 0)
    throw new UsageError('score needs rows to score', 'give a file with --data FILE; it may be the data of the fit')
  if (options.residuals === true) return residuals(context, fit, data, options)
  if (options.out !== undefined) throw new UsageError('--out of score is for --residuals', 'leave one of them out')
  const outcome = await fit.score(data)
  if (outcome.kind !== 'score') return newDataFailed(context, outcome, json)
  if (json) printJson(context, document(outcome))
  else context.host.stdout(csv(outcome))
  printProblems(context, outcome.warnings, false)
  return exitCodes.done
}

/** Summaries on stdout, the cells in a file. */
async function residuals(context: Context, fit: FitPort, data: DataRequest, options: ScoreOptions): Promise<number> {
  const outcome = await fit.residuals(data)
  if (outcome.kind !== 'residuals') return newDataFailed(context, outcome, options.json === true)
  if (options.out !== undefined) await context.host.write(options.out, residualsCsv(outcome.arrays))
  if (options.json === true) printJson(context, { residuals: outcome.arrays })
  else context.host.stdout(residualsText(outcome.arrays))
  printProblems(context, outcome.warnings, false)
  return exitCodes.done
}

type Scored = Extract<ScoreOutcome, { kind: 'score' }>

/** The total, then a line for each row of each plate. */
function csv({ logLikelihood, contributions }: Scored): string {
  const lines = ['plate,row,logLikelihood', `total,,${logLikelihood}`]
  for (const { plate, values } of contributions)
    lines.push(
      ...[...values].map((x, i) => `${plate ?? ''},${plate === null && values.length === 1 ? '' : i + 1},${x}`),
    )
  return `${lines.join('\n')}\n`
}

const document = ({ logLikelihood, contributions }: Scored): unknown => ({
  logLikelihood,
  contributions: contributions.map(({ plate, values }) => ({ plate, values: [...values] })),
})
