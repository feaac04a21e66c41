import type { Span } from '../../lang/source.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import type { LiftedFactor } from '../graph/lift.js'
import type { Constraint, DiscreteLatent, Loop } from '../graph/types.js'

/** A plate in which latents live. `parent`: the table whose latents its factors also read, with the key to its rows. */
export interface LatentTable {
  readonly id: string
  readonly loops: readonly Loop[]
  readonly latents: readonly DiscreteLatent[]
  readonly parent: { readonly table: string; readonly key: readonly Expr[] } | null
  /** Product of the weights of its loops that its parent does not have: its log messages count that often. */
  readonly weight: Expr | null
  readonly buckets: readonly Bucket[]
}

/** Factors over one set of latent cells of a table's row: a table of numbers ψ[row, values of scope]. */
export interface Potential {
  readonly table: string
  /** Names of latents, those of the table and of its parent. */
  readonly scope: readonly string[]
  readonly factors: readonly PlacedFactor[]
}

/** A factor with the table row it belongs to: `row` are index expressions in its own loops. */
export interface PlacedFactor {
  readonly lifted: LiftedFactor
  readonly row: readonly Expr[]
  /** Loops beyond those of the row: summed inside, or scattered from when the row is found through a key. */
  readonly extraLoops: readonly Loop[]
  /** true where the row is the iteration itself; false where it is found through a key column. */
  readonly direct: boolean
}

/**
 * One step of variable elimination: the inputs that read `eliminate` are added up, and its values are summed out in
 * logs, which leaves a message over the rest of the scope.
 */
export interface Bucket {
  readonly table: string
  readonly eliminate: string
  /** `eliminate` first. */
  readonly scope: readonly string[]
}

/** Counts with an observed sum: given it, their posterior is Multinomial with these log weights. */
export interface CountGroup {
  readonly id: string
  readonly constraint: Constraint
  readonly loops: readonly Loop[]
  readonly latents: readonly string[]
  /** Σ of the counts. */
  readonly total: Expr
  /** Coefficient of each count in the log joint, its own −log u! left out. */
  readonly logWeights: readonly Expr[]
}

export interface EStepPlan {
  /** Children before parents. */
  readonly tables: readonly LatentTable[]
  readonly potentials: readonly Potential[]
  readonly countGroups: readonly CountGroup[]
  /** Factors without latents, or what is left of them once the counts are out: their log density is added up. */
  readonly constants: readonly { readonly lifted: LiftedFactor; readonly expr: Expr }[]
  readonly steps: readonly EStepStep[]
}

/** What the derivation says of a latent. */
export interface EStepStep {
  readonly latents: readonly string[]
  readonly method: 'enumeration' | 'variable-elimination' | 'multinomial-split' | 'observed'
  readonly explanation: string
  readonly reference: string
}

/** Why no E-step was found. */
export interface EStepRefusal {
  readonly code: string
  readonly message: string
  readonly help?: string
  readonly span: Span
}

export type { IndexVar }
