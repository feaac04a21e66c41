/** What the fit worker keeps: files that were read, the model over them in each mode, and the runs. */
import { compileOrThrow } from '../../api/compile.js'
import { OptionError } from '../../api/errors.js'
import type { Fit } from '../../api/fit.js'
import type { Model } from '../../api/model.js'
import type { FitCallOptions } from '../../api/options.js'
import type { Stepper } from '../../api/stepper.js'
import { readTable } from '../../runtime/data/read-table.js'
import type { Table } from '../../runtime/data/types.js'
import { AbortError } from '../../runtime/errors.js'
import type { FitResult } from '../../runtime/result.js'
import type { FitProgress } from '../../runtime/search.js'
import type { RunControls } from '../session/project.js'
import type { Mode, TraceView } from '../session/view.js'
import { boundContour, boundCurve, boundRunOf } from './bound-views.js'
import { ofProblem, plain } from './complaints.js'
import { KeptRun } from './kept-run.js'
import { literalsOf } from './literals.js'
import type { BeginRequest, BindingView, Complaint, FitCalls, FitProgressMessage, FitSummary, GivenFile } from './messages.js'
import { preview } from './tables.js'
import { dataViews } from './views.js'

/** Milliseconds between two messages of progress. */
const PROGRESS = 100

/** How the host runs fits: workers, and whether scripts may be generated. */
export type Engine = Pick<FitCallOptions, 'backend' | 'javascript' | 'threads' | 'spawn'>

type Parts<C> = {
  readonly [K in keyof C]: C[K] extends (request: infer R) => infer V ? (request: R) => V | Promise<V> : never
}

interface Over {
  readonly source: string
  readonly model: Model
  readonly tables: readonly Table[]
  readonly controls: RunControls
  readonly steppers: Map<Mode, Stepper<Fit>>
}

export class FitSession implements Parts<FitCalls> {
  private readonly tables = new Map<string, Table>()
  private readonly runs = new Map<number, KeptRun>()
  private over: Over | null = null
  private stopping = false

  constructor(
    private readonly engine: Engine,
    private readonly progress: (message: FitProgressMessage) => void,
  ) {}

  /** Between two iterations. */
  stop(): void {
    this.stopping = true
  }

  load({ files }: Parameters<FitCalls['load']>[0]): ReturnType<FitCalls['load']> {
    const kept = new Set(files.map((f) => f.name))
    for (const name of this.tables.keys()) if (!kept.has(name)) this.tables.delete(name)
    const complaints: Complaint[] = []
    for (const { name, content } of files) {
      if (content === null) continue
      const { value, problems } = readTable(name, content)
      complaints.push(...problems.map(ofProblem))
      if (value === undefined) this.tables.delete(name)
      else this.tables.set(name, value)
    }
    return { files: files.flatMap(({ name }) => this.previewOf(name)), complaints }
  }

  private previewOf(name: string) {
    const table = this.tables.get(name)
    return table === undefined ? [] : [preview(table)]
  }

  bind({ source, controls }: Parameters<FitCalls['bind']>[0]): BindingView {
    const over = overOf(source, controls, [...this.tables.values()])
    this.over = over
    const stepper = this.stepperOf(over, controls.mode)
    const { set } = bindingOptions(over)
    return {
      data: dataViews(stepper, over.model.declarations(set)),
      sizes: [...stepper.data.sizes],
      warnings: stepper.data.warnings.map(ofProblem),
    }
  }

  private stepperOf(over: Over, mode: Mode): Stepper<Fit> {
    const known = over.steppers.get(mode)
    if (known !== undefined) return known
    const options = { ...this.engine, ...bindingOptions(over), mode, seed: over.controls.seed }
    const made = over.model.stepper(over.tables, options)
    over.steppers.set(mode, made)
    return made
  }

  private bound(): Over {
    if (this.over === null) throw new OptionError('the model and its data do not fit together yet')
    return this.over
  }

  async begin({ run, controls, mode, sameAs, params, label }: BeginRequest) {
    const over = this.bound()
    const stepper = this.stepperOf(over, mode)
    const start = await this.startOf(stepper, controls, params ?? this.runs.get(sameAs ?? -1)?.iterates[0]?.params)
    const point = await stepper.expect(start)
    if (!(point.objective < Number.POSITIVE_INFINITY))
      throw new OptionError('the log-likelihood is not defined at this start: take another one')
    const begin = { ...point, elboAfterM: Number.NaN }
    const kept = new KeptRun(run, mode, controls.seed, label, stepper, [point.objective], begin, over)
    this.runs.set(kept.id, kept)
    return kept.view()
  }

