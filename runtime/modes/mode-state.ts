/** What a mode with a way of its own has come to, beside the search that it begins or ends with. */
import type { IterateRow, RunMoment } from '../run.js'

/** Of `trace` and `rows`, which grow, the first `objectives` and `complete` are its own. */
interface Walked {
  readonly trace: readonly number[]
  readonly objectives: number
  readonly rows: readonly IterateRow[]
  readonly complete: number
}

/** After `objectives` steps of stochastic EM; draws are numbered by the steps. */
export interface SemState extends Walked {
  readonly kind: 'sem'
  readonly params: Float64Array
  /** Numbers of the draw that the one at the params began at, and of the q that its bound began at; null where q is the posterior. */
  readonly before: { readonly draw: Float64Array; readonly bound: Float64Array } | null
  /** `q`: numbers of a factorised posterior there. */
  readonly best: { readonly params: Float64Array; readonly objective: number; readonly q: Float64Array | null }
  /** Average of the params over the steps that are kept. */
  readonly mean: Float64Array
}

/** Between two batches, after `objectives` passes. */
export interface OnlineState extends Walked {
  readonly kind: 'online'
  readonly params: Float64Array
  /** Running statistics; null before the first batch. */
  readonly statistics: Float64Array | null
  /** Running second derivatives of blocks that go over rows; null before the first batch. */
  readonly curvature: Float64Array | null
  /** Levels of the nodes of the batches; null where they have none. */
  readonly levels: readonly number[] | null
  /** Batches of the pass under way. */
  readonly batches: number
  /** What these scored. */
  readonly scored: number
  /** Params at the beginning of the pass. */
  readonly begin: Float64Array
}

/** One temperature: the iterations made there, and log Σ p^β / β at its end. */
export interface AnnealStage {
  readonly beta: number
  readonly iterations: number
  readonly objective: number
}

/** One start on its way through the temperatures. */
export interface CooledStart {
  /** Temperatures that are done, those passed over too. */
  readonly done: number
  readonly stages: readonly AnnealStage[]
  readonly params: Float64Array
  /** Numbers of a factorised posterior; null where q is the posterior itself, and before the first temperature. */
  readonly q: Float64Array | null
  /** The run at the next temperature; `settling`: it makes the first iterations there, which do not end it. */
  readonly run: { readonly settling: boolean; readonly moment: RunMoment } | null
}

export interface AnnealState {
  readonly kind: 'anneal'
  /** By number. */
  readonly starts: readonly CooledStart[]
}

export type ModeState = SemState | OnlineState | AnnealState

/** Where the state of a mode is kept. */
export interface ModeRecord {
  /** Where to go on from; null: from the beginning. */
  readonly from: ModeState | null
  keep(state: ModeState): void
}
