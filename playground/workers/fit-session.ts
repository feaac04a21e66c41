/** What the fit worker keeps: files that were read, the model over them in each mode, and the runs. */
import type { FitCheckpoint } from '../../api/checkpoint-document.js'
import { compileOrThrow } from '../../api/compile.js'
import { OptionError } from '../../api/errors.js'
import type { Fit } from '../../api/fit.js'
import { type ModeOfFits, modesOfFits, type Stepper } from '../../api/stepper.js'
import { readTable } from '../../runtime/data/read-table.js'
import type { Table } from '../../runtime/data/types.js'
import type { FitProgress } from '../../runtime/search.js'
import { jumpsIn, scheduleOf } from '../session/modes.js'
import type { RunControls } from '../session/project.js'
import type { Mode, TraceView } from '../session/view.js'
import { besideView } from './beside.js'
import { boundContour, boundCurve, boundRunOf } from './bound-views.js'
import { chosen } from './choosing.js'
import { ofProblem } from './complaints.js'
import { drawn } from './drawing.js'
import { summaryOf } from './fit-summary.js'
import { intervalsOf } from './intervals.js'
import { finished, keptFit } from './kept-fit.js'
import { KeptRun } from './kept-run.js'
import { madeFile } from './made-file.js'
import type { BeginRequest, BindingView, Complaint, FitCalls, FitMessage, FitRequest, GivenFile } from './messages.js'
import { type Engine, ModelOverData } from './model-over-data.js'
import { newRows } from './new-rows.js'
import { refusedModes } from './refused-modes.js'
import { residualViews } from './residual-views.js'
import { preview } from './tables.js'

/** Milliseconds between two messages of progress. */
const PROGRESS = 100

type Parts<C> = {
  readonly [K in keyof C]: C[K] extends (request: infer R) => infer V ? (request: R) => V | Promise<V> : never
}

export class FitSession implements Parts<FitCalls> {
  private readonly tables = new Map<string, Table>()
  private readonly runs = new Map<number, KeptRun>()
  private over: ModelOverData | null = null
  private stopping = false

  constructor(
    private readonly engine: Engine,
    private readonly tell: (message: FitMessage) => void,
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
    const over = this.modelOver(source, controls, [...this.tables.values()])
    this.over = over
    const stepper = over.stepperOf('em', { ...controls, standardize: false, fix: new Map() })
    return {
      data: over.dataOf(stepper),
      rowSizes: over.rowSizes(),
      sizes: [...stepper.data.sizes],
      warnings: stepper.data.warnings.map(ofProblem),
    }
  }

  private modelOver(source: string, controls: RunControls, tables: readonly Table[]): ModelOverData {
    return new ModelOverData(compileOrThrow({ name: 'model.estep', text: source }), tables, controls, this.engine)
  }

  private bound(): ModelOverData {
    if (this.over === null) throw new OptionError('the model and its data do not fit together yet')
    return this.over
  }

  refusedModes() {
    return refusedModes(this.bound())
  }

  async begin({ run, controls, mode, sameAs, params, label }: BeginRequest) {
    const over = this.bound()
    const stepper = over.stepperOf(mode, controls)
    const start = await this.startOf(stepper, controls, params, this.runs.get(sameAs ?? -1))
    const point = await stepper.expect(start)
    if (!(point.objective < Number.POSITIVE_INFINITY))
      throw new OptionError('the log-likelihood is not defined at this start: take another one')
    const viewer = over.viewerOf(mode, controls)
    const first = { ...point, elboAfterM: Number.NaN }
    const kept = new KeptRun(run, mode, controls.seed, label, stepper, viewer, [point.objective], first)
    // under a factorised posterior the E-step begins at the q of this one
    kept.keep(point)
    return this.keep(kept, over, controls)
  }

  private keep(kept: KeptRun, over: ModelOverData, controls: RunControls) {
    this.put(kept, over, controls)
    return kept.view()
  }

  private put(kept: KeptRun, over: ModelOverData, controls: RunControls): void {
    kept.madeUnder({ source: over.source, controls: { ...controls, ...over.bindingControls } })
    if (kept.stepper.logJacobian !== 0) kept.data = over.dataOf(kept.stepper)
    this.runs.set(kept.id, kept)
  }

