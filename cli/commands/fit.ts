import type { DataStream } from '../../runtime/data/types.js'
import type { FitResult } from '../../runtime/result.js'
import { type Against, against, labelColumn } from '../against.js'
import { type Checkpoints, checkpointHelp, checkpoints } from '../checkpoint-file.js'
import { type Context, jsonText, printDiagnostics, printJson, printProblems } from '../context.js'
import { exitCodes, UsageError } from '../exit-codes.js'
import { parseFixed } from '../fixed-values.js'
import { parseSet } from '../literal.js'
import { type DataOptions, loadData, requireData } from '../load-data.js'
import { loadModel } from '../load-model.js'
import type { Backend, DataRequest, FitCall, FitMode, FitPort } from '../ports.js'
import { createProgress } from '../progress.js'
import { fitReport } from '../render/fit-report.js'
import { formatObjective } from '../render/numbers.js'
import { printable } from '../render/paint.js'
import { warningLines } from '../render/warning-lines.js'
import { parseSchedule } from '../schedule.js'
import { readStart } from '../start-values.js'
import { gigabytes } from '../stream/byte-sizes.js'
import { watch } from './watch.js'

export interface FitCommandOptions extends DataOptions {
  readonly set?: readonly string[]
  readonly start?: readonly string[]
  readonly fix?: readonly string[]
  readonly init?: string
  readonly mode: FitMode
  readonly batch?: number
  readonly schedule?: readonly string[]
  readonly seed: number
  readonly restarts?: number
  readonly tol: number
  readonly maxIter: number
  readonly floor: number
  readonly maxTime?: number
  readonly accelerate?: true | 'squarem' | 'anderson'
  readonly mStep: 'auto' | 'gradient'
  readonly backend?: Backend
  readonly threads?: number
  readonly against?: string
  readonly trace?: boolean
  readonly standardize?: boolean
  readonly errors?: 'none' | 'information' | 'sandwich' | 'bootstrap' | 'parametric'
  readonly replicates?: number
  readonly weights?: 'frequency' | 'sampling'
  readonly strict?: boolean
  readonly out?: string
  readonly json?: boolean
  readonly checkpoint?: string
  readonly checkpointEvery?: number
  readonly resume?: string
  readonly watch?: boolean
}

/** `estep fit MODEL --data FILE`. */
export function fit(context: Context, path: string, options: FitCommandOptions): Promise<number> {
  const once = (own: Context): Promise<number> => fitOnce(own, path, options)
  return options.watch === true ? watch(context, path, options, once) : once(context)
}

async function fitOnce(context: Context, path: string, options: FitCommandOptions): Promise<number> {
  const json = options.json === true
  const loaded = await loadModel(context, path, json)
  if (loaded === null) return exitCodes.model
  const data = await loadData(context, options, true)
  requireData(loaded.model.declarations, data, options.set ?? [])
  refuseAgainst(data, options)
  const kept = await checkpoints(context, options)
  const outcome = await runFit(context, loaded.model, data, options, kept)
  switch (outcome.kind) {
    case 'fit':
      sayWhereToGoOn(context, outcome.fit.toJSON().stop, kept)
      return finish(context, outcome.fit, outcome.partial, data, options)
    case 'aborted':
      context.host.stderr('interrupted before the first iteration: there is nothing to write\n')
      return exitCodes.interrupted
    case 'data':
      printProblems(context, outcome.problems, json)
      return exitCodes.data
    case 'model':
      printDiagnostics(context, outcome.diagnostics, loaded.source)
      if (json) printJson(context, { ok: false, diagnostics: outcome.diagnostics })
      return exitCodes.model
    case 'usage':
      throw new UsageError(outcome.message, outcome.help ?? (kept.resume === null ? null : checkpointHelp))
    case 'failed':
      if (json) printJson(context, { ok: false, problems: [{ code: outcome.code, message: outcome.message }] })
      context.host.stderr(
        `${context.err.diagnostic('error', `error[${outcome.code}]`)}: ${printable(outcome.message)}\n`,
      )
      return exitCodes.fit
  }
}

/** Known labels are compared with a label for each row. */
function refuseAgainst(data: DataRequest, options: FitCommandOptions): void {
  if (options.against === undefined) return
  labelColumn(options.against, data.tables)
  const large = data.tables.find((table) => table.all !== undefined)
  if (large === undefined) return
  throw new UsageError(
    `--against needs the rows of ${large.source} in memory, where they do not fit`,
    'predict for some of the rows and compare these, or give more --memory',
  )
}

