/**
 * One run with the iterates that can be gone back to. Half-step 0 is the start, 1 its E-step, 2 the M-step after it, and so
 * on: after half-step h the params are θ(⌊h/2⌋). Params are kept as they were, so that going back gives the same bits.
 */
import type { Stepper } from '../../api/stepper.js'
import type { EmPoint } from '../../runtime/em-step.js'
import type { Mode, PointView, RunView, TraceView } from '../session/view.js'
import { plain } from './complaints.js'
import { type Iterate, packed, type RunNews, unpacked } from './kept-iterates.js'
import type { Complaint, RunState } from './messages.js'
import { latentViews, paramViews } from './views.js'

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
  /** Every how many iterations one is kept. */
  private stride = 1
  /** The iteration that the page has been told of last. */
  private told = -1

  constructor(
    readonly id: number,
    readonly mode: Mode,
    readonly seed: number,
    readonly label: string,
    readonly stepper: Stepper,
    readonly objectives: number[],
    start: Iterate,
    private readonly over: RunNews['over'],
  ) {
    this.add(start)
  }

  /** A run as the page has kept it, when the worker that made it was ended. */
  static restored(
    { run, position, complaint }: RunState,
    { over, stride, iterates }: RunNews,
    stepper: Stepper,
  ): KeptRun {
    const [start, ...rest] = unpacked(iterates)
    const [own, ...others] = run.traces
    if (start === undefined || own === undefined) throw new Error('a run has a start')
    const kept = new KeptRun(run.id, run.mode, run.seed, run.label, stepper, [...own.objectives], start, over)
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

  /** What the page has not been told yet; null where there is nothing. */
  private news(): RunNews | null {
    const fresh = this.iterates.filter(({ iteration }) => iteration > this.told)
    if (fresh.length === 0) return null
    const points = fresh.flatMap(({ iteration }) => {
      const point = this.points.get(iteration)
      return point?.expectation.q === undefined ? [] : [point]
    })
    this.told = this.end.iteration
    const { source, controls } = this.over
    return { over: { source, controls }, stride: this.stride, iterates: packed(fresh, points) }
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
    if (point?.expectation.q === undefined) this.points.clear()
    if (point !== null) this.points.set(iteration, point)
    if (this.iterates.length * params.length > MOST_NUMBERS) this.thin()
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
    return {
      run: {
        id: this.id,
        mode: this.mode,
        seed: this.seed,
        label: this.label,
        traces: [
          { seed: this.seed, objectives: [...this.objectives], brief: false, degenerate: false, best: true },
          ...this.others,
        ],
        objectives: this.iterates.map((i) => i.objective),
        status: this.status,
        point: await this.pointView(),
        stale: false,
      },
      position: this.position,
      last: this.last,
      complaint: this.complaint,
      news: this.news(),
    }
  }

  private async pointView(): Promise<PointView> {
    const index = Math.floor(this.position / 2)
    const iterate = this.iterates[index] ?? this.end
    const params = paramViews(this.stepper.layout, iterate.params)
    if (this.position % 2 === 1) {
      const point = await this.pointAt(index)
      return {
        iteration: iterate.iteration,
        phase: 'E',
        params,
        latents: latentViews(this.stepper, point),
        logLikelihood: this.stepper.logLikelihood(point),
        objective: point.objective,
        elbo: point.objective,
        gap: 0,
      }
    }
    const here = await this.pointAt(index)
    const before = index === 0 ? null : await this.pointAt(index - 1)
    const elbo =
      before === null
        ? Number.NaN
        : Number.isNaN(iterate.elboAfterM) || this.stride > 1
          ? this.stepper.around(before, iterate.params).elbo
          : iterate.elboAfterM
    return {
      iteration: iterate.iteration,
      phase: 'M',
      params,
      latents: before === null ? [] : latentViews(this.stepper, before),
      logLikelihood: this.stepper.logLikelihood(here),
      objective: here.objective,
      elbo,
      gap: here.objective - elbo,
    }
  }
}
