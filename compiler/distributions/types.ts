import type { DistributionSignature } from '../../lang/signature.js'
import type { Expr, IndexVar } from '../algebra/types.js'

/**
 * A value or an argument seen as a family of scalars: `dims` are its index domains and `at` gives the element.
 * Rank 0 has no dims and is read with `at([])`.
 */
export interface Tensor {
  readonly dims: readonly TensorDim[]
  at(index: readonly Expr[]): Expr
}

/** Indices of a dimension run from 1 to `size`. */
export interface TensorDim {
  readonly size: Expr
}

/** What a density may need from its surroundings: fresh index variables (`name` is only a hint for printing). */
export interface DensityContext {
  index(name: string, size: Expr): IndexVar
}

/**
 * Logarithms of the probabilities of tails, as expressions in a point x: of continuous values at any x of the support, of
 * integers at integers. What lies outside the support, and infinite ends, are the caller's.
 */
export interface Tail {
  /** Ends of the support, the smallest and the largest value of integers; null where there is none. */
  readonly low: Expr | null
  readonly high: Expr | null
  /** Arguments in which the tails have no derivative here. */
  readonly shapes?: readonly Expr[]
  /** log P(X ≤ x), low ≤ x < high. */
  below(x: Expr): Expr
  /** log P(X > x), low ≤ x < high. */
  above(x: Expr): Expr
  /** log P(a < X ≤ b), low ≤ a < b < high, where that has a form of its own that keeps more digits. */
  between?(a: Expr, b: Expr): Expr
}

/** Uniform numbers in (0, 1), made by a counter-based generator that the caller owns. */
export type RandomSource = () => number

/** A numeric argument: a number, a vector or a matrix, row by row. */
export type NumericArgument = number | readonly number[] | readonly (readonly number[])[]

/**
 * One distribution, in one file. The log density is written once, as an expression: numeric code, derivatives and
 * LaTeX are made from it, and its exponential form is found by `collect`.
 */
export interface Distribution {
  readonly signature: DistributionSignature
  /**
   * Log density (or log mass), all constants included, natural log, for the parametrisation whose argument names are
   * the keys of `args`. Outside the support of the value it may be anything: `inSupport` is what guards it.
   */
  logDensity(value: Tensor, args: ReadonlyMap<string, Tensor>, context: DensityContext): Expr
  /**
   * Smallest and largest value with mass, where the values are integers: the domain that is summed over when the value
   * is latent. `high` is null when unbounded. Left out for continuous distributions.
   */
  domain?(args: ReadonlyMap<string, Tensor>): { readonly low: Expr; readonly high: Expr | null }
  /** Tails, where they are known: what Truncated and Censored are made of. Scalar distributions only. */
  tail?(args: ReadonlyMap<string, Tensor>): Tail
  /** The same of angles, which have no smallest one: of the turn from −π on. For residuals. Scalar distributions only. */
  arc?(args: ReadonlyMap<string, Tensor>): Pick<Tail, 'below' | 'above'>
  /** Mean and variance, where they have a closed form: what a missing cell is filled with. Scalar distributions only. */
  moments?(args: ReadonlyMap<string, Tensor>): { readonly mean: Expr; readonly variance: Expr }
  /** Mean and covariance of a Gaussian vector, by coordinates: each of them alone is Normal. */
  vectorMoments?(
    args: ReadonlyMap<string, Tensor>,
    context: DensityContext,
  ): { mean(i: Expr): Expr; covariance(i: Expr, j: Expr): Expr }
  /** Each coordinate of a vector alone, where that has a distribution in closed form and is not Normal. */
  coordinate?(
    args: ReadonlyMap<string, Tensor>,
    i: Expr,
  ): { readonly mean: Expr; readonly variance: Expr; below(x: Expr): Expr; above(x: Expr): Expr }
  /** P(X = value) of labels and truth values, linear in probabilities that are arguments. */
  mass?(value: Expr, args: ReadonlyMap<string, Tensor>, context: DensityContext): Expr
  /**
   * Where scales that may go to 0 leave a point: all mass is then at the argument `at`. `scales` are these arguments, with
   * the power of the value's unit that they are measured in (1 for an sd, 2 for a variance). Left out where there is none.
   */
  readonly pointMass?: { readonly at: string; readonly scales: ReadonlyMap<string, 1 | 2> }
  /** Arguments that are ends of the support: the likelihood jumps where one passes an observation. */
  readonly ends?: readonly string[]
  /** Of angles: values this far apart are the same, and the density over one turn has mass 1. */
  readonly turn?: number
  /**
   * true where a numeric value lies in the support for these numeric arguments (arguments of the first parametrisation).
   */
  inSupport(value: NumericArgument, args: ReadonlyMap<string, NumericArgument>): boolean
  /** One draw, arguments of the first parametrisation. */
  sample(args: ReadonlyMap<string, NumericArgument>, random: RandomSource): NumericArgument
  /** `\mathrm{Normal}(\mu, \sigma)` given the TeX of each argument in order. */
  latex(args: readonly string[]): string
}
