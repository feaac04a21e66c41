import type { Expr } from '../algebra/types.js'
import type { Constraint, Latent } from '../graph/types.js'

/** What is known of the symbols. */
export interface Facts {
  readonly latents: ReadonlyMap<string, Latent>
  readonly constraints: readonly Constraint[]
  /** Names of params that are symmetric matrices. */
  readonly symmetric: ReadonlySet<string>
  /** true where the supports say that an expression is never negative. */
  isNonnegative(e: Expr): boolean
}
