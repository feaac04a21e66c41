/**
 * What `lang` needs to know of distributions. `lang` knows none by name: the compiler hands it these signatures.
 */

/** The set an argument or a value lies in, without sizes. */
export type SupportName =
  | 'real'
  | 'positive'
  | 'nonnegative'
  | 'unit'
  | 'int'
  | 'count'
  | 'bool'
  | 'category'
  | 'simplex'
  | 'ordered'
  | 'covariance'
  | 'correlation'

/** rank 0 a number, 1 a vector, 2 a matrix. */
export interface ArgumentSignature {
  readonly name: string
  readonly support: SupportName
  readonly rank: 0 | 1 | 2
}

/**
 * One way to give the arguments, in positional order, e.g. Normal has `mean, sd`, `mean, var` and `mean, precision`.
 * The first parametrisation is the positional one; the others are chosen by the names of the given arguments.
 */
export interface Parametrisation {
  readonly arguments: readonly ArgumentSignature[]
}

/** How the length of a vector value follows: from an argument (`mean` of MvNormal), or freely (Multinomial: `p`). */
export interface DistributionSignature {
  readonly name: string
  /** One sentence for hovers and the reference. */
  readonly summary: string
  readonly parametrisations: readonly Parametrisation[]
  readonly value: {
    readonly support: SupportName
    /** 0: a scalar distribution, which over a vector value is independent over its elements. */
    readonly rank: 0 | 1 | 2
    /** The argument whose length (or order) the value has, for rank 1 and 2. */
    readonly sizeOf?: string
    /** true where the values are a finite or countable set. */
    readonly discrete: boolean
    /** The value is an index 1..length of this argument, as of Categorical's probabilities. */
    readonly indexOf?: string
    /** How many values there are beyond the length of that argument: cuts lie between levels. */
    readonly beyondIndex?: number
  }
}
