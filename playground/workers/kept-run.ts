/**
 * One run with the iterates that can be gone back to. Half-step 0 is the start, 1 its E-step, 2 the M-step after it, and so
 * on: after half-step h the params are θ(⌊h/2⌋). Params are kept as they were, so that going back gives the same bits.
 */
import type { Fit } from '../../api/fit.js'
import type { Stepper } from '../../api/stepper.js'
import type { EmPoint } from '../../runtime/em-step.js'
import type { ArrayView, Mode, ParamView, PointView, RunView, TraceView } from '../session/view.js'
import { plain } from './complaints.js'
import { type Iterate, packed, type RunNews, unpacked } from './kept-iterates.js'
import type { Complaint, RunState } from './messages.js'
import { nestedView } from './nested-view.js'
import type { PointViewer } from './point-viewer.js'

/** Numbers that iterates may take; beyond it every second one is forgotten. */
const MOST_NUMBERS = 8e6

export class KeptRun {
  readonly iterates: Iterate[] = []
  /** E-steps that are not made anew: of the last iterate, and of all where q depends on the one before. */
  private readonly points = new Map<number, EmPoint>()
  position = 0
  status: RunView['status'] = 'ready'
  others: readonly TraceView[] = []
  complaint: Complaint | null = null
  /** The fit at its last iterate, where one was made. */
  fit: Fit | null = null
  /** The data in the units of the run, where these are others. */
  data: readonly ArrayView[] | null = null
  /** Every how many iterations one is kept. */
  private stride = 1
  /** The iteration that the page has been told of last. */
  private told = -1
  /** Text and controls that it was made under. */
  private made: RunNews['over'] | null = null

  constructor(
    readonly id: number,
    readonly mode: Mode,
    readonly seed: number,
    readonly label: string,
    readonly stepper: Stepper<Fit>,
    private readonly viewer: PointViewer,
    /** In the units of the steps. */
    readonly objectives: number[],
    start: Iterate,
  ) {
    this.add(start)
  }

  /** A run as the page has kept it, when the worker that made it was ended. */
  static restored(
    { run, position, complaint }: RunState,
    { stride, iterates }: RunNews,
    stepper: Stepper<Fit>,
    viewer: PointViewer,
  ): KeptRun {
    const [start, ...rest] = unpacked(iterates)
    const inSteps = run.traces.map((t) => ({ ...t, objectives: t.objectives.map((x) => x - stepper.logJacobian) }))
    const [own, ...others] = inSteps
    if (start === undefined || own === undefined) throw new Error('a run has a start')
    const kept = new KeptRun(run.id, run.mode, run.seed, run.label, stepper, viewer, own.objectives, start)
    kept.iterates.push(...rest)
    for (const point of iterates.points) kept.points.set(point.iteration, point)
    kept.stride = stride
    kept.told = kept.end.iteration
    kept.position = Math.max(0, Math.min(kept.last, position))
    kept.status = run.status
    kept.others = others
    kept.complaint = complaint
    return kept
  }

  /** Text and controls that it was made under go to the page with its iterates. */
  madeUnder({ source, controls }: RunNews['over']): void {
    this.made = { source, controls }
  }

  /** What the page has not been told yet; null where there is nothing. */
  private news(): RunNews | null {
    const fresh = this.iterates.filter(({ iteration }) => iteration > this.told)
    if (fresh.length === 0 || this.made === null) return null
    const points = fresh.flatMap(({ iteration }) => {
      const point = this.points.get(iteration)
      return point?.expectation.q === undefined ? [] : [point]
    })
    this.told = this.end.iteration
    return { over: this.made, stride: this.stride, iterates: packed(fresh, points) }
  }

  /** The last half-step that has been made, or could be shown without a new iterate. */
  get last(): number {
    return 2 * this.iterates.length - 1
  }

  /** The iterate whose params are shown. */
  get shown(): Iterate {
    return this.iterates[Math.floor(this.position / 2)] ?? this.end
  }

  get end(): Iterate {
    const end = this.iterates.at(-1)
    if (end === undefined) throw new Error('a run has a start')
    return end
  }

  /** With its E-step where that has been made. */
  add({ iteration, params, objective, elboAfterM }: Iterate, point: EmPoint | null = null): void {
    const before = this.iterates.at(-1)
    // between kept iterates the newest stands for those after the last multiple of the stride
    if (before !== undefined && before.iteration % this.stride !== 0) this.drop(this.iterates.length - 1)
    this.iterates.push({ iteration, params: params.slice(), objective, elboAfterM })
    this.fit = null
    if (point?.expectation.q === undefined) this.points.clear()
    if (point !== null) this.points.set(iteration, point)
    if (this.iterates.length * params.length > MOST_NUMBERS) this.thin()
  }

  /** The E-step at the newest iterate, which has been made. */
  keep(point: EmPoint): void {
    this.points.set(point.iteration, point)
  }

  private thin(): void {
    this.stride *= 2
    for (let i = this.iterates.length - 2; i > 0; i--)
      if ((this.iterates[i]?.iteration ?? 0) % this.stride !== 0) this.drop(i)
  }

