import type { FromWorker, Spawn, ToWorker, WorkerHandle } from './types.js'
import { WorkerError } from './worker-error.js'

/** A worker of the pool; `knows`: what it has been sent. */
export interface PoolWorker {
  /** From 0. */
  readonly index: number
  readonly knows: Set<string>
  post(message: ToWorker, transfer?: readonly ArrayBufferLike[]): void
}

/** What one worker gave to a job. */
export type Part = Extract<FromWorker, { kind: 'done' }>

interface Member extends PoolWorker {
  readonly handle: WorkerHandle
  isReady: boolean
  /** Jobs under way. */
  jobs: number
}

interface Job {
  readonly waiting: Set<Member>
  readonly parts: Part[]
  resolve(parts: readonly Part[]): void
  reject(error: unknown): void
}

type State =
  /** No worker was started yet. */
  | { readonly kind: 'idle' }
  | { readonly kind: 'starting' }
  | { readonly kind: 'ready' }
  /** Workers cannot be had here, or are not wanted any more: all is done in the calling thread. */
  | { readonly kind: 'none' }
  /** One was lost with work under way. */
  | { readonly kind: 'broken'; readonly error: WorkerError }

/** Work in the calling thread, in milliseconds, after which workers are worth their start; and the least for one job. */
const WORTH = 30
const LEAST_JOB = 0.4

/** Workers of one fit. They are started when there is work for them, and end with it. */
export class WorkerPool {
  private state: State = { kind: 'idle' }
  private members: Member[] = []
  private readonly jobs = new Map<number, Job>()
  private lastId = 0
  private begun: Promise<void> | null = null
  private settled = (): void => {}
  private spent = 0
  private calls = 0

  private readonly workers: number
  private readonly now: () => number

  /**
   * @param threads that share work, the calling one among them where it may wait for others
   * @param options.workers how many are started; as many as threads where it is left out
   */
  constructor(
    readonly threads: number,
    private readonly spawn: Spawn,
    { workers = threads, now = Date.now }: { readonly workers?: number; readonly now?: () => number } = {},
  ) {
    this.workers = workers
    this.now = now
  }

  /** true where workers take work. @throws WorkerError where one was lost */
  get isReady(): boolean {
    if (this.state.kind === 'broken') throw this.state.error
    return this.state.kind === 'ready'
  }

  /** Numbers for jobs and kernels. */
  nextId(): number {
    return ++this.lastId
  }

  /** Work of the calling thread that workers could do: enough of it starts them. */
  meanwhile<T>(work: () => T): T {
    const begin = this.now()
    const done = work()
    this.spent += this.now() - begin
    this.calls++
    if (this.spent >= WORTH && this.spent >= LEAST_JOB * this.calls) this.begin()
    return done
  }

  /** Starts the workers; settles when all of them are there and take work, or there are to be none. */
  begin(): Promise<void> {
    this.begun ??= new Promise((resolve) => {
      this.settled = resolve
      if (this.state.kind !== 'idle') return resolve()
      this.state = { kind: 'starting' }
      try {
        for (let index = 0; index < this.workers; index++) this.members.push(this.started(index))
      } catch {
        this.dismiss()
      }
    })
    return this.begun
  }

  /** Those with the least to do. */
  free(count: number): readonly PoolWorker[] {
    return [...this.members].sort((a, b) => a.jobs - b.jobs || a.index - b.index).slice(0, count)
  }

  get all(): readonly PoolWorker[] {
    return this.members
  }

  /** One job on several workers; settles when all of them have answered. */
  run(
    workers: readonly PoolWorker[],
    message: (worker: PoolWorker, job: number) => ToWorker,
  ): Promise<readonly Part[]> {
    return new Promise((resolve, reject) => {
      const job = this.nextId()
      const asked = this.members.filter((member) => workers.includes(member))
      if (asked.length === 0) return resolve([])
      this.jobs.set(job, { waiting: new Set(asked), parts: [], resolve, reject })
      try {
        for (const member of asked) {
          member.jobs++
          member.post(message(member, job))
        }
      } catch (error) {
        this.fail(`it cannot be sent its work: ${error instanceof Error ? error.message : error}`)
      }
    })
  }

  /** Lets all workers end; what is asked for later is done in the calling thread. */
  async end(): Promise<void> {
    const { members } = this
    this.dismiss()
    await Promise.all(members.map(({ handle }) => handle.end()))
  }

  private started(index: number): Member {
    const handle = this.spawn()
    const member: Member = {
      index,
      handle,
      knows: new Set(),
      isReady: false,
      jobs: 0,
      post: (message, transfer) => handle.post(message, transfer),
    }
    handle.watch((reason) => this.lost(member, reason))
    handle.listen((message) => this.receive(member, message))
    return member
  }

  private receive(member: Member, message: FromWorker): void {
    switch (message.kind) {
      case 'ready':
        member.isReady = true
        if (this.state.kind !== 'starting' || !this.members.every((one) => one.isReady)) break
        this.state = { kind: 'ready' }
        this.settled()
        break
      case 'failed':
        this.fail(message.message)
        break
      case 'done': {
        const job = this.jobs.get(message.job)
        if (job === undefined) break
        member.jobs--
        job.waiting.delete(member)
        job.parts.push(message)
        if (job.waiting.size > 0) break
        this.jobs.delete(message.job)
        job.resolve(job.parts)
      }
    }
  }

  private lost(member: Member, reason: string): void {
    if (!this.members.includes(member)) return
    // a host without workers may say so only now: nothing is lost yet
    if (this.state.kind === 'starting') this.dismiss()
    else this.fail(reason)
  }

  /** Work is lost: whoever waits for some, or asks for more, is told. */
  private fail(reason: string): void {
    if (this.state.kind === 'broken') return
    const error = new WorkerError(`a worker failed: ${reason}`)
    this.dismiss(error)
    this.state = { kind: 'broken', error }
  }

  private dismiss(why = new WorkerError('the workers were let go with work under way')): void {
    const { members } = this
    this.members = []
    this.state = { kind: 'none' }
    this.settled()
    for (const { handle } of members) handle.end().catch(() => {})
    const jobs = [...this.jobs.values()]
    this.jobs.clear()
    for (const job of jobs) job.reject(why)
  }
}
