import type { Span } from '../../lang/source.js'
import type { Bound } from '../../runtime/contract.js'
import type { Expr, Guard, IndexVar } from '../algebra/types.js'
import type { Family, FamilyStatistic } from '../families/index.js'
import type { LiftedFactor } from '../graph/lift.js'
import type { BindTable, Constraint, ContinuousLatent, DiscreteLatent, Loop } from '../graph/types.js'

/** A plate in which latents live. `parent`: the table whose latents its factors also read, with the key to its rows. */
export interface LatentTable {
  readonly id: string
  readonly loops: readonly Loop[]
  readonly latents: readonly DiscreteLatent[]
  readonly parent: { readonly table: string; readonly key: readonly Expr[] } | null
  /** Product of the weights of its loops that its parent does not have: its log messages count that often. */
  readonly weight: Expr | null
  readonly buckets: readonly Bucket[]
  /** Set where its rows follow on one another along one of its loops; the buckets are then of one row only. */
  readonly chain: TableChain | null
}

/** Rows of a table that follow on one another: a sequence for each row of the loops that are left. */
export interface TableChain {
  readonly axis: IndexVar
  /** Position of the axis among the loops of the table. */
  readonly position: number
  readonly sequences: readonly Loop[]
  readonly blocks: readonly ChainBlock[]
}

/**
 * Latents of a chain that depend on one another, to be summed out along it. Its elements are latents some steps back
 * (`z`, `z@1`, …): at each place those that arrive join the ones that stay, and the oldest leave.
 */
export interface ChainBlock {
  readonly id: string
  /** Steps that each latent is remembered for: the order of the chain. */
  readonly states: readonly { readonly latent: string; readonly order: number }[]
  /** Elements that are known of after a place: lags 0 … order − 1 of each latent. */
  readonly window: readonly string[]
  /** Lag `order` of each latent. */
  readonly leaving: readonly string[]
  /** Elements of the parent's row that the whole sequence reads: they are carried along. */
  readonly parents: readonly string[]
}

