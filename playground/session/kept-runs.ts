/**
 * The runs as the page keeps them. The fit worker has them too, and answers for them; when it had to be ended in the middle
 * of a step, the next one is given each run back, to the same bits, as soon as something is asked about it.
 */
import { Ended } from '../workers/client.js'
import { joined, type PackedIterates, packed, type RunNews } from '../workers/kept-iterates.js'
import type { FitCalls, FitProgressMessage, RunState } from '../workers/messages.js'
import type { DataFiles, FilesThen } from './data-files.js'
import type { Desk } from './desk.js'

interface Saved {
  readonly over: RunNews['over']
  readonly files: FilesThen
  stride: number
  parts: readonly PackedIterates[]
  /** As it stood when it was last told of. */
  state: RunState
}

/** Calls about one run. */
type RunCall = {
  [K in keyof FitCalls]: FitCalls[K] extends (request: infer R) => unknown
    ? R extends { readonly run: number }
      ? R extends { readonly mode: unknown }
        ? never
        : K
      : never
    : never
}[keyof FitCalls]

type RequestFor<K extends keyof FitCalls> = Parameters<FitCalls[K]>[0]
type AnswerTo<K extends keyof FitCalls> = ReturnType<FitCalls[K]>

export class KeptRuns {
  private readonly saved = new Map<number, Saved>()
  /** Runs that the worker has, or is being given. */
  private readonly there = new Map<number, Promise<unknown>>()
  /** Until a new worker has read the files and bound them. */
  private readying: Promise<void> = Promise.resolve()

  constructor(
    private readonly desk: Desk,
    private readonly files: DataFiles,
  ) {}

  /** Keeps what is new in an answer; what is left of it is for the store. */
  took(state: RunState): RunState {
    const { news, ...rest } = state
    const plain = { ...rest, news: null }
    const { id } = state.run
    const known = this.saved.get(id)
    if (known !== undefined) known.state = plain
    if (news === null) return plain
    const { over, stride, iterates } = news
    this.there.set(id, Promise.resolve())
    if (known === undefined) {
      this.saved.set(id, { over, files: this.files.now(), stride, parts: [iterates], state: plain })
    } else if (known.stride === stride) known.parts = [...known.parts, iterates]
    else {
      known.parts = [joined([...known.parts, iterates], stride)]
      known.stride = stride
    }
    return plain
  }

  forget(runs: readonly number[]): void {
    for (const id of runs) {
      this.saved.delete(id)
      this.there.delete(id)
    }
  }

  /** The worker was ended; the next one is ready for runs when `readying` has come. */
  lost(readying: Promise<void>): void {
    this.there.clear()
    this.readying = readying
  }

  clear(): void {
    this.saved.clear()
    this.lost(Promise.resolve())
  }

  /** Makes sure that the worker has a run. */
  back(run: number | null): Promise<unknown> {
    const saved = run === null ? undefined : this.saved.get(run)
    if (run === null || saved === undefined) return Promise.resolve()
    const known = this.there.get(run)
    if (known !== undefined) return known
    const coming = this.readying.then(() => this.giveBack(saved))
    this.there.set(run, coming)
    coming.catch(() => this.there.delete(run))
    return coming
  }

  private async giveBack({ over, files, stride, parts, state }: Saved): Promise<void> {
    const given = this.files.isNow(files) ? null : await this.files.contentsOf(files)
    const kept = { over, stride, iterates: joined(parts, stride) }
    await this.desk.fitter.call('restore', { state, kept, files: given })
  }

  async call<K extends RunCall>(call: K, request: RequestFor<K>): Promise<AnswerTo<K>> {
    const { run, other = run } = request as { readonly run: number; readonly other?: number }
    for (const id of new Set([run, other])) await this.back(id)
    return this.desk.fitter.call(call, request as never) as Promise<AnswerTo<K>>
  }

  /** A question that changes nothing: it is put again where the worker was ended meanwhile. */
  async ask<K extends RunCall>(call: K, request: RequestFor<K>): Promise<AnswerTo<K>> {
    try {
      return await this.call(call, request)
    } catch (error) {
      if (!(error instanceof Ended)) throw error
      return this.call(call, request)
    }
  }

  /** A run that was under way when its worker was ended goes to where it was last heard of; null where it was not heard of. */
  async endAt({ run, iteration, params, objective, traces }: FitProgressMessage): Promise<RunState | null> {
    const saved = this.saved.get(run)
    if (saved === undefined || params === null) return null
    const last = saved.parts.at(-1)?.iterations.at(-1) ?? -1
    if (iteration > last)
      saved.parts = [...saved.parts, packed([{ iteration, params, objective, elboAfterM: Number.NaN }], [])]
    const position = Number.MAX_SAFE_INTEGER
    saved.state = { ...saved.state, run: { ...saved.state.run, traces, status: 'stopped' }, position }
    return this.call('show', { run, position })
  }
}
