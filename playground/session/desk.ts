/** What the parts of the controller share: the state, the two workers, and what is said to the reader. */
import { Ended, Refused, WorkerClient } from '../workers/client.js'
import type { CompileCalls, Complaint, FitCalls, FitMessage, FitProgressMessage } from '../workers/messages.js'
import type { Project } from './project.js'
import { type Action, initial, number, reduce, type State, whyNot } from './state.js'
import { Store } from './store.js'
import type { ArrayView } from './view.js'

/** How the two workers are started: their scripts are found by the bundler. */
export interface Hosts {
  compile(): Worker
  fit(): Worker
  /** A file beside the page. */
  fetchText(path: string): Promise<string>
  /** Milliseconds for a worker to stop by itself; left out: as long as a person waits gladly. */
  readonly patience?: number
}

export type WorkKind = Exclude<State['work']['kind'], 'idle'>

export class Desk {
  readonly store: Store<State, Action>
  readonly compiler: WorkerClient<CompileCalls>
  readonly fitter: WorkerClient<FitCalls>
  /** The last iterate of what runs, kept should the worker have to be ended. */
  last: FitProgressMessage | null = null
  /** Where the search under way stood a while ago, or when it was stopped. */
  checkpoint: string | null = null
  private readonly timers = new Map<string, ReturnType<typeof setTimeout>>()

  constructor(
    project: Project,
    readonly hosts: Hosts,
    opening: readonly ArrayView[],
  ) {
    this.store = new Store(initial(project, opening), reduce)
    this.compiler = new WorkerClient<CompileCalls>(hosts.compile)
    this.fitter = new WorkerClient<FitCalls>(hosts.fit, (message) => this.progressed(message as FitMessage))
  }

  private progressed(message: FitMessage): void {
    if (this.state.work.kind === 'idle') return
    if (message.kind === 'checkpoint') {
      this.checkpoint = message.state
      return
    }
    if (message.kind === 'said') {
      this.store.dispatch({ kind: 'progress', run: this.state.shown ?? 0, traces: [], said: message.text })
      return
    }
    this.last = message.params === null && this.last !== null ? { ...message, params: this.last.params } : message
    const { iteration, objective, run, traces } = message
    const said = `iteration ${iteration}, objective ${number(objective)}`
    this.store.dispatch({ kind: 'progress', run, traces, said })
  }

  get state(): State {
    return this.store.state
  }

  /** Once nothing has asked for it anew for so many milliseconds. */
  later(name: string, ms: number, run: () => void): void {
    clearTimeout(this.timers.get(name))
    this.timers.set(name, setTimeout(run, ms))
  }

  /** Runs something; what fails is said. `kind` is what the buttons then show. */
  async working(kind: WorkKind, run: () => Promise<void>): Promise<void> {
    if (this.state.work.kind !== 'idle') return
    const why = whyNot(this.state)
    if (why !== null) {
      this.notice('error', { message: why, help: null })
      return
    }
    this.last = null
    this.checkpoint = null
    this.store.dispatch({ kind: 'notice', notice: null })
    this.store.dispatch({ kind: 'work', work: { kind, run: this.state.shown ?? 0, stopping: false } })
    try {
      await run()
    } catch (error) {
      this.complain(error)
    } finally {
      if (this.isWorking(kind)) this.store.dispatch({ kind: 'work', work: { kind: 'idle' } })
    }
  }

  isIdle(): boolean {
    return this.state.work.kind === 'idle'
  }

  private isWorking(kind: WorkKind): boolean {
    return this.state.work.kind === kind
  }

  isStopping(): boolean {
    const { work } = this.state
    return work.kind === 'idle' || work.stopping
  }

  notice(kind: 'error' | 'info', { message, help }: Pick<Complaint, 'message' | 'help'>): void {
    this.store.dispatch({ kind: 'notice', notice: { kind, text: message, help } })
  }

  complain(error: unknown): void {
    if (error instanceof Ended) return
    const [first] = complaintsIn(error)
    if (first !== undefined) this.notice('error', first)
  }
}

export const plain = (message: string): Complaint => ({ code: null, message, help: null })

export function complaintsIn(error: unknown): readonly Complaint[] {
  if (error instanceof Refused) return error.complaints
  return [plain(error instanceof Error ? error.message : String(error))]
}