  /** The params given, where the model has as many; else a new start. */
  private async startOf(
    stepper: Stepper<Fit>,
    controls: RunControls,
    same: Float64Array | undefined,
  ): Promise<Float64Array> {
    const fits = same !== undefined && same.length === stepper.layout.reduce((n, p) => n + p.length, 0)
    if (fits) return same.slice()
    const { seed, init, start } = controls
    return stepper.start({ seed, init, ...(start.size === 0 ? {} : { start }) })
  }

  private run(id: number): KeptRun {
    const run = this.runs.get(id)
    if (run === undefined) throw new OptionError('this run is no longer kept')
    return run
  }

  async step({ run }: { readonly run: number }) {
    const kept = this.run(run)
    await kept.step()
    return kept.view()
  }

  async show({ run, position }: { readonly run: number; readonly position: number }) {
    const kept = this.run(run)
    kept.position = Math.max(0, Math.min(kept.last, Math.round(position)))
    return kept.view()
  }

  async finish({ run }: { readonly run: number }) {
    const kept = this.run(run)
    this.stopping = false
    const report = this.reporter(run)
    await kept.finish(this.signal, (point) =>
      report(
        point.iteration,
        point.objective,
        () => [
          { seed: kept.seed, objectives: [...kept.objectives], brief: false, degenerate: false, best: true },
          ...kept.others,
        ],
        point.params,
      ),
    )
    return kept.view()
  }

  private get signal(): { readonly aborted: boolean } {
    const isStopping = () => this.stopping
    return {
      get aborted() {
        return isStopping()
      },
    }
  }

  private reporter(run: number) {
    let last = Date.now()
    return (
      iteration: number,
      objective: number,
      traces: () => readonly TraceView[],
      params: Float64Array | null,
    ): void => {
      if (Date.now() - last < PROGRESS) return
      last = Date.now()
      this.progress({ kind: 'progress', run, iteration, objective, traces: traces(), params: params?.slice() ?? null })
    }
  }

  async fit({ run, controls, mode, label }: BeginRequest) {
    const over = this.bound()
    const stepper = this.stepperOf(over, mode)
    this.stopping = false
    const traces: number[][] = []
    let best = Number.NEGATIVE_INFINITY
    const report = this.reporter(run)
    const { seed, restarts, init, start, tolerance, maxIterations } = controls
    const options = {
      seed,
      restarts,
      init,
      tolerance,
      maxIterations,
      signal: this.signal,
      ...(start.size === 0 ? {} : { start }),
      onIteration: ({ start: index, iteration, objective, params }: FitProgress) => {
        traces[index] ??= []
        traces[index].push(objective)
        if (objective >= best) {
          best = objective
          report(iteration, objective, () => this.underWay(traces, seed), params)
        } else report(iteration, objective, () => this.underWay(traces, seed), null)
      },
    }
    const { fit, stopped } = await finished(stepper.fit(options))
    const kept = keptRun({ run, mode, label, seed, over }, fit, stepper, stopped)
    this.runs.set(kept.id, kept)
    return { state: await kept.view(), summary: summaryOf(fit) }
  }

  private underWay(traces: readonly (readonly number[])[], seed: number): readonly TraceView[] {
    return traces.flatMap((objectives, i) =>
      objectives === undefined
        ? []
        : [{ seed: seed + i, objectives: [...objectives], brief: true, degenerate: false, best: false }],
    )
  }

  forget({ runs }: { readonly runs: readonly number[] }): null {
    for (const id of runs) this.runs.delete(id)
    return null
  }

  restore({ state, kept, files }: Parameters<FitCalls['restore']>[0]): null {
    const { source, controls } = kept.over
    const now = this.over
    const isNow = files === null && now?.source === source && bindsAlike(now.controls, controls)
    const over = isNow ? now : overOf(source, controls, files === null ? [...this.tables.values()] : tablesIn(files))
    this.runs.set(state.run.id, KeptRun.restored(state, kept, this.stepperOf(over, state.run.mode)))
    return null
  }

  emit({ source }: { readonly source: string }): Promise<string> {
    return compileOrThrow({ name: 'model.estep', text: source }).emit('js')
  }

  density({ run, density }: Parameters<FitCalls['density']>[0]) {
    const kept = this.run(run)
    return kept.stepper.pictures.curves(density, kept.shown.params, density.x)
  }

  ellipses({ run, x, y }: Parameters<FitCalls['ellipses']>[0]) {
    const kept = this.run(run)
    return kept.stepper.pictures.ellipses(x, y, kept.shown.params)
  }

  lines({ run, x, y, at }: Parameters<FitCalls['lines']>[0]) {
    const kept = this.run(run)
    return kept.stepper.pictures.lines(x, y, kept.shown.params, at)
  }

