/**
 * What the runtime drives. It knows no compiler: whatever satisfies `BoundModel` can be fitted.
 * All params lie in one Float64Array, laid out by `ParamLayout`.
 */

export type { BoundArray, BoundData, DataDeclaration, DataStream, DeclaredDim, StreamedRows } from './data/types.js'

/** One param: `shape` outermost first, padded to the largest where ragged; element (i, j) at offset + i * shape[1] + j. */
export interface ParamLayout {
  readonly name: string
  readonly offset: number
  readonly length: number
  readonly shape: readonly number[]
  /**
   * Ragged last dimension: number of elements used in row r of all the leading dimensions taken together (row-major),
   * length = product of the leading extents; null where dense.
   */
  readonly used: readonly number[] | null
  /** Labels of each dimension where it runs over the levels of a category, else null. */
  readonly labels: readonly (readonly string[] | null)[]
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
  /** Position of the dimension that runs over the values of a component-like latent, by that latent's name. */
  readonly components: readonly { readonly latent: string; readonly dimension: number }[]
  /** What the value is for the eye and for the canonical order of components. */
  readonly role: 'location' | 'weight' | 'spread' | 'other'
}

/** A finite discrete latent: `rows` instances of `values` values. */
export interface LatentLayout {
  readonly name: string
  readonly rows: number
  /** Extents of its plates, for nesting the posterior; product = rows where no plate is ragged. */
  readonly shape: readonly number[]
  /** Lengths of the sequences where the second plate is ragged: the rows are those of the sequences, one after another. */
  readonly lengths?: readonly number[]
  readonly values: number
  /** Names of the values: levels of a category, 1..K, or false/true. */
  readonly labels: readonly string[]
  /** true where relabelling the values (with the params' axes) leaves the likelihood unchanged, as far as the compiler can tell. */
  readonly exchangeable: boolean
  /** true where the user wrote it; false for the latent of a Mixture density or of missing cells. */
  readonly declared: boolean
  /**
   * Group of each row, from 0, where components are crossed with a column (`mu[y[n], z[n]]`): rows of one group share
   * components, rows of different groups do not. Left out where all rows share them.
   */
  readonly groups?: Int32Array
  /** Rows at which a sequence begins, where the rows of the latent follow on one another in a chain. */
  readonly beginnings?: Int32Array
}

/**
 * What the objective is: log p(data; params) itself; the evidence lower bound of a factorised posterior; or that log
 * density to a stated error, by quadrature or by random draws.
 */
export type Bound = 'exact' | 'variational' | 'quadrature' | 'monte-carlo'

/** How well an objective by quadrature or by draws is known. */
export interface Accuracy {
  /** Distance of the objective from that of a finer rule, or 2 standard errors of one by draws; in nats. */
  readonly error: number
  /** Nodes in each dimension of the quadrature; the most, where several blocks of latents have one. */
  readonly points?: number
  /** Draws of each unit. */
  readonly draws?: number
  /** Standard error of the objective over the draws, in nats. */
  readonly standardError?: number
  /** Smallest effective sample size of a unit's draws: (Σ w)² / Σ w² of its weights. */
  readonly effectiveDraws?: number
}

/** What one E-step gives. */
export interface Expectation {
  /**
   * Sum of the units' log-normalisers times their weights: log p(data; params). In hard mode the complete-data
   * log-likelihood at the most probable labels.
   */
  readonly logLikelihood: number
  /** Statistics, laid out by the program; opaque to the runtime. */
  readonly statistics: Float64Array
  /**
   * Sum over units of |weight · log-normaliser|: the scale of "relative" for an objective. Larger where the objective is
   * known to fewer digits, as under an ill-conditioned covariance.
   */
  readonly scale: number
  /** Weights that stand for the posterior, where it was made up: an M-step that goes over the rows again needs them. */
  readonly given?: ReadonlyMap<string, Float64Array>
  /** Numbers of a factorised posterior, laid out by the program; left out where q is the posterior itself. */
  readonly q?: Float64Array
}

/** A q, moved a part of the way to the random one of a seed; 0: not at all. */
export interface NearBeginning {
  readonly near: Float64Array
  readonly seed: number
  readonly part: number
}

/** Where coordinate ascent on a factorised posterior begins: at the q of an expectation, at a random one, or near a q. */
export type Beginning = Expectation | { readonly seed: number } | NearBeginning

/** A param element held at its floor. */
export interface FloorHit {
  readonly param: string
  /** 1-based indices of the element or matrix. */
  readonly index: readonly number[]
  readonly floor: number
}

