import { type Context, printJson, printProblems } from '../context.js'
import { exitCodes, UsageError } from '../exit-codes.js'
import { type DataOptions, loadData } from '../load-data.js'
import { loadFit } from '../load-fit.js'
import { newDataFailed } from '../new-data-failed.js'
import type { ScoreOutcome } from '../ports.js'

export interface ScoreOptions extends DataOptions {
  readonly json?: boolean
}

/** `estep score FIT --data FILE`: the log-likelihood of (new) rows, and what each adds to it. */
export async function score(context: Context, path: string, options: ScoreOptions): Promise<number> {
  const json = options.json === true
  const fit = await loadFit(context, path)
  const data = await loadData(context, options)
  if (data.tables.length === 0)
    throw new UsageError('score needs rows to score', 'give a file with --data FILE; it may be the data of the fit')
  const outcome = await fit.score(data)
  if (outcome.kind !== 'score') return newDataFailed(context, outcome, json)
  if (json) printJson(context, document(outcome))
  else context.host.stdout(csv(outcome))
  printProblems(context, outcome.warnings, false)
  return exitCodes.done
}

type Scored = Extract<ScoreOutcome, { kind: 'score' }>

/** The total, then a line for each row of each plate. */
function csv({ logLikelihood, contributions }: Scored): string {
  const lines = ['plate,row,logLikelihood', `total,,${logLikelihood}`]
  for (const { plate, values } of contributions)
    lines.push(...[...values].map((x, i) => `${plate ?? ''},${plate === null ? '' : i + 1},${x}`))
  return `${lines.join('\n')}\n`
}

const document = ({ logLikelihood, contributions }: Scored): unknown => ({
  logLikelihood,
  contributions: contributions.map(({ plate, values }) => ({ plate, values: [...values] })),
})
