/** What a fit has come to, handed out from time to time. */
import type { BoundModel } from '../contract.js'
import type { ModeRecord, ModeState } from '../modes/mode-state.js'
import type { Clock } from '../pacer.js'
import { SearchRecord, type SearchState } from './search-record.js'

/** What the search over a sample of the rows has chosen, where the rows do not lie in memory. */
export type Chosen = { readonly seed: number; readonly params: Float64Array } | 'none'

/** All that a fit needs to go on, in memory. */
export interface FitState {
  /** Nothing is left of the search: only the result is still to be made. */
  readonly finished: boolean
  readonly sample: SearchState | null
  readonly chosen: Chosen | null
  readonly main: SearchState
  /** Of a mode with a way of its own; null in others, and before it is under way. */
  readonly mode: ModeState | null
}

export interface RecordHooks {
  /** Where to go on from; null: from the beginning. */
  readonly from: FitState | null
  /** Least milliseconds between two states that are handed out; 0: after every iteration, as far as they are taken. */
  readonly every: number
  /** Takes a state. The fit goes on meanwhile, and hands out the next one only after it. */
  emit(state: FitState): Promise<void>
}

/** A state whose handing out takes long is handed out less often: at most this part of the time goes into it. */
const SHARE = 1 / 20

export class FitRecord {
  readonly main: SearchRecord
  readonly sample: SearchRecord | null
  readonly mode: ModeRecord
  private modeState: ModeState | null
  private finished: boolean
  private chosen: Chosen | null
  private emitting: Promise<void> | null = null
  private failure: { readonly error: unknown } | null = null
  private last: number
  private wait: number

  /** @throws RangeError where a state is not one of this model */
  constructor(
    private readonly hooks: RecordHooks,
    model: BoundModel,
    private readonly now: Clock,
  ) {
    const { from } = hooks
    const changed = (): void => this.changed()
    this.main = new SearchRecord(model.rules ?? null, from?.main ?? null, changed)
    this.sample =
      model.sample === undefined ? null : new SearchRecord(model.sample.rules ?? null, from?.sample ?? null, changed)
    this.modeState = from?.mode ?? null
    this.mode = {
      from: this.modeState,
      keep: (state) => {
        this.modeState = state
        changed()
      },
    }
    this.chosen = from?.chosen ?? null
    this.finished = from?.finished ?? false
    this.last = now()
    this.wait = hooks.every
  }

  /** What was chosen over the sample; null where that is still to be done. */
  get choice(): Chosen | null {
    return this.chosen
  }

  choose(chosen: Chosen): void {
    this.chosen = chosen
  }

  finish(): void {
    this.finished = true
  }

  /** Hands out the state as it is, after one that is under way. */
  async flush(): Promise<void> {
    await this.emitting
    this.rethrow()
    this.emit()
    await this.emitting
    this.rethrow()
  }

  private changed(): void {
    this.rethrow()
    if (this.emitting === null && this.now() - this.last >= this.wait) this.emit()
  }

  private emit(): void {
    const begin = this.now()
    const state: FitState = {
      finished: this.finished,
      sample: this.chosen === null ? (this.sample?.take() ?? null) : null,
      chosen: this.chosen,
      main: this.main.take(),
      mode: this.modeState,
    }
    const done = (): void => {
      this.last = this.now()
      const { every } = this.hooks
      this.wait = every === 0 ? 0 : Math.max(every, (this.last - begin) / SHARE)
      this.emitting = null
    }
    this.emitting = this.hooks.emit(state).then(done, (error: unknown) => {
      this.failure = { error }
      done()
    })
  }

  /** @throws what the taker of a state has thrown */
  private rethrow(): void {
    const { failure } = this
    this.failure = null
    if (failure !== null) throw failure.error
  }
}