/** Factors over one set of latent cells of a table's row: a table of numbers ψ[row, values of scope]. */
export interface Potential {
  readonly table: string
  /** Elements: latents of the table and of its parent, some steps back where the table is a chain. */
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
  /** Rows of a direct factor for which there is such an iteration. */
  readonly when: Guard
  /** Names of its variables' elements, in their order. */
  readonly elements: readonly string[]
  /** Its loops that the rows stand for at some steps from their own, in the loops of these. */
  readonly shifted: ReadonlyMap<string, Expr>
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

/** A discrete latent that a block's factors read, as seen from the rows of the block. */
export interface ScopeVariable {
  readonly latent: DiscreteLatent
  /** In the loops of the block. */
  readonly index: readonly Expr[]
  readonly value: IndexVar
}

/** A factor of a block with the row it belongs to. `expr` reads the scope's variables. */
export interface BlockFactor {
  readonly lifted: LiftedFactor
  readonly expr: Expr
  /** Indices of the block's loops, in the factor's own. */
  readonly row: readonly Expr[]
  /** true where the row is the iteration itself; false where it is found through a key. */
  readonly direct: boolean
  readonly extraLoops: readonly Loop[]
}

/** One coordinate of a block's vector: an element of a latent beyond the loops of the block. */
export interface BlockCell {
  readonly latent: string
  readonly at: readonly Expr[]
}

/** A monomial of a factor in the cells of a block, summed over `loops` inside the factor's own. */
export interface BlockTerm {
  readonly factor: BlockFactor
  readonly loops: readonly IndexVar[]
  readonly guards: readonly Guard[]
  readonly coefficient: Expr
}

/** A latent array of a block: its coordinates run beyond the loops of the block. */
export interface BlockLatent {
  readonly latent: ContinuousLatent
  readonly coordinates: readonly IndexVar[]
}

interface BlockBase {
  readonly id: string
  /** Rows of the block: one posterior for each, and for each value of the scope. */
  readonly loops: readonly Loop[]
  /** Where there is one posterior for all rows: loops whose rows are independent in it all the same. */
  readonly apart: readonly Loop[]
  readonly latents: readonly BlockLatent[]
  readonly scope: readonly ScopeVariable[]
  readonly factors: readonly BlockFactor[]
}

/**
 * Latents that the log joint density is a quadratic in: their posterior is Normal. It is collected about a reference
 * point r (the data where a cell is observed, a mean of the data where it is missing, 0 for a latent): u = r + δ,
 * log p = c + h·δ − ½ δᵀΛδ, mean r + Λ⁻¹h, covariance Λ⁻¹ (Bishop 2006, section 2.3.1).
 */
export interface GaussianBlock extends BlockBase {
  readonly kind: 'gaussian'
  /** `row`: one dense system for each row; `joint`: one sparse system over all cells. */
  readonly layout: 'row' | 'joint'
  readonly linear: readonly (BlockTerm & { readonly cell: BlockCell })[]
  readonly quadratic: readonly (BlockTerm & { readonly cells: readonly [BlockCell, BlockCell] })[]
  /** What Λ depends on: every row, the cells that are observed in it alone, or nothing of the row. */
  readonly sharing: 'row' | 'pattern' | 'one'
  /** Bind tables of the pattern of a row, and of a row of each pattern. */
  readonly pattern: { readonly id: string; readonly representative: string; readonly count: Expr } | null
  /** Means of the observed data, by half-observed array: bind tables over its coordinates. */
  readonly references: ReadonlyMap<string, string>
  /**
   * The posterior is one given a latent s of the same row: Λ and h are multiples of s^power, and what is collected are
   * their factors, so that the mean is that of every s and the covariance Λ⁻¹ s^−power. null: no such latent.
   */
  readonly given: SpreadOf | null
}

/** The latent that the spread of a Normal posterior depends on. */
export interface SpreadOf {
  readonly power: 1 | -1
  /** Its own posterior, the Normal part integrated out. */
  readonly block: ConjugateBlock
}

/** A latent whose posterior is a family, recognised by its statistics. */
export interface ConjugateBlock extends BlockBase {
  readonly kind: 'conjugate'
  readonly family: Family
  readonly terms: readonly (BlockTerm & { readonly statistic: FamilyStatistic; readonly cell: BlockCell })[]
  /**
   * A Normal posterior given this latent, which is integrated out first: coefficients that read its cells have them at
   * its mean, and log u has −power·d/2 more, d the number of its cells. null: there is none.
   */
  readonly inner: { readonly power: 1 | -1; readonly block: GaussianBlock } | null
}

/** Latents whose posterior is no family: it stands as nodes with weights, of a quadrature or drawn. */
export interface NodeBlock extends BlockBase {
  readonly kind: 'nodes'
  /** Set where expectations are those of one node of each posterior, which is drawn. */
  readonly drawn?: true
  /** Which factor closes the better roads, and why. */
  readonly because: { readonly factor: LiftedFactor; readonly reason: string }
}

export type ContinuousBlock = GaussianBlock | ConjugateBlock | NodeBlock

export interface EStepPlan {
  /** What the objective is, by the roughest of its parts. */
  readonly bound: Bound
  /** Blocks of continuous latents; they come first, given the discrete ones. */
  readonly blocks: readonly ContinuousBlock[]
  /** Tables that are known when data is bound. */
  readonly bindTables: readonly BindTable[]
  /** Children before parents. */
  readonly tables: readonly LatentTable[]
  readonly potentials: readonly Potential[]
  readonly countGroups: readonly CountGroup[]
  /** The power that potentials are raised to, where it is not 1: normalisers are divided by it. */
  readonly inverseTemperature?: Expr
  /** Factors without latents, or what is left of them once the counts are out: their log density is added up. */
  readonly constants: readonly { readonly lifted: LiftedFactor; readonly expr: Expr }[]
  readonly steps: readonly EStepStep[]
  /** Set where q is a product of factors, each exact given the others; null where it is the posterior itself. */
  readonly factorised: Factorisation | null
}

/** q = Π q_B, by coordinate ascent: the factors in the order in which they are updated. */
export interface Factorisation {
  readonly factors: readonly PosteriorFactor[]
  /** Why there is no exact E-step: what the exact planner said. */
  readonly refused: readonly EStepRefusal[]
}

/** One factor of q: latents that are treated together, with the model's terms in expectation over the other factors. */
export interface PosteriorFactor {
  readonly id: string
  readonly latents: readonly string[]
  /** Ids of its tables, children before parents. */
  readonly tables: readonly string[]
  /** Ids of its blocks. */
  readonly blocks: readonly string[]
  /** The factors of the model that read its latents, in expectation over the other factors of q. */
  readonly expected: readonly LiftedFactor[]
  /** Statements that join it with other factors of q. */
  readonly couplings: readonly { readonly span: Span; readonly with: readonly string[] }[]
}

/** What the derivation says of a latent. */
export interface EStepStep {
  readonly latents: readonly string[]
  readonly method:
    | 'enumeration'
    | 'variable-elimination'
    | 'forward-backward'
    | 'multinomial-split'
    | 'gaussian'
    | 'sparse-gaussian'
    | 'conjugate'
    | 'quadrature'
    | 'monte-carlo'
    | 'observed'
    | 'max-product'
  /** Id of the factor of q that the latents belong to, where q is factorised. */
  readonly factor?: string
  readonly explanation: string
  readonly reference: string
}

/** What an exact E-step that is not to be had would cost. */
export type ExactCost =
  /** A table over the values^places combinations of one side, whichever has fewer. */
  | {
      readonly kind: 'states'
      readonly sides: readonly { readonly values: Expr; readonly places: Expr }[]
      readonly atMost?: true
    }
  /** A continuous posterior for each of values^places combinations. */
  | { readonly kind: 'mixture'; readonly values: Expr; readonly places: Expr; readonly dimension: Expr }
  /** An integral without a closed form, `times` of them. */
  | { readonly kind: 'integral'; readonly dimensions: Expr; readonly times: Expr }

/** Why no E-step was found. */
export interface EStepRefusal {
  readonly code: string
  /** Latents that are coupled: the statements that read them are shown. */
  readonly coupled?: readonly string[]
  readonly cost?: ExactCost
  /** Why there is no factorised posterior either, where that is for another reason. */
  readonly apart?: string
  readonly message: string
  readonly help?: string
  readonly span: Span
}

export type { IndexVar }
