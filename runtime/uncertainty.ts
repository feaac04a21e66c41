/** What a result says of the uncertainty of its params. */
import type { JsonNumber, NestedNumbers } from './json.js'

/** `bootstrap` draws units of the data anew, `parametric` draws data from the fit. */
export type ErrorKind = 'information' | 'sandwich' | 'bootstrap' | 'parametric'

/** A refit of the bootstrap that was left out. */
export interface FailedReplicate {
  /** Number of the replicate, from 1. */
  readonly replicate: number
  readonly reason: string
}

/** How standard errors came about. */
export interface ErrorsSummary {
  readonly kind: ErrorKind
  /** Level of the intervals. */
  readonly level: number
  /** Elements of the information matrix that should be equal differ by so much, beside its diagonal. */
  readonly accuracy?: JsonNumber
  /** Units that are independent of each other: rows, groups or sequences. */
  readonly units?: number
  /** Fits of the bootstrap, and how many of them the numbers are made of. */
  readonly replicates?: number
  readonly used?: number
  readonly failures?: readonly FailedReplicate[]
}

/** The part of a result that `errors` asks for. Names are those of params and of top-level `let`s. */
export interface ErrorFields {
  readonly errors?: ErrorsSummary
  /** null where there is none. */
  readonly standardErrors?: { readonly [name: string]: NestedNumbers }
  readonly intervals?: {
    readonly low: { readonly [name: string]: NestedNumbers }
    readonly high: { readonly [name: string]: NestedNumbers }
  }
}