/** What one M-step gives. */
export interface Maximisation {
  readonly params: Float64Array
  readonly floored: readonly FloorHit[]
  /** Condition number of the worst linear system that was solved, its matrix scaled to unit diagonal; 1 without one. */
  readonly condition?: number
}

/** Smallest spread and expected count of one value of a component-like latent. */
export interface ComponentState {
  readonly latent: string
  /** 0-based value. */
  readonly value: number
  readonly expectedCount: number
  /** Smallest variance over that of the data in its direction; null where the component has no spread. */
  readonly relativeVariance: number | null
  /**
   * true where the spread is this component's alone: its density grows without bound as it closes in on a few rows.
   * Where components share one spread, a component of two rows is an ordinary maximum.
   */
  readonly ownSpread: boolean
}

/** What components are put in order by: arrays with a dimension over them, and the latents whose values they are. */
export interface ComponentArrays {
  readonly params: readonly ParamLayout[]
  readonly latents: readonly LatentLayout[]
  /** All arrays, flat, as the layouts say. */
  readonly values: Float64Array
}

/** How many params the data can tell apart, and which those are that it cannot. */
export interface Identified {
  readonly parameters: number
  /** Names of the params that can change, alone or together, without changing the likelihood. */
  readonly loose: readonly string[]
}

/** How starts are made. */
export type Init = 'auto' | 'kmeans++' | 'random' | 'split' | 'hierarchical'

/** Numbers for each row: rows × columns, row-major, with mean 0. */
export interface Features {
  readonly columns: number
  readonly values: Float64Array
}

export interface FitOptions {
  /** Iterations, tolerance and stopping as in the contract of `estep fit`. */
  readonly maxIterations: number
  readonly tolerance: number
  readonly seed: number
  readonly restarts: number
  readonly init: Init
  /** Floor of the spread of components relative to the variance of the data. */
  readonly floor: number
  readonly trace: boolean
  /** Milliseconds, or null. */
  readonly maxTime: number | null
  /** Jumps between steps of EM; null: none. */
  readonly accelerate: 'squarem' | 'anderson' | null
}

/** What a block of the M-step that goes over rows steps by, where these are those of a batch. */
export interface BatchTurn {
  /** Statistics of the batch alone, scaled to all rows. */
  readonly statistics: Float64Array
  /** All rows over those of the batch. */
  readonly share: number
  /** Weight of the batch among those seen, in (0, 1]. */
  readonly gamma: number
  /** Running second derivatives of such blocks; null before the first batch. */
  readonly curvature: Float64Array | null
}

/** Params after a batch. */
export interface Learnt {
  readonly params: Float64Array
  /** Second derivatives of the blocks that go over rows, block after block, in unconstrained coordinates; opaque to the runtime. */
  readonly curvature: Float64Array
}

/** Levels of the rules that an objective by nodes is computed by: taken out, and put back. */
export interface RuleLevels {
  take(): readonly number[]
  /** false where there are no such levels. */
  putBack(levels: readonly number[]): boolean
}

export interface BoundModel {
  readonly name: string
  readonly params: readonly ParamLayout[]
  readonly length: number
  readonly latents: readonly LatentLayout[]
  /** Names of scalar latents (counts, single values) whose posterior mean is reported by name. */
  readonly scalars: readonly string[]
  /** Rows of the outermost data plates times their weights, multinomial totals counted. */
  readonly observations: number
  /** Nominal number of free params. */
  readonly nominalParameters: number
  readonly hasPrior: boolean
  /** true where one M-step from any q gives the maximum: no latents and every block closed. */
  readonly direct: boolean
  readonly sizes: ReadonlyMap<string, number>
  /** What the objective is; left out: exact. */
  readonly bound?: Bound
  /** How well the objective is known at `params`; null where it is exact or a bound. */
  accuracy?(params: Float64Array): Accuracy | null
  /**
   * Takes more nodes or draws where the objective at `params` is known less well than it should be. true where it has:
   * objectives and expectations of before are then those of a coarser rule.
   */
  refine?(params: Float64Array): boolean
  /** What `refine` has come to, so that another process goes on with as many nodes and draws. */
  readonly rules?: RuleLevels
  /**
   * Hard mode: this model takes the most probable values of its discrete latents, and `summed` is the same one with
   * them summed out. Starts are made with it, and it gives the marginal log-likelihood. Left out in other modes.
   */
  readonly summed?: BoundModel
  /**
   * Where the rows do not lie in memory: this model over some of them, which do. Starts are made with it, and what needs
   * a number for every row is there only.
   */
  readonly sample?: BoundModel
  /** Hard mode: 0-based most probable value of each row of each discrete latent, those of a unit together. */
  labels?(params: Float64Array): ReadonlyMap<string, Int32Array>
  /** Hard mode: squared distances of the rows to the means of their components; null where these are not Gaussian of one sd. */
  withinSS?(params: Float64Array): number | null

