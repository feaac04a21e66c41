/** Schedules of modes, and what they are where nothing is said. */

export interface AnnealSchedule {
  /** The first β. */
  readonly from: number
  /** What β is multiplied by. */
  readonly factor: number
  /** The largest β, before it is 1. */
  readonly peak: number
}

export interface SemSchedule {
  /** Steps before the average begins. */
  readonly burn: number
  /** Steps that are averaged. */
  readonly keep: number
}

export interface OnlineSchedule {
  /** κ. */
  readonly power: number
  /** t₀. */
  readonly delay: number
  /** Times that all rows are gone through. */
  readonly passes: number
}

export const annealDefaults: AnnealSchedule = { from: 0.1, factor: 1.25, peak: 1.25 }
export const semDefaults: SemSchedule = { burn: 100, keep: 400 }
export const onlineDefaults: OnlineSchedule = { power: 0.7, delay: 2, passes: 20 }
