import { type Context, printJson, printProblems } from '../context.js'
import { exitCodes, UsageError } from '../exit-codes.js'
import { type DataOptions, loadData } from '../load-data.js'
import { loadFit } from '../load-fit.js'
import { newDataFailed } from '../new-data-failed.js'
import { eachPart, isInParts, PartFailed, PartWarnings } from '../parts.js'
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
  const data = await loadData(context, options, true)
  if (data.tables.length === 0)
    throw new UsageError('score needs rows to score', 'give a file with --data FILE; it may be the data of the fit')
  const large = data.tables.find(isInParts)
  if (large !== undefined && options.residuals === true)
    throw new UsageError(
      `${large.source} is larger than memory, and residuals are summed up over all of its rows`,
      'take a sample of the rows, or more memory: --memory 8GB',
    )
  if (options.residuals === true) return residuals(context, fit, data, options)
  if (options.out !== undefined) throw new UsageError('--out of score is for --residuals', 'leave one of them out')
  const outcome = large === undefined ? await fit.score(data) : await scoreInParts(context, fit, data, options)
  if (outcome.kind !== 'score') return newDataFailed(context, outcome, json)
  if (json) printJson(context, document(outcome))
  else context.host.stdout(csv(outcome))
  printProblems(context, outcome.warnings, false)
  return exitCodes.done
}

/** The total alone: what each row adds would be as long as the file. */
async function scoreInParts(
  context: Context,
  fit: FitPort,
  data: DataRequest,
  { memory }: ScoreOptions,
): Promise<ScoreOutcome> {
  const warnings = new PartWarnings()
  let logLikelihood = 0
  try {
    for await (const part of eachPart(context, fit, data, memory ?? null, 'scored')) {
      const outcome = await fit.score(part)
      if (outcome.kind !== 'score') return outcome
      logLikelihood += outcome.logLikelihood
      warnings.add(outcome.warnings)
    }
  } catch (e) {
    if (!(e instanceof PartFailed)) throw e
    return e.failure
  }
  context.host.stderr('the rows are read a part at a time: what each of them adds is left out\n')
  return { kind: 'score', logLikelihood, contributions: [], warnings: warnings.all }
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
