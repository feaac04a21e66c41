/** What a stand-alone program takes and gives. */
import type { AbortFlag } from '../../runtime/pacer.js'
import type { FitResult } from '../../runtime/result.js'
import type { FitProgress } from '../../runtime/search.js'
import type { FitCallOptions } from '../options.js'

/** Options of `fit`; the defaults are those of `estep fit`. */
export type StandaloneOptions = Pick<
  FitCallOptions,
  'columns' | 'groupBy' | 'set' | 'start' | 'init' | 'seed' | 'restarts' | 'tolerance' | 'maxIterations' | 'floor'
> & {
  /** `hard`: the most probable values in place of all of them, where the model has this mode. */
  readonly mode?: 'em' | 'hard'
  readonly signal?: AbortFlag
  onIteration?(progress: FitProgress): void
}

export type StandaloneFit = Omit<FitResult, 'plan'>