  /** The params given, or those that another run began at, as far as the model has them; else a new start. */
  private async startOf(
    stepper: Stepper<Fit>,
    controls: RunControls,
    given: Float64Array | null,
    same: KeptRun | undefined,
  ): Promise<Float64Array> {
    const length = stepper.layout.reduce((n, p) => n + p.length, 0)
    const flat = given ?? (same?.stepper.logJacobian === stepper.logJacobian ? same.iterates[0]?.params : undefined)
    const isLaidOutSo = same === undefined || sameLayout(same.stepper, stepper)
    if (flat !== undefined && flat !== null && flat.length === length && isLaidOutSo) return flat.slice()
    const { seed, init, start } = controls
    const fresh = await stepper.start({ seed, init, ...(start.size === 0 ? {} : { start }) })
    if (same === undefined || flat === undefined || flat === null) return fresh
    for (const p of stepper.layout) {
      const other = same.stepper.layout.find((o) => o.name === p.name && o.shape.join() === p.shape.join())
      if (other !== undefined) fresh.set(flat.subarray(other.offset, other.offset + other.length), p.offset)
    }
    return fresh
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
      report(point.iteration, point.objective, () => kept.traces(), point.params),
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
      this.tell({ kind: 'progress', run, iteration, objective, traces: traces(), params: params?.slice() ?? null })
    }
  }

  async fit(request: FitRequest) {
    const { run, controls, mode, resume } = request
    const over = this.bound()
    const stepper = over.stepperOf(mode, controls)
    this.stopping = false
    const traces: number[][] = []
    let best = Number.NEGATIVE_INFINITY
    const report = this.reporter(run)
    const { seed, restarts, init, start, tolerance, maxIterations, accelerate } = controls
    const { fit, stopped } = await finished(
      stepper.fit({
        seed,
        // the others begin with one start of their own accord
        ...(isOfFits(mode) ? {} : { restarts }),
        init,
        tolerance,
        maxIterations,
        accelerate: jumpsIn(mode) ? accelerate : null,
        ...scheduleOf({ ...controls, mode }),
        ...(isOfFits(mode) ? { mode } : {}),
        signal: this.signal,
        ...(start.size === 0 ? {} : { start }),
        checkpoint: (at: FitCheckpoint) => this.tell({ kind: 'checkpoint', run, state: JSON.stringify(at) }),
        ...(resume === null ? {} : { resume: JSON.parse(resume) as FitCheckpoint }),
        onIteration: ({ start: index, iteration, objective, params }: FitProgress) => {
          traces[index] ??= []
          traces[index].push(objective)
          const isBest = objective >= best
          if (isBest) best = objective
          report(iteration, objective, () => this.underWay(traces, seed), isBest ? params : null)
        },
      }),
    )
    const kept = keptFit(request, fit, stepper, over.viewerOf(mode, controls), stopped)
    return { state: await this.keep(kept, over, controls), summary: summaryOf(fit) }
  }

  private underWay(traces: readonly (readonly number[])[], seed: number): readonly TraceView[] {
    return traces.flatMap((objectives, i) =>
      objectives === undefined
        ? []
        : [{ seed: seed + i, objectives: [...objectives], brief: true, degenerate: false, best: false }],
    )
  }

  intervals(request: Parameters<FitCalls['intervals']>[0]) {
    this.stopping = false
    return intervalsOf(
      this.run(request.run),
      request,
      this.signal,
      this.sayer((done, of) => `fit ${done} of ${of}`),
    )
  }

  residuals({ run }: Parameters<FitCalls['residuals']>[0]) {
    return residualViews(this.run(run))
  }

  file({ run, kind }: Parameters<FitCalls['file']>[0]) {
    return madeFile(this.bound().tables, this.run(run), kind)
  }

  beside({ run, other }: Parameters<FitCalls['beside']>[0]) {
    return besideView(this.run(run), this.run(other))
  }

  newRows({ run, files }: Parameters<FitCalls['newRows']>[0]) {
    return newRows(this.run(run), files, this.engine)
  }

  choose(request: Parameters<FitCalls['choose']>[0]) {
    this.stopping = false
    return chosen(this.bound(), request, this.signal, (text) => this.tell({ kind: 'said', text }))
  }

  private sayer(words: (done: number, of: number) => string) {
    let last = 0
    return (done: number, of: number): void => {
      if (Date.now() - last < PROGRESS) return
      last = Date.now()
      this.tell({ kind: 'said', text: words(done, of) })
    }
  }

  draw(request: Parameters<FitCalls['draw']>[0]) {
    return drawn(this.bound(), this.run(request.run), request)
  }

  forget({ runs }: { readonly runs: readonly number[] }): null {
    for (const id of runs) this.runs.delete(id)
    return null
  }

  restore({ state, kept, files }: Parameters<FitCalls['restore']>[0]): null {
    const { source, controls } = kept.over
    const now = this.over
    const isNow = files === null && now?.isLike(source, controls) === true
    const tables = files === null ? [...this.tables.values()] : tablesIn(files)
    const over = isNow ? now : this.modelOver(source, controls, tables)
    const { mode } = state.run
    const run = KeptRun.restored(state, kept, over.stepperOf(mode, controls), over.viewerOf(mode, controls))
    this.put(run, over, controls)
    return null
  }

  emit({ source }: { readonly source: string }): Promise<string> {
    return compileOrThrow({ name: 'model.estep', text: source }).emit('js')
  }

  async density({ run, density }: Parameters<FitCalls['density']>[0]) {
    const drawn = await this.run(run).drawn()
    return drawn === null ? null : drawn.pictures.curves(density, drawn.params, density.x)
  }

  async ellipses({ run, x, y }: Parameters<FitCalls['ellipses']>[0]) {
    const drawn = await this.run(run).drawn()
    return drawn === null ? null : drawn.pictures.ellipses(x, y, drawn.params)
  }

  async lines({ run, x, y, at }: Parameters<FitCalls['lines']>[0]) {
    const drawn = await this.run(run).drawn()
    return drawn === null ? null : drawn.pictures.lines(x, y, drawn.params, at)
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

const isOfFits = (mode: Mode): mode is ModeOfFits => modesOfFits.some((m) => m === mode)

const tablesIn = (files: readonly GivenFile[]): readonly Table[] =>
  files.flatMap(({ name, content }) => {
    const { value } = content === null ? {} : readTable(name, content)
    return value === undefined ? [] : [value]
  })

const sameLayout = (a: Stepper<Fit>, b: Stepper<Fit>): boolean =>
  a.layout.length === b.layout.length &&
  a.layout.every((p, i) => p.name === b.layout[i]?.name && p.length === b.layout[i]?.length)
