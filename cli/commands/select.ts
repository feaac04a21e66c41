import type { Criterion, SelectProgress } from '../../index.js'
import { type Context, jsonText, printDiagnostics, printJson, printProblems } from '../context.js'
import { exitCodes, UsageError } from '../exit-codes.js'
import { loadData, requireData } from '../load-data.js'
import { type LoadedModel, loadModel } from '../load-model.js'
import { parseOver } from '../over.js'
import type { SelectCall, SelectPort } from '../ports.js'
import { createProgress } from '../progress.js'
import { printable } from '../render/paint.js'
import { selectionReport } from '../render/selection-report.js'
import { type FitCommandOptions, runFit } from './fit.js'

export interface SelectCommandOptions extends FitCommandOptions {
  readonly over?: readonly string[]
  readonly by?: Criterion
  readonly folds: number
  readonly score?: string
  readonly test?: true | number
}

/** Draws of a test where their number is not given: p-values down to 0.01. */
const DRAWS = 99

/** `estep select MODEL… --data FILE --over K=1..8`: fits, compares, picks. */
export async function select(
  context: Context,
  paths: readonly string[],
  options: SelectCommandOptions,
): Promise<number> {
  const { host } = context
  const json = options.json === true
  const models: LoadedModel[] = []
  for (const path of paths) {
    const loaded = await loadModel(context, path, json)
    if (loaded === null) return exitCodes.model
    models.push(loaded)
  }
  const over = parseOver(options.over ?? [])
  if (models.length < 2 && over.size === 0)
    throw new UsageError('select needs something to choose among', 'give --over K=1..8, or several models')
  const data = await loadData(context, options)
  for (const { model } of models) requireData(model.declarations, data, options.set ?? [])
  const progress = createProgress<SelectProgress>(host, ({ candidate, candidates, phase, done, of }) => ({
    text: `candidate ${candidate + 1} of ${candidates}${phase === 'fit' ? '' : phase === 'folds' ? `, fold ${done + 1} of ${of}` : `, draw ${done + 1} of ${of}`}`,
    share: (candidate + done / Math.max(1, of)) / candidates,
  }))
  const call: SelectCall = {
    over,
    by: options.by ?? null,
    folds: options.folds,
    against: againstOf(options.score),
    draws: options.test === undefined ? 0 : options.test === true ? DRAWS : options.test,
    onProgress: progress.update,
  }
  // the progress of single fits is not shown: that of the selection is
  const outcome = await runFit(
    { ...context, host: { ...host, stderrIsTerminal: false } },
    {
      fit: (request, fitting) =>
        context.ports.select(
          models.map((m) => m.model),
          request,
          fitting,
          call,
        ),
    },
    data,
    options,
  ).finally(() => progress.clear())
  switch (outcome.kind) {
    case 'fit':
      return finish(context, outcome.fit, outcome.partial, options)
    case 'aborted':
      host.stderr('interrupted before the first candidate was done: there is nothing to write\n')
      return exitCodes.interrupted
    case 'data':
      printProblems(context, outcome.problems, json)
      return exitCodes.data
    case 'model':
      for (const { source } of models.slice(0, 1)) printDiagnostics(context, outcome.diagnostics, source)
      if (json) printJson(context, { ok: false, diagnostics: outcome.diagnostics })
      return exitCodes.model
    case 'usage':
      throw new UsageError(outcome.message, outcome.help ?? null)
    case 'failed':
      host.stderr(`${context.err.diagnostic('error', `error[${outcome.code}]`)}: ${printable(outcome.message)}\n`)
      return exitCodes.fit
  }
}

/** `against=class` → class. */
function againstOf(text: string | undefined): string | null {
  if (text === undefined) return null
  const column = /^against=(.+)$/.exec(text)?.[1]
  if (column === undefined)
    throw new UsageError(`--score takes against=COLUMN, not \`${text}\``, 'such as --score against=species')
  return column
}

async function finish(
  context: Context,
  { selection, best }: SelectPort,
  partial: boolean,
  options: SelectCommandOptions,
): Promise<number> {
  const { host, out, err } = context
  if (options.out !== undefined && best !== null) await host.write(options.out, jsonText(best.toJSON()))
  if (options.json === true) printJson(context, selection.toJSON())
  else host.stdout(selectionReport(selection, host.width, out))
  for (const { reason, model, set } of selection.candidates)
    if (reason !== null) {
      const values = Object.entries(set).map(([name, value]) => `${name} = ${JSON.stringify(value)}`)
      host.stderr(
        `${err.diagnostic('warning', 'warning')}: ${printable([model, ...values].join(', '))}: ${printable(reason)}\n`,
      )
    }
  if (partial) return exitCodes.interrupted
  if (best === null) return exitCodes.fit
  return options.strict === true && !best.toJSON().converged ? exitCodes.fit : exitCodes.done
}