function streamLine({ source, rows, columns, window, scratchBytes }: DataStream): string {
  const count = (n: number): string => n.toLocaleString('en-US')
  const from = scratchBytes === 0 ? '' : `, from a scratch file of ${gigabytes(scratchBytes)}`
  const most = Math.min(window, rows)
  return `streaming ${count(rows)} rows × ${columns} of ${source}: ${count(most)} rows at a time${from}\n`
}

/** Runs what takes the options of a fit: a fit, or a selection among fits. */
export async function runFit<Result extends { readonly kind: string; readonly message?: string }>(
  context: Context,
  model: { fit(data: DataRequest, call: FitCall): Promise<Result> },
  data: DataRequest,
  options: FitCommandOptions,
  kept: Checkpoints | null = null,
): Promise<Result> {
  const set = parseSet(options.set)
  const fix = parseFixed(options.fix, options.start)
  const start = await readStart(context, options.init, options.start ?? [])
  const controller = new AbortController()
  const release = context.host.onInterrupt(() => controller.abort())
  const progress = createProgress(context.host, ({ phase, start: index, starts, iteration, objective }) => ({
    text: `start ${index + 1} of ${starts}${phase === 'brief' ? ' (brief)' : ''}, iteration ${iteration}, objective ${formatObjective(objective)}`,
    share: (index + 1) / starts,
  }))
  try {
    const outcome = await model.fit(data, {
      set,
      fix,
      start: start.values,
      init: start.init,
      mode: options.mode,
      batch: options.batch ?? null,
      schedule: parseSchedule(options.schedule),
      seed: options.seed,
      restarts: options.restarts ?? null,
      tolerance: options.tol,
      maxIterations: options.maxIter,
      floor: options.floor,
      maxTime: options.maxTime ?? null,
      accelerate: options.accelerate === true ? 'squarem' : (options.accelerate ?? null),
      trace: options.trace === true,
      standardize: options.standardize === true,
      errors: options.errors ?? null,
      replicates: options.replicates ?? null,
      weights: options.weights ?? null,
      mStep: options.mStep,
      backend: options.backend ?? null,
      threads: options.threads ?? null,
      memory: options.memory ?? null,
      checkpoint: kept?.checkpoint ?? null,
      resume: kept?.resume ?? null,
      signal: controller.signal,
      onStream: (stream) => context.host.stderr(streamLine(stream)),
      onIteration: progress.update,
    })
    const isOfStart = outcome.kind === 'usage' && start.of !== null && outcome.message?.includes('start value') === true
    return isOfStart ? { ...outcome, help: start.of } : outcome
  } finally {
    progress.clear()
    release()
  }
}

/** A fit that was broken off can go on. */
function sayWhereToGoOn({ host }: Context, stop: FitResult['stop'], { path }: Checkpoints): void {
  if (path === null || (stop !== 'aborted' && stop !== 'max-time')) return
  host.stderr(`the fit has not ended: it goes on where it stands with --resume ${printable(path)}\n`)
}

async function finish(
  context: Context,
  done: FitPort,
  partial: boolean,
  data: DataRequest,
  options: FitCommandOptions,
): Promise<number> {
  const { host, out, err } = context
  const result = done.toJSON()
  if (result.stop === 'numerical') return numericalFailure(context, result, options)
  let agreement: Against | null = null
  if (options.against !== undefined) {
    try {
      agreement = against(options.against, data.tables, done.posterior() ?? [], done.rows(data))
    } catch (e) {
      // there is nothing to compare with: the fit is not lost
      if (options.out !== undefined) await host.write(options.out, jsonText(result))
      throw e
    }
  }
  const document = agreement === null ? result : { ...result, against: agreement }
  if (options.out !== undefined) await host.write(options.out, jsonText(document))
  if (options.json === true) printJson(context, document)
  else host.stdout(fitReport(result, done.layout, agreement, host.width, out))
  host.stderr(warningLines(result.warnings, err))
  if (partial) return exitCodes.interrupted
  return options.strict === true && !result.converged ? exitCodes.fit : exitCodes.done
}

/** Every start led to something that is no number: there is nothing to show, and no file is written. */
function numericalFailure(context: Context, result: FitResult, options: FitCommandOptions): number {
  const { host, err } = context
  if (options.json === true) printJson(context, result)
  for (const { code, message } of result.warnings) {
    const severity = code === 'W529' ? 'error' : 'warning'
    host.stderr(`${err.diagnostic(severity, `${severity}[${code}]`)}: ${printable(message)}\n`)
  }
  host.stderr('  = help: look for extreme values in the data, or give another start with --start or --init\n')
  return exitCodes.fit
}
