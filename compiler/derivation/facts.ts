import type { Constraint, Latent } from '../graph/types.js'

/** What is known of the symbols. */
export interface Facts {
  readonly latents: ReadonlyMap<string, Latent>
  readonly constraints: readonly Constraint[]
  /** Names of params that are symmetric matrices. */
  readonly symmetric: ReadonlySet<string>
}
