/** Runs: made, stepped, fitted, stopped, gone back in, and forgotten. */
import type { BeginRequest, FitProgressMessage, RunState } from '../workers/messages.js'
import type { DataFiles } from './data-files.js'
import type { Desk } from './desk.js'
import type { KeptRuns } from './kept-runs.js'
import { jumpsIn, modeFacts, stepsOf } from './modes.js'
import type { RunControls } from './project.js'
import { basisOf, MOST_RUNS, pointInWords, type State, type StoppedSearch, shownRun } from './state.js'
import type { Mode, PointQueries } from './view.js'

/** Milliseconds. */
const PATIENCE = 220
/** What comes to its end later, where more would be lost with the worker. */
const PATIENCE_FOR = new Map<State['work']['kind'], number>([
  ['choose', 1500],
  ['intervals', 600],
])
const LOOK_AGAIN = 20
export const PACE = 700

export class Runs {
  private next = 1
  private readonly made = new Map<number, string>()
  /** Runs that are the best of several starts. */
  private readonly searched = new Set<number>()

  constructor(
    private readonly desk: Desk,
    private readonly files: DataFiles,
    private readonly kept: KeptRuns,
    private readonly setControls: (controls: Partial<RunControls>) => void,
  ) {}

  private get state(): State {
    return this.desk.state
  }

  private get otherMode(): Mode {
    return this.state.project.controls.mode === 'em' ? 'hard' : 'em'
  }

  /** The best of several starts: stepping from the first does not reach it. */
  isSearched(run: number): boolean {
    return this.searched.has(run)
  }

  /** What a run was made with: a step under other controls makes a new one. */
  private madeOf(mode: Mode): string {
    const { seed, init, set, start, fix, standardize } = this.state.project.controls
    return JSON.stringify([basisOf(this.state), mode, seed, init, [...set], [...start], [...fix], standardize])
  }

  private labelOf(mode: Mode, more: string | null): string {
    const { controls } = this.state.project
    const set = [...controls.set].map(([name, value]) => `${name} = ${value}`)
    const held = [...controls.fix.keys()].map((name) => `${name} held`)
    const units = controls.standardize && mode !== 'vb' ? ['standardised'] : []
    return [...set, modeFacts(mode).short, ...held, ...units, more ?? `seed ${controls.seed}`].join(' · ')
  }

  /** The other of soft and hard runs beside this one. */
  private get isCompared(): boolean {
    const { compare, mode } = this.state.project.controls
    return compare && (mode === 'em' || mode === 'hard') && this.state.compiled?.model?.facts.hard === true
  }

  /** Makes a run and shows it; with `compare` one in the other mode from the same start beside it. */
  private async newRun(
    from: Partial<Pick<BeginRequest, 'sameAs' | 'params'>> = {},
    more: string | null = null,
  ): Promise<number> {
    const { mode } = this.state.project.controls
    const run = await this.beginOne(stepsOf(mode), { sameAs: null, params: null, ...from }, more)
    const beside = this.isCompared
      ? await this.beginOne(this.otherMode, { sameAs: run, params: null }, 'same start')
      : null
    this.desk.store.dispatch({ kind: 'show', run, beside })
    this.forgetOld()
    return run
  }

  private async beginOne(
    mode: Mode,
    from: Pick<BeginRequest, 'sameAs' | 'params'>,
    more: string | null,
  ): Promise<number> {
    const run = this.next++
    const { controls } = this.state.project
    const label = this.labelOf(mode, more)
    await this.kept.back(from.sameAs)
    const state = await this.desk.fitter.call('begin', { run, controls, mode, label, ...from })
    this.made.set(run, this.madeOf(mode))
    this.desk.store.dispatch({ kind: 'moved', state: this.kept.took(state) })
    return run
  }

  private forgetOld(): void {
    const { runs, shown, beside } = this.state
    const spare = runs.filter((r) => r.run.id !== shown && r.run.id !== beside)
    const old = spare.slice(0, Math.max(0, runs.length - MOST_RUNS)).map((r) => r.run.id)
    if (old.length > 0) this.forget(old)
  }

