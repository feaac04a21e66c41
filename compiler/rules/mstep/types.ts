import type { Monomial } from '../../algebra/monomial.js'
import type { Expr } from '../../algebra/types.js'
import type { SplitMonomial } from '../../mstep/atoms.js'
import type { MStep, RowTerm, Statistic } from '../../mstep/types.js'

/** What rules know of a param. */
export interface ParamInfo {
  readonly name: string
  readonly support:
    | 'real'
    | 'interval'
    | 'positive'
    | 'nonnegative'
    | 'unit'
    | 'simplex'
    | 'ordered'
    | 'covariance'
    | 'correlation'
    | 'discrete'
  /** Bounds of an interval, 0 and 1 of a unit. */
  readonly low: Expr | null
  readonly high: Expr | null
  readonly rank: number
}

/** One block of params and the terms of Q it occurs in. */
export interface Block {
  readonly params: readonly ParamInfo[]
  readonly terms: readonly SplitMonomial[]
  /** Some of its terms do not separate into statistics. */
  readonly hasRowTerms: boolean
  /** Those terms, where they read its params. */
  readonly rowTerms: readonly RowTerm[]
  readonly isNonnegative: (e: Expr) => boolean
  readonly statistics: ReadonlyMap<string, Statistic>
  /** Names of data whose values are real numbers, for finding what a spread measures. */
  readonly continuousData: ReadonlySet<string>
  /** Names of all params that are covariance (or precision) matrices: they are invertible. */
  readonly matrices: ReadonlySet<string>
  /** The model has component-like latents: spreads are floored. */
  readonly hasComponents: boolean
}

/** A step without its place in the order. */
export type Candidate = { readonly step: MStep; readonly reads: readonly string[] }

export type RuleResult =
  | { readonly kind: 'applies'; readonly candidate: Candidate }
  /** `term`: the one that does not fit, where it is one. */
  | { readonly kind: 'declines'; readonly reason: string; readonly term?: Monomial }

/** Why a rule declines where part of Q is over rows. */
export const NOT_IN_STATISTICS = 'some of its terms do not separate into statistics'

/** A rule of the M-step: one file each. */
export interface MStepRule {
  readonly id: string
  /** The statement in mathematics, one sentence. */
  readonly statement: string
  readonly citation: string
  apply(block: Block): RuleResult
}

export type { Monomial }
