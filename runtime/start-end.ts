import type { ComponentState } from './contract.js'
import type { EmRun } from './run.js'

/** Where one start has led so far. */
export interface StartEnd {
  readonly seed: number
  readonly run: EmRun
  /** Components degenerate at its params; empty where the run failed. */
  readonly degenerate: readonly ComponentState[]
  /** Left before its end: others were more promising, or one of them goes on for all that have come to the same objective. */
  readonly brief: boolean
}