  forget(runs: readonly number[]): void {
    this.desk.store.dispatch({ kind: 'forget', runs })
    this.kept.forget(runs)
    void this.desk.fitter.call('forget', { runs }).catch(() => {})
  }

  /** The run that steps go on with: the one shown, where it was made of what is there now. */
  private async current(): Promise<number> {
    const shown = shownRun(this.state)
    return shown !== null && this.goesOn ? shown.run.id : this.newRun()
  }

  /** A step goes on with the run that is shown: text, data and controls are those that it was made of. */
  get goesOn(): boolean {
    const shown = shownRun(this.state)
    return shown !== null && this.made.get(shown.run.id) === this.madeOf(shown.run.mode)
  }

  private moved(told: RunState): void {
    const state = this.kept.took(told)
    this.desk.store.dispatch({ kind: 'moved', state })
    if (state.run.id !== this.state.shown) return
    const end = state.run.status === 'converged' && state.position === state.last ? ', converged' : ''
    this.desk.store.dispatch({ kind: 'say', text: `${pointInWords(state)}${end}` })
    if (state.complaint !== null) this.desk.notice('error', state.complaint)
  }

  private async stepOnce(): Promise<RunState> {
    const run = await this.current()
    const state = await this.kept.call('step', { run })
    this.moved(state)
    const { beside } = this.state
    if (beside !== null) this.moved(await this.kept.call('step', { run: beside }))
    return state
  }

  /** One half-step. */
  step(): Promise<void> {
    return this.desk.working('step', async () => {
      await this.stepOnce()
    })
  }

  play(): Promise<void> {
    return this.desk.working('play', async () => {
      for (;;) {
        if (isAtEnd(await this.stepOnce()) || this.desk.isStopping()) return
        await new Promise((resolve) => setTimeout(resolve, PACE))
        if (this.desk.isStopping()) return
      }
    })
  }

  /** From the start of the run to an iteration, that of a link. */
  goTo(iteration: number): Promise<void> {
    return this.desk.working('play', async () => {
      for (;;) {
        const state = await this.stepOnce()
        if (isAtEnd(state) || this.desk.isStopping() || (state.run.point?.iteration ?? 0) >= iteration) return
      }
    })
  }

  /** EM from where the run ends until it has converged. */
  finish(): Promise<void> {
    return this.desk.working('finish', async () => {
      const run = await this.current()
      this.moved(await this.kept.call('finish', { run }))
      const { beside } = this.state
      if (beside !== null && !this.desk.isStopping()) this.moved(await this.kept.call('finish', { run: beside }))
    })
  }

  /** What a search over starts is made of. */
  private searchOf(): string {
    const { mode, batch, restarts, tolerance, maxIterations, accelerate } = this.state.project.controls
    return JSON.stringify([this.madeOf(mode), batch, restarts, tolerance, maxIterations, accelerate])
  }

  /** A search was stopped, and text, data and settings are as they were. */
  get canGoOn(): boolean {
    return this.state.stopped?.made === this.searchOf()
  }

  /** A search over starts, as `estep fit` makes it. */
  fit(): Promise<void> {
    return this.search(null)
  }

  /** On with the search that was stopped. */
  goOn(): Promise<void> {
    return this.search(this.state.stopped)
  }

  private search(from: StoppedSearch | null): Promise<void> {
    return this.desk.working('fit', async () => {
      const { fitter, store } = this.desk
      const { controls } = this.state.project
      const run = this.next++
      const { mode, restarts, start } = controls
      const one = restarts === 1 || !modeFacts(mode).steps
      const starts = start.size > 0 ? 'given start' : one ? `seed ${controls.seed}` : `best of ${restarts}`
      const jumped = jumpsIn(mode) ? controls.accelerate : null
      const request = {
        run,
        controls,
        mode,
        sameAs: null,
        params: null,
        label: this.labelOf(mode, jumped === null ? starts : `${starts} · ${jumped}`),
        resume: from?.checkpoint ?? null,
      }
      const { state: told, summary } = await fitter.call('fit', request)
      const state = this.kept.took(told)
      this.made.set(run, this.madeOf(mode))
      this.searched.add(run)
      store.dispatch({ kind: 'moved', state, summary })
      // what it has come to is in the whole
      if (from !== null) this.forget([from.run])
      this.stoppedAt(state.run.status === 'stopped' ? run : null)
      const compare = this.isCompared && !this.desk.isStopping()
      const beside = compare ? await this.beginOne(this.otherMode, { sameAs: run, params: null }, 'same start') : null
      if (beside !== null) this.moved(await this.kept.call('finish', { run: beside }))
      store.dispatch({ kind: 'show', run, beside })
      this.forgetOld()
      this.moved(state)
    })
  }

