import { type Context, printProblems } from '../context.js'
import { exitCodes, UsageError } from '../exit-codes.js'
import { katexStyles } from '../katex-styles.js'
import { type DataOptions, loadData } from '../load-data.js'
import { loadFit } from '../load-fit.js'

export interface ReportCommandOptions extends DataOptions {
  readonly frames?: readonly number[]
  readonly out?: string
}

/** `estep report FIT --data FILE`: a fit as one HTML file. */
export async function report(context: Context, path: string, options: ReportCommandOptions): Promise<number> {
  const fit = await loadFit(context, path)
  const data = (options.data ?? []).length === 0 ? null : await loadData(context, options)
  if (data === null && options.frames !== undefined)
    throw new UsageError('--frames draws iterates over the data: give --data FILE')
  const outcome = await fit.report(data, { frames: options.frames ?? null, katexStyles: katexStyles() })
  switch (outcome.kind) {
    case 'page':
      if (options.out === undefined) context.host.stdout(outcome.text)
      else await context.host.write(options.out, outcome.text)
      return exitCodes.done
    case 'data':
      printProblems(context, outcome.problems, false)
      return exitCodes.data
    case 'failed':
      throw new UsageError(outcome.message)
  }
}

const MOST = 100_000

/** `0..4`, or `0,1,10`: iterations to be drawn. */
export function frames(text: string): readonly number[] {
  const range = /^(\d{1,6})\.\.(\d{1,6})$/.exec(text)
  const [from, to] = [Number(range?.[1]), Number(range?.[2])]
  if (range !== null && from <= to && to <= MOST) return Array.from({ length: to - from + 1 }, (_, i) => from + i)
  if (/^\d{1,6}(,\d{1,6})*$/.test(text)) return text.split(',').map(Number)
  throw new UsageError(`--frames takes iterations, such as 0..4 or 0,1,10, not \`${text}\``)
}
