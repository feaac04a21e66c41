/** What a search over starts has come to, so that it can go on from there in another process. */
import type { ComponentState, RuleLevels } from '../contract.js'
import type { EmPoint } from '../em-step.js'
import type { RunMoment } from '../run.js'
import type { StartEnd } from '../start-end.js'
import type { StopReason } from '../stop.js'

/** A leg of a start that others have followed: what the choice among starts took from it. */
export interface PastLeg {
  readonly objective: number
  readonly stop: StopReason | null
  readonly degenerate: readonly ComponentState[]
}

/** A start in legs: its brief run, what it made between two choices, the run to its end. */
export interface StartState {
  /** Legs that have ended. */
  readonly legs: number
  /** All of these but the last. */
  readonly past: readonly PastLeg[]
  /** Where the last of them ended; before the first, the start itself. */
  readonly end: StartEnd
  /** The leg under way; null where there is none. */
  readonly moment: RunMoment | null
}

export interface SearchState {
  /** Of the model's rules; null where it has none. */
  readonly levels: readonly number[] | null
  /** By number; null where a start has not begun. */
  readonly starts: readonly (StartState | null)[]
}

/** A leg that is in the record. */
export type KnownLeg =
  | { readonly kind: 'ended'; readonly end: StartEnd }
  | { readonly kind: 'open'; readonly before: StartEnd; readonly moment: RunMoment }

/** What a search takes from a record, and puts there, by the numbers of its starts. */
export type StartRecords = Pick<SearchRecord, 'restored' | 'begun' | 'isAhead' | 'next' | 'keep' | 'finish'>

/** The same for a search whose first start has the number `first` in the record. */
export const recordsFrom = (record: StartRecords, first: number): StartRecords => ({
  restored: record.restored,
  begun: (index) => record.begun(first + index),
  isAhead: (index) => record.isAhead(first + index),
  next: (index, before) => record.next(first + index, before),
  keep: (index, moment) => record.keep(first + index, moment),
  finish: (index, end) => record.finish(first + index, end),
})

/**
 * The search itself is made again, choice by choice, in the same order as before, and takes from here what has been
 * computed. Runs do not depend on each other, so that it does not matter how far each of them had come.
 */
export class SearchRecord {
  private readonly starts: (StartState | null)[]
  /** Where one of the starts stood that it was made with; null where there were none. */
  readonly restored: EmPoint | null
  /** Legs of each start that the search has come to. */
  private readonly reached: number[] = []

  /**
   * @param changed called after each change
   * @throws RangeError where the model has no such rules
   */
  constructor(
    private readonly rules: RuleLevels | null,
    known: SearchState | null,
    private readonly changed: () => void,
  ) {
    this.starts = [...(known?.starts ?? [])]
    const first = this.starts.find((start) => start !== null)
    this.restored = first?.moment?.point ?? first?.end.run.point ?? null
    if (known === null || known.levels === null) return
    if (rules?.putBack(known.levels) !== true) throw new RangeError('no such rules')
  }

  take(): SearchState {
    return { levels: this.rules?.take() ?? null, starts: Array.from(this.starts, (start) => start ?? null) }
  }

  /** The start, or where it has come to; null where it has not begun. */
  begun(index: number): StartEnd | null {
    return this.starts[index]?.end ?? null
  }

  /** true where the next leg of a start is in the record. */
  isAhead(index: number): boolean {
    return this.known(index) !== null
  }

  /** The next leg of a start; null where it is still to be made, from `before`. */
  next(index: number, before: StartEnd): KnownLeg | null {
    const known = this.known(index)
    if (known?.kind === 'ended') this.reached[index] = this.at(index) + 1
    else if (known === null)
      this.starts[index] = { legs: 0, past: [], ...this.starts[index], end: before, moment: null }
    return known
  }

  /** Where the leg under way stands. */
  keep(index: number, moment: RunMoment): void {
    const start = this.starts[index]
    if (start == null) return
    this.starts[index] = { ...start, moment }
    this.changed()
  }

  /** The end of the leg under way. One that was broken off is under way still. */
  finish(index: number, end: StartEnd): void {
    const { stop } = end.run
    const start = this.starts[index]
    if (start == null || stop === 'aborted' || stop === 'max-time') return
    const past = start.legs === 0 ? [] : [...start.past, pastLeg(start.end)]
    this.starts[index] = { legs: start.legs + 1, past, end, moment: null }
    this.reached[index] = this.at(index) + 1
    this.changed()
  }

  private at(index: number): number {
    return this.reached[index] ?? 0
  }

  private known(index: number): KnownLeg | null {
    const start = this.starts[index]
    const leg = this.at(index)
    if (start == null || leg > start.legs) return null
    const past = start.past[leg]
    if (past !== undefined) return { kind: 'ended', end: sketch(start.end, past) }
    if (leg < start.legs) return { kind: 'ended', end: start.end }
    return start.moment === null ? null : { kind: 'open', before: start.end, moment: start.moment }
  }
}

const pastLeg = ({ run, degenerate }: StartEnd): PastLeg => ({
  objective: run.point.objective,
  stop: run.stop,
  degenerate,
})

/** The end of a past leg as far as it is known: it is compared with others, and no run goes on from it. */
function sketch({ seed, run }: StartEnd, { objective, stop, degenerate }: PastLeg): StartEnd {
  const point = { ...run.point, objective }
  return { seed, run: { ...run, point, stop }, degenerate, brief: stop === null }
}