  /** Keeps where a search stands whose run this is; null: it has come to its end. */
  private stoppedAt(run: number | null): void {
    const { checkpoint } = this.desk
    const search = run === null || checkpoint === null ? null : { run, made: this.searchOf(), checkpoint }
    this.desk.store.dispatch({ kind: 'stopped', search })
  }

  /** Nothing is under way in the worker. */
  private isQuiet(): boolean {
    const { kind } = this.state.work
    return kind === 'idle' || kind === 'play'
  }

  /** Takes effect between two iterations; a worker that does not come to that in time is ended, its last iterate kept. */
  async stop(): Promise<void> {
    const { store, fitter, hosts } = this.desk
    const { work } = this.state
    if (work.kind === 'idle') return
    store.dispatch({ kind: 'work', work: { ...work, stopping: true } })
    fitter.tell({ kind: 'stop' })
    const until = performance.now() + (hosts.patience ?? PATIENCE_FOR.get(work.kind) ?? PATIENCE)
    while (!this.desk.isIdle() && performance.now() < until)
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN))
    if (this.isQuiet()) {
      store.dispatch({ kind: 'work', work: { kind: 'idle' } })
      return
    }
    const { last } = this.desk
    fitter.end()
    this.files.unload()
    store.dispatch({ kind: 'work', work: { kind: 'idle' } })
    store.dispatch({ kind: 'say', text: last === null ? 'stopped' : `stopped at iteration ${last.iteration}` })
    const readying = this.files.read().then(() => this.files.bind())
    this.kept.lost(readying)
    await readying
    try {
      if (last !== null) await this.goOnAt(last)
      if (last !== null && work.kind === 'fit') this.stoppedAt(this.state.shown)
    } catch (error) {
      this.desk.complain(error)
    }
  }

  /** What was under way goes to its last iterate; a search over starts, which was no run yet, becomes one. */
  private async goOnAt(last: FitProgressMessage): Promise<void> {
    const state = await this.kept.endAt(last)
    if (state !== null) this.moved(state)
    else if (last.params !== null) await this.newRun({ params: last.params }, 'where it was stopped')
  }

  async show(run: number, position: number): Promise<void> {
    try {
      this.moved(await this.kept.call('show', { run, position }))
    } catch (error) {
      this.desk.complain(error)
    }
  }

  look(run: number): void {
    this.desk.store.dispatch({ kind: 'show', run, beside: null })
  }

  /** A new run from where the one shown began, under the controls as they are now. */
  sameStart(): Promise<void> {
    return this.desk.working('starting', async () => {
      const shown = shownRun(this.state)
      await this.newRun(shown === null ? {} : { sameAs: shown.run.id }, 'same start')
    })
  }

  newStart(): Promise<void> {
    return this.desk.working('starting', async () => {
      this.setControls({ seed: this.state.project.controls.seed + 1, start: new Map() })
      await this.files.bind()
      await this.newRun()
    })
  }

  /** What panels ask of the point shown. */
  readonly queries: PointQueries = {
    density: (run, density) => this.kept.ask('density', { run, density }),
    ellipses: (run, x, y) => this.kept.ask('ellipses', { run, x, y }),
    lines: (run, x, y, at) => this.kept.ask('lines', { run, x, y, at }),
    directions: (run) => this.kept.ask('directions', { run }),
    boundCurve: (run, direction, points) => this.kept.ask('boundCurve', { run, direction, points }),
    boundContour: (run, points) => this.kept.ask('boundContour', { run, points }),
  }
}

const isAtEnd = ({ run, position, last }: RunState): boolean =>
  (run.status === 'converged' || run.status === 'failed') && position >= last
