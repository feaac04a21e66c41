/** What standard errors are asked for with, and what they are. */
import type { ErrorFields, ErrorKind } from '../../runtime/uncertainty.js'
import type { FitWarning } from '../../runtime/warnings.js'

/** Sampling weights say how many members of the population a row stands for; frequency weights, how often it was seen. */
export type WeightKind = 'frequency' | 'sampling'

export interface ErrorOptions {
  /** Fits of the bootstrap; 500 where left out. */
  readonly replicates?: number
  /** Of the draws of the bootstrap; that of the fit where left out. */
  readonly seed?: number
  readonly weights?: WeightKind
  readonly signal?: { readonly aborted: boolean }
  /** Called after each fit of the bootstrap. */
  onReplicate?(done: number, of: number): void
}

/** One estimate with its standard error: an element of a param, or a number of a top-level `let`. */
export interface Estimate {
  readonly name: string
  /** 1-based indices; empty for a number. */
  readonly index: readonly number[]
  readonly value: number
  /** null where there is none; the warnings say why. */
  readonly standardError: number | null
  /** Ends of the 95 % interval. */
  readonly low: number | null
  readonly high: number | null
}

/** Standard errors of a fit, on the scales of the params as declared. */
export interface StandardErrors {
  readonly kind: ErrorKind
  readonly estimates: readonly Estimate[]
  /** Covariance of the estimates, estimates × estimates, row-major; NaN where one has no standard error. */
  readonly covariance: Float64Array
  readonly warnings: readonly FitWarning[]
  /** What a result JSON holds of them. */
  readonly fields: Required<ErrorFields>
}

/** What is known of each quantity. */
export interface Columns {
  /** Covariance of the quantities; NaN where there is none. */
  readonly covariance: Float64Array
  readonly low: readonly number[]
  readonly high: readonly number[]
}