  private drop(index: number): void {
    const [gone] = this.iterates.splice(index, 1)
    if (gone !== undefined) this.points.delete(gone.iteration)
  }

  /** The E-step at an iterate: the same bits whenever it is asked for. */
  async pointAt(index: number): Promise<EmPoint> {
    const iterate = this.iterates[index] ?? this.end
    const known = this.points.get(iterate.iteration)
    if (known !== undefined) return known
    const point = await this.stepper.expect(iterate.params, iterate.iteration)
    return point
  }

  endPoint(): Promise<EmPoint> {
    return this.pointAt(this.iterates.length - 1)
  }

  /** One half-step on; a new iterate is made where the run stands after its last E-step. */
  async step(): Promise<void> {
    if (this.position < this.last) {
      this.position++
      return
    }
    await this.advance()
    this.position = Math.min(this.position + 1, this.last)
  }

  private async advance(): Promise<void> {
    const point = await this.endPoint()
    const move = await this.stepper.advance(point)
    if (move.kind === 'numerical') {
      this.status = 'failed'
      this.complaint = plain(move.reason)
      return
    }
    this.objectives.push(move.to.objective)
    this.add({ ...move.to, elboAfterM: move.elboAfterM }, move.to)
    this.status = this.stepper.hasConverged(move.to, this.objectives) ? 'converged' : 'ready'
  }

  /** EM from the last iterate on. */
  async finish(signal: { readonly aborted: boolean }, progress: (point: EmPoint) => void): Promise<void> {
    const begin = await this.endPoint()
    this.status = 'running'
    const run = await this.stepper.goOn(begin, {
      trace: this.objectives.slice(),
      signal,
      onIteration: (point) => {
        this.objectives.push(point.objective)
        this.add({ ...point, elboAfterM: Number.NaN }, point)
        progress(point)
      },
    })
    this.objectives.splice(0, this.objectives.length, ...run.trace)
    this.status =
      run.stop === 'aborted'
        ? 'stopped'
        : run.stop === 'numerical'
          ? 'failed'
          : run.stop === 'max-iterations'
            ? 'limit'
            : 'converged'
    this.complaint = run.reason === null ? null : plain(run.reason)
    this.position = this.last
  }

  async view(): Promise<RunState> {
    const inUnits = this.inUnits()
    return {
      run: {
        id: this.id,
        mode: this.mode,
        seed: this.seed,
        label: this.label,
        traces: this.traces(),
        objectives: this.iterates.map((i) => inUnits(i.objective)),
        status: this.status,
        point: await this.pointView(),
        stale: false,
      },
      position: this.position,
      last: this.last,
      complaint: this.complaint,
      news: this.news(),
      ...(this.data === null ? {} : { data: this.data }),
    }
  }

  /** Objectives of this start and of the others, in the units of the data. */
  traces(): readonly TraceView[] {
    const inUnits = this.inUnits()
    const own = { seed: this.seed, objectives: this.objectives, brief: false, degenerate: false, best: true }
    return [own, ...this.others].map((t) => ({ ...t, objectives: t.objectives.map(inUnits) }))
  }

  private inUnits(): (x: number) => number {
    const { logJacobian } = this.stepper
    return (x) => x + logJacobian
  }

  /** The E-step that came last before the half-step shown; null at the start. */
  private async lastEStep(): Promise<EmPoint | null> {
    const index = Math.floor(this.position / 2)
    if (this.position % 2 === 1) return this.pointAt(index)
    return index === 0 ? null : this.pointAt(index - 1)
  }

  private async shownParams(): Promise<readonly ParamView[]> {
    return this.viewer.params(this.shown.params, await this.lastEStep())
  }

  /** The params shown by name, nested as in a result. */
  async nestedParams(): Promise<ReadonlyMap<string, unknown>> {
    return new Map((await this.shownParams()).map((p) => [p.name, nestedView(p)]))
  }

  /** What pictures are drawn of; null where params are not known yet. */
  async drawn(): Promise<ReturnType<PointViewer['drawn']>> {
    return this.viewer.drawn(this.shown.params, await this.lastEStep())
  }

  private async pointView(): Promise<PointView> {
    const index = Math.floor(this.position / 2)
    const iterate = this.iterates[index] ?? this.end
    const inUnits = this.inUnits()
    const here = await this.pointAt(index)
    const before = await this.lastEStep()
    const isE = this.position % 2 === 1
    const elbo = isE
      ? here.objective
      : before === null
        ? Number.NaN
        : Number.isNaN(iterate.elboAfterM) || this.stride > 1
          ? this.stepper.around(before, iterate.params).elbo
          : iterate.elboAfterM
    return {
      iteration: iterate.iteration,
      phase: isE ? 'E' : 'M',
      params: await this.shownParams(),
      latents: this.viewer.latents(before),
      logLikelihood: inUnits(this.stepper.logLikelihood(here)),
      objective: inUnits(here.objective),
      elbo: inUnits(elbo),
      gap: here.objective - elbo,
    }
  }
}
