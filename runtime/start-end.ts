import type { ComponentState } from './contract.js'
import type { EmRun } from './run.js'

/** Where one start has led so far. */
export interface StartEnd {
  readonly seed: number
  readonly run: EmRun
  /** Components degenerate at its params; empty where the run failed. */
  readonly degenerate: readonly ComponentState[]
  /** Stopped after the brief phase: others were more promising. */
  readonly brief: boolean
}
