/**
 * What a certificate asks of the algorithm under test. It knows no compiler: whatever runs EM for a model satisfies this.
 * Params lie in one array, laid out as `params` says; `score` and directions use the same layout.
 */

export interface EngineParam {
  readonly name: string
  readonly offset: number
  readonly length: number
  /** Outermost first, padded to the largest where ragged. */
  readonly shape: readonly number[]
  /** Ragged last dimension: elements in use per row of the leading dimensions; null where dense. */
  readonly used: readonly number[] | null
  readonly support:
    | {
        readonly kind:
          | 'real'
          | 'positive'
          | 'nonnegative'
          | 'unit'
          | 'simplex'
          | 'ordered'
          | 'covariance'
          | 'correlation'
          | 'int'
          | 'count'
          | 'bool'
          | 'category'
      }
    | { readonly kind: 'interval'; readonly low: number; readonly high: number }
}

/**
 * A table of posterior probabilities [rows, values], of posterior means [rows], or the moments of a continuous latent
 * [rows], with what its rows stand for.
 */
export interface EngineLatent {
  readonly name: string
  readonly kind: 'discrete' | 'count' | 'continuous'
  /**
   * Extents of its plates, and of its own dimensions where it is a vector; the index (from 1) at which each begins. Where
   * ragged, padded to the largest. Of an array of data with missing cells: the whole array.
   */
  readonly shape: readonly number[]
  readonly from: readonly number[]
  /** Lengths of the sequences where the second plate is ragged: the rows then lie flat, sequence after sequence. */
  readonly lengths?: readonly number[]
  /** The value of the first column; 0 where there are none. */
  readonly low: number
  readonly values: number
}

/**
 * Posterior expectations of a continuous latent u, one per row, summed over whatever else is latent. NaN where a row is
 * not a latent: padding, observed cells of data, a missing cell that was left out because nothing reads it.
 */
export interface EngineMoments {
  readonly mean: ArrayLike<number>
  readonly variance: ArrayLike<number>
  /** E log u, where the derivation uses it: Gamma, inverse Gamma, Beta, Dirichlet. */
  readonly logMean?: ArrayLike<number>
  /** E log(1 − u): Beta. */
  readonly logComplementMean?: ArrayLike<number>
  /** E 1/u: inverse Gamma. */
  readonly reciprocalMean?: ArrayLike<number>
}

/** Posterior covariances of pairs of rows of continuous latents. */
export interface EngineCovariances {
  readonly first: string
  readonly second: string
  /** Row of the first latent, row of the second. */
  readonly pairs: readonly (readonly [number, number])[]
  readonly values: ArrayLike<number>
}

/** Sums of an E-step; what they hold is the engine's affair. */
export interface EngineExpectation {
  /** log p(data; params). */
  readonly logLikelihood: number
  readonly statistics: Float64Array
  /** Numbers of a factorised posterior. */
  readonly q?: Float64Array
}

/** q of a continuous latent where the posterior is factorised, one per row. */
export interface EngineFactorPosterior {
  /** `Normal`, `MvNormal`, or a conjugate family by its name; null where q is a mixture over discrete latents. */
  readonly family: string | null
  readonly parameters: ReadonlyMap<string, ArrayLike<number>>
  readonly mean: ArrayLike<number>
  readonly variance: ArrayLike<number>
  /** rows × size × size. */
  readonly covariance: ArrayLike<number> | null
  /** Elements of a row, and how many of a cell's indices are those of the element. */
  readonly size: number
  readonly own: number
  /** Rows are independent of each other. */
  readonly independentRows: boolean
  /**
   * The latent of the same factor that the spread of this Normal one is a power of, at the same leading indices: then
   * `family` and `variance` are those with it integrated out.
   */
  readonly spread?: string
}

/** Params after one block of an M-step, the others as they stood then. */
export interface EngineBlock {
  readonly params: readonly string[]
  /** `joint`: at the maximum of Q; `blockwise`: at its maximum given the others; `ascent`: Q is not lower. */
  readonly exact: 'joint' | 'blockwise' | 'ascent'
  /** Found by an iteration, which multiplies the rounding of its sums. */
  readonly iterative: boolean
  /** Q has kinks in these params, and its maximum may be at one, where no slope vanishes. */
  readonly kinked?: boolean
  readonly after: Float64Array
}

export interface CertifiedEngine {
  readonly params: readonly EngineParam[]
  readonly length: number
  readonly latents: readonly EngineLatent[]
  /** It runs on latents that the model does not name (of a Mixture density, of a sum within a Multinomial). */
  readonly introduces: boolean
  /** Latents by factor, where the posterior is a product of factors: the objective is then a lower bound. */
  readonly factors?: readonly (readonly string[])[]
  /** Of continuous latents by name, where the posterior is factorised. */
  factorPosteriors?(params: Float64Array): ReadonlyMap<string, EngineFactorPosterior>
  /** `from`: under a factorised posterior, the expectation that one sweep goes on from. */
  eStep(params: Float64Array, from?: EngineExpectation): EngineExpectation
  mStep(params: Float64Array, expectation: EngineExpectation): { readonly params: Float64Array }
  /** The blocks of the last round of an M-step, in the order they were solved. */
  mStepBlocks(params: Float64Array, expectation: EngineExpectation): readonly EngineBlock[]
  /** Absolute error that it states of its log-likelihood at `params`; left out: none. */
  error?(params: Float64Array): number
  /** Q(trial) − Q(params) + log prior(trial) − log prior(params). */
  gain(params: Float64Array, expectation: EngineExpectation, trial: Float64Array): number
  logPrior(params: Float64Array): number
  /** Posterior of each latent by name, laid out as `latents` says. */
  posterior(params: Float64Array): ReadonlyMap<string, Float64Array>
  /** Of each continuous latent by name; left out where it has no such tables, which then are not compared. */
  moments?(params: Float64Array): ReadonlyMap<string, EngineMoments>
  /** Covariances within joint blocks, as many as it cares to tell. */
  covariances?(params: Float64Array): readonly EngineCovariances[]
  /** Gradient of Q(θ; θ) with respect to each number, as if all were free; priors left out. */
  score(params: Float64Array): Float64Array
  /** Floor of spreads relative to the variance of the data; 0 switches it off. */
  setFloor(floor: number): void
  /** The same algorithm run in another way, which must give the same numbers. */
  readonly others: readonly {
    readonly name: string
    eStep(params: Float64Array): EngineExpectation
    mStep(params: Float64Array, expectation: EngineExpectation): { readonly params: Float64Array }
  }[]
}
