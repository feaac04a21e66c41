/** `estep predict` over a file that is larger than memory: a part of its rows at a time, each written before the next is read. */
import { imputedCsv } from '../../api/rows/imputed-rows.js'
import { rowsWithPosteriors } from '../../api/rows/posterior-rows.js'
import { type Context, printProblems } from '../context.js'
import { exitCodes, UsageError } from '../exit-codes.js'
import type { DataOptions } from '../load-data.js'
import { newDataFailed } from '../new-data-failed.js'
import { eachPart, isInParts, PartFailed, PartWarnings } from '../parts.js'
import type { DataRequest, FitPort } from '../ports.js'

export interface PredictOptions extends DataOptions {
  readonly hard?: boolean
  readonly filtered?: boolean
  readonly impute?: boolean
  readonly sd?: boolean
  readonly out?: string
  readonly json?: boolean
}

/** The rows of the file with their posteriors, or with their missing cells filled. */
export async function predictInParts(
  context: Context,
  fit: FitPort,
  data: DataRequest,
  options: PredictOptions,
): Promise<number> {
  const { source } = data.tables.find(isInParts) ?? { source: 'the data' }
  const { out } = options
  const larger = `${source} is larger than memory and is read a part at a time`
  if (options.json === true) throw new UsageError(`${larger}: one JSON document has no room`, 'write rows: --out FILE')
  if (out === undefined)
    throw new UsageError(`${larger}: its rows go into a file`, 'give --out FILE, or more memory: --memory 8GB')
  if (options.sd === true)
    throw new UsageError(`${larger}: which columns --sd adds is known after the last row`, 'leave --sd out')
  const warnings = new PartWarnings()
  const textOf = async (part: DataRequest): Promise<string> => {
    const outcome =
      options.impute === true
        ? await fit.impute(part)
        : await fit.predict(part, { hard: options.hard === true, filtered: false, covariance: false, rows: true })
    if (outcome.kind === 'data' || outcome.kind === 'failed') throw new PartFailed(outcome)
    warnings.add(outcome.warnings)
    if (outcome.kind === 'imputed') {
      const made = imputedCsv(outcome, part.tables, false)
      if ('reason' in made) throw new UsageError(made.reason)
      return made.text
    }
    const rows = rowsWithPosteriors(outcome, options.hard === true)
    if (rows === null)
      throw new UsageError(
        `${larger}, but the latents of the model do not stand beside its rows`,
        'predict for some of them',
      )
    return rows
  }
  async function* texts(): AsyncGenerator<string> {
    let isFirst = true
    for await (const part of eachPart(context, fit, data, options.memory ?? null, 'predicted')) {
      const text = await textOf(part)
      yield isFirst ? text : withoutHeader(text)
      isFirst = false
    }
  }
  try {
    await context.host.write(out, texts())
  } catch (e) {
    if (!(e instanceof PartFailed)) throw e
    return newDataFailed(context, e.failure, false)
  }
  printProblems(context, warnings.all, false)
  return exitCodes.done
}

/** Without its first line, which may have line breaks in quotes. */
function withoutHeader(csv: string): string {
  let isInside = false
  for (let i = 0; i < csv.length; i++) {
    const c = csv.charAt(i)
    if (c === '"') isInside = !isInside
    else if (c === '\n' && !isInside) return csv.slice(i + 1)
  }
  return ''
}