  /**
   * Under a factorised posterior `from` says where it begins: one sweep from an expectation, a few from a seed; without
   * it, from a seed of its own until it stands still. Elsewhere it does not count.
   */
  eStep(params: Float64Array, from?: Beginning): Expectation
  /**
   * The same, bit for bit, by workers where these take part: other calls may come while it is under way, and none of
   * them sees anything of it. Without `others` no call is to be expected, and the calling thread may take its part of the
   * work and wait for the rest.
   */
  eStepLater?(params: Float64Array, from?: Beginning, others?: boolean): Promise<Expectation>
  /**
   * Runs that may be under way at once, each awaiting its own `eStepLater`; 1 where left out. An M-step, a gain and the
   * reports depend on their arguments alone, whatever was called before them.
   */
  readonly sideBySide?: number
  /** Posteriors at these params are to be read under the q of this expectation. */
  remember?(params: Float64Array, expectation: Expectation): void
  /**
   * An expectation as if the posterior of each latent were what is given (rows × values, row-major, rows need not sum to
   * 1: a row's weight in each component). `params` gives the pivot. Its logLikelihood is NaN.
   */
  eStepFrom(given: ReadonlyMap<string, Float64Array>, params: Float64Array): Expectation
  mStep(params: Float64Array, expectation: Expectation): Maximisation
  /** Q(trial) − Q(params) + log prior(trial) − log prior(params), for the q of `expectation`, which was made at `params`. */
  gain(params: Float64Array, expectation: Expectation, trial: Float64Array): number
  /** Log prior density with its constants; 0 without priors. */
  logPrior(params: Float64Array): number
  /** Log-normaliser of each unit (not weighted), in the order of the rows of the outermost table. */
  unitLogLikelihood(params: Float64Array): Float64Array
  /** Posterior of each discrete latent, rows × values. */
  posterior(params: Float64Array): ReadonlyMap<string, Float64Array>
  /** Posterior means of the latents in `scalars`. */
  expected(params: Float64Array): ReadonlyMap<string, number>
  components(params: Float64Array): readonly ComponentState[]
  /**
   * Where q is factorised: the params together with the posterior means of latents whose slices components pick, and which
   * latents may be numbered otherwise. Left out, or null: the params say all.
   */
  componentArrays?(params: Float64Array): ComponentArrays | null
  /**
   * Identified number of params: rank of the units' scores at a random interior point; null where it cannot be had.
   * `fitted` may serve where the random point tells nothing.
   */
  identifiedParameters(random: () => number, fitted: Float64Array): Identified | null
  /**
   * A random point in the interior of every support, scaled by the data where the compiler knows how; the point with all
   * random numbers 1/2 is the default start of a model without component-like latents.
   */
  interior(random: () => number): Float64Array
  /** Top-level lets over params: name → value(s), nested as declared. */
  derived(params: Float64Array): ReadonlyMap<string, unknown>
  /** `nonnegative` params that scale latents: at 0 such a latent is its mean. */
  readonly vanishing?: readonly string[]
  /** The model over the same data with these scales at 0, their latents at their means; null where it has no derivation. */
  withoutScales?(names: readonly string[]): BoundModel | null
  /** A spread beside which the data are known to no digit, by name; null where there is none. */
  collapsedSpread?(params: Float64Array): string | null
  /** Params of regressions that run to infinity, since covariates tell two outcomes apart without error. */
  runaway?(params: Float64Array): readonly string[]
  /** Every M-step gives the maximum of Q over all params together, and q is the posterior: EM as such. */
  readonly joint?: boolean
  /**
   * For steps that are not EM's own: `target`, with what lies outside of its support pulled back towards `inside`; what lies
   * at an edge there stays.
   */
  pullBack?(inside: Float64Array, target: Float64Array): Float64Array
  /** What is observed beside each row of a discrete latent, scaled to sd 1; null where no data stand there. */
  features?(latent: string): Features | null
  /** Sets the floor of spreads (relative to the variance of the data). */
  setFloor(floor: number): void
}
