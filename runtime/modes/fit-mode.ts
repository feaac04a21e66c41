/** Another way to the estimate than EM from several starts: what a mode puts in the place of the search. */
import type { JsonNumber } from '../json.js'
import type { SearchRequest, StartEnd } from '../search.js'
import type { FitWarning } from '../warnings.js'
import type { AnnealStage, ModeRecord } from './mode-state.js'

export type ModeName = 'hard' | 'cem' | 'sem' | 'anneal' | 'online'

/** What a result says of the way that a mode took. */
export interface ModeReport {
  /** `anneal`: each temperature, from the first to 1. */
  readonly stages?: readonly AnnealStage[]
  /** `sem`: draws that were made before the average, and in it; what the params are, and the objective over those that were kept. */
  readonly draws?: {
    readonly burn: number
    readonly keep: number
    readonly estimate: 'average' | 'best'
    readonly meanObjective: JsonNumber
    readonly sdObjective: JsonNumber
  }
  /** `online`: how the rows were cut, and the weight that the last batch had. */
  readonly batches?: {
    readonly rows: number
    /** true where rows stand together: `rows` counts groups or sequences. */
    readonly units?: boolean
    readonly perPass: number
    readonly passes: number
    readonly lastStep: number
  }
}

export interface FitMode {
  readonly name: ModeName
  /** Starts where none are asked for; without it, those of EM. */
  readonly restarts?: number
  /** null: the search of EM. `kept`: where the state of the mode is kept, null where none is wanted. */
  readonly search: ((request: SearchRequest, kept: ModeRecord | null) => Promise<readonly StartEnd[]>) | null
  /** What there is to tell once the search is over. */
  report(): ModeReport
  warnings(): readonly FitWarning[]
}

/** A mode that differs from EM in its E-step only. */
export const stepMode = (name: 'hard' | 'cem'): FitMode => ({
  name,
  search: null,
  report: () => ({}),
  warnings: () => [],
})