  async directions({ run }: { readonly run: number }) {
    const kept = this.run(run)
    return kept.stepper.pictures.directions(await boundRunOf(kept))
  }

  boundCurve({ run, direction, points }: Parameters<FitCalls['boundCurve']>[0]) {
    return boundCurve(this.run(run), direction, points)
  }

  boundContour({ run, points }: Parameters<FitCalls['boundContour']>[0]) {
    return boundContour(this.run(run), points)
  }
}

const overOf = (source: string, controls: RunControls, tables: readonly Table[]): Over => ({
  source,
  model: compileOrThrow({ name: 'model.estep', text: source }),
  tables,
  controls,
  steppers: new Map(),
})

const tablesIn = (files: readonly GivenFile[]): readonly Table[] =>
  files.flatMap(({ name, content }) => {
    const { value } = content === null ? {} : readTable(name, content)
    return value === undefined ? [] : [value]
  })

/** The same model over the same data, whose draws are the same too. */
function bindsAlike(a: RunControls, b: RunControls): boolean {
  const key = (c: RunControls): string => JSON.stringify([[...c.set], [...c.columns], c.groupBy, c.seed])
  return key(a) === key(b)
}

/** How data binds under these controls. */
function bindingOptions({ model, controls }: Pick<Over, 'model' | 'controls'>) {
  const consts = new Set(model.typed.symbols.flatMap((s) => (s.kind === 'const' || s.kind === 'data' ? [s.name] : [])))
  const set = new Map([...literalsOf(controls.set)].filter(([name]) => consts.has(name)))
  const data = new Set(model.declarations(set).map((d) => d.name))
  const columns = new Map([...controls.columns].filter(([name, list]) => data.has(name) && list.length > 0))
  return { set, columns, groupBy: controls.groupBy }
}

/** A fit, whole or as far as it came when it was stopped. */
async function finished(running: Promise<Fit>): Promise<{ readonly fit: Fit; readonly stopped: boolean }> {
  try {
    return { fit: await running, stopped: false }
  } catch (error) {
    if (!(error instanceof AbortError) || error.partial === null) throw error
    return { fit: error.partial as Fit, stopped: true }
  }
}

function keptRun(
  {
    run,
    mode,
    label,
    seed,
    over,
  }: Pick<BeginRequest, 'run' | 'mode' | 'label'> & { readonly seed: number; readonly over: Over },
  fit: Fit,
  stepper: Stepper<Fit>,
  stopped: boolean,
): KeptRun {
  const [start, ...rest] = fit.iterates ?? []
  if (start === undefined)
    throw new OptionError(fit.warnings.map((w) => w.message).join('; ') || 'no start gave a number')
  const best = bestStart(fit)
  const own = fit.starts[best]?.seed ?? seed
  const begin = { ...start, elboAfterM: Number.NaN }
  const kept = new KeptRun(run, mode, own, label, stepper, [...fit.trace], begin, over)
  // a row holds the bound after the M-step that leaves it
  rest.forEach((row, i) => {
    kept.add({ ...row, elboAfterM: fit.iterates?.[i]?.elboAfterM ?? Number.NaN })
  })
  kept.position = kept.last
  kept.status = stopped ? 'stopped' : fit.converged ? 'converged' : fit.result.stop === 'numerical' ? 'failed' : 'limit'
  kept.others = (fit.traces ?? []).flatMap((objectives, i): readonly TraceView[] => {
    const end = fit.starts[i]
    return i === best || end === undefined
      ? []
      : [{ seed: end.seed, objectives, brief: end.brief, degenerate: end.degenerate, best: false }]
  })
  if (kept.status === 'failed') kept.complaint = plain(fit.warnings.at(-1)?.message ?? 'a step gave no number')
  return kept
}

/** The start that led to the result. */
function bestStart(fit: Fit): number {
  const { objective } = fit.result
  const found = fit.starts.findIndex((s) => s.objective === objective && !s.brief)
  return Math.max(0, found)
}

const number = (x: FitResult['objective']): number =>
  typeof x === 'number' ? x : x === '-Infinity' ? Number.NEGATIVE_INFINITY : Number.NaN

function summaryOf(fit: Fit): FitSummary {
  const { result } = fit
  const { iterates: _, ...file } = result
  return {
    logLikelihood: fit.logLikelihood,
    objective: fit.objective,
    bic: number(result.bic),
    aic: number(result.aic),
    parameters: result.parameters,
    observations: result.observations,
    converged: fit.converged,
    stop: result.stop,
    iterations: result.iterations,
    bound: result.bound,
    warnings: fit.warnings.map(({ code, message }) => ({ code, message, help: null })),
    file: `${JSON.stringify(file, null, 1)}\n`,
  }
}
