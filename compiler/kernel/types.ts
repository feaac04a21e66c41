/**
 * Kernel IR: what a derivation is lowered to and what targets execute. Block tensor operations with named axes.
 *
 * All axes count from 0 here. Buffers are dense and row-major over their `shape`; ragged data is padded or flat with
 * offsets, as `bind` says. A pass touches rows; a solve runs on the driver on sums and small tables; both use the same
 * operations and the same scalar language, and neither holds a closure: a program is plain data.
 */

/** Key of an integer that is known once data is bound (`N`, `K`, `levels(y)`, …). */
export type SizeKey = string

/** A loop variable. `size` is its extent; a ragged axis has `sizes[value of by]` instead, `size` being the largest. */
export interface Axis {
  readonly id: string
  /** The user's letter, for printing. */
  readonly name: string
  readonly size: SizeKey
  /** Ragged: extent is the element `at` of the i32 buffer `sizes`. */
  readonly ragged?: { readonly sizes: string; readonly at: KExpr }
}

export type BufferSpace =
  | 'data' // bound once, never written by passes
  | 'param' // the parameters that q was computed at (theta(t)), written by nobody in a pass
  | 'trial' // a second parameter vector, for numerical M-steps and for Q(theta'; theta)
  | 'derived' // tables computed from params before a pass (inverses, log-determinants)
  | 'scratch' // lives for one block of rows
  | 'state' // kept per unit between iterations (factorised q)
  | 'sum' // accumulated over all rows: statistics and objective
  | 'table' // driver-side tables of a solve
  | 'given' // start responsibilities handed in by the runtime

export interface Buffer {
  readonly id: string
  readonly space: BufferSpace
  readonly type: 'f64' | 'i32'
  /** Extents, outermost first. The first is the row extent for data, scratch and given buffers whose `rows` is set. */
  readonly shape: readonly SizeKey[]
  /** Table whose rows the first extent runs over; such scratch is as long as the block. */
  readonly rows?: string
  /**
   * A sum of |terms| of another sum, for how exact that is. Where a rewriting adds up other terms, these are its terms too.
   */
  readonly magnitude?: true
  /** For reports: what this is in the user's terms. */
  readonly label?: string
}

/** Scalar expressions of the kernel. Integers and floats are not told apart; an index position is truncated. */
export type KExpr =
  | { readonly k: 'num'; readonly value: number }
  /** 0-based value of a loop variable. */
  | { readonly k: 'axis'; readonly axis: string }
  | { readonly k: 'size'; readonly size: SizeKey }
  | { readonly k: 'load'; readonly buffer: string; readonly at: readonly KExpr[] }
  | { readonly k: 'add' | 'mul'; readonly args: readonly KExpr[] }
  /** Product in which a factor that is exactly 0 makes the result 0, whatever the others are (0 · log 0 = 0). */
  | { readonly k: 'mul0'; readonly args: readonly KExpr[] }
  | { readonly k: 'sub' | 'div'; readonly left: KExpr; readonly right: KExpr }
  | { readonly k: 'neg'; readonly of: KExpr }
  /** base^exponent with a number for exponent: lowered to products, roots or `Math.pow`. */
  | { readonly k: 'pow'; readonly base: KExpr; readonly exponent: number }
  | { readonly k: 'call'; readonly fn: KFunction; readonly args: readonly KExpr[] }
  /** Inner sum (or maximum, or log-sum-exp) over an axis: `contract` of the body. */
  | { readonly k: 'reduce'; readonly kind: 'sum' | 'max' | 'logSumExp'; readonly axis: Axis; readonly body: KExpr }
  /** `seldom`: `when` hardly ever holds. */
  | {
      readonly k: 'select'
      readonly when: KExpr
      readonly then: KExpr
      readonly otherwise: KExpr
      readonly seldom?: true
    }
  /** 1 or 0. */
  | {
      readonly k: 'compare'
      readonly operator: '==' | '!=' | '<' | '<=' | '>' | '>='
      readonly left: KExpr
      readonly right: KExpr
    }
  | { readonly k: 'and' | 'or'; readonly left: KExpr; readonly right: KExpr }
  | { readonly k: 'not'; readonly of: KExpr }
  /**
   * Element of the sparse inverse `of` that a `sparseGaussian` made, in either order of its 0-based positions; 0 where
   * one of them is −1 or NaN. A pair outside the pattern is our mistake, and throws.
   */
  | { readonly k: 'covariance'; readonly of: string; readonly row: KExpr; readonly column: KExpr }

export type KFunction =
  | 'exp'
  /** e^x for x ≤ 0; 0 may stand for what is below 2^−1022. */
  | 'expNonPositive'
  | 'log'
  | 'log1p'
  | 'expm1'
  | 'abs'
  | 'sqrt'
  | 'lgamma'
  | 'digamma'
  | 'trigamma'
  | 'logistic'
  | 'logit'
  | 'Phi'
  | 'round'
  | 'floor'
  | 'ceil'
  | 'mod'
  | 'min'
  | 'max'
  | 'cos'
  | 'sin'
  | 'atan'
  | 'besselI0'
  | 'besselI1'
  | 'logBesselI0e'
  | 'besselRatio'
  | 'besselRatioSlope'
  | 'lgammaDelta'
  | 'digammaDelta'
  | 'logPhi'
  | 'inverseMills'
  | 'logPhiBetween'
  | 'logGammaP'
  | 'logGammaQ'
  | 'logBetaI'
  | 'logStudentCdf'
  | 'logVonMisesArc'
  | 'logLogistic'
  | 'log1mexp'
  | 'log1pexp'
  | 'power'
  | 'isNaN'
  /** A standard normal draw of (seed, unit, draw, coordinate), a χ² one with 4 degrees of freedom of (seed, unit, draw). */
  | 'normalDraw'
  /** A standard Gumbel draw of (seed, unit, draw, coordinate). */
  | 'gumbelDraw'
  /** A gamma draw of rate 1 of (seed, unit, draw, shape). */
  | 'gammaDraw'
  /** A binomial draw of (seed, unit, draw, trials, probability). */
  | 'binomialDraw'
  /** A Poisson draw of (seed, unit, draw, rate). */
  | 'poissonDraw'
  | 'chiSquareDraw'

/** Three buffers of equal shape; positions are i32 or f64. */
export interface SparseEntries {
  readonly rows: string
  readonly columns: string
  readonly values: string
}

/**
 * Operations. `axes` are the loops, outermost first; an axis named by the pass as its row axis runs over the block.
 *
 * - `map`: out[at] = value. Each element is written once.
 * - `contract`: out[at] += product of `factors`, summed over the axes that `at` does not name; `at` are plain axes.
 * - `scatterAdd`: out[at] += value, where an index of `at` may be any integer expression (a key column).
 * - `gather`: out[axes] = from[at]; like map, named apart because targets treat it apart.
 * - `reduce`: out[at] = sum, max or log-sum-exp of value over `over`.
 * - `fill`: out = value everywhere.
 * - `scan`: a recurrence along `axis` (chains): `step` reads `carry` at the previous position.
 * - `repeat`: the steps again and again while the one element of `until` is not 0, at most `times`; they write it.
 * - `small`: dense factorisation or solve per batch index.
 * - `sparseGaussian`: mean and covariances of a joint Gaussian over many cells with density ∝ exp(hᵀx − ½ xᵀΛx). Each
 *   element q of a list of entries stands at (i, j) = (rows, columns), all three of the same shape: Λ += q E_ij + q E_ji,
 *   so a diagonal position gets it twice; an element with a position of −1 or NaN is passed over. mean = Λ⁻¹h, logdet =
 *   log det Λ, and `covariance` names Λ⁻¹, whose elements at the pairs of Λ's pattern `covariance` expressions read.
 *   A cell that no entry names is left out: mean 0 whatever its h, variance 1, nothing in logdet. Λ not positive
 *   definite: NaN in all three. Positions that stay the same from run to run are analysed once. Whole tables only: it
 *   stands in no scan and in no pass over blocks of rows.
 * - `rng`: random numbers of a stream, not counted; draws that are the same from iteration to iteration are the functions
 *   `normalDraw` and `chiSquareDraw`.
 */
export type KernelOp =
  | {
      readonly op: 'map'
      readonly out: string
      readonly axes: readonly Axis[]
      readonly at: readonly KExpr[]
      readonly value: KExpr
    }
  | {
      readonly op: 'contract'
      readonly out: string
      readonly axes: readonly Axis[]
      readonly at: readonly KExpr[]
      readonly factors: readonly KExpr[]
    }
  | {
      readonly op: 'scatterAdd'
      readonly out: string
      readonly axes: readonly Axis[]
      readonly at: readonly KExpr[]
      readonly value: KExpr
    }
  | {
      readonly op: 'gather'
      readonly out: string
      readonly axes: readonly Axis[]
      readonly from: string
      readonly at: readonly KExpr[]
    }
  | {
      readonly op: 'reduce'
      readonly kind: 'sum' | 'max' | 'logSumExp'
      readonly out: string
      readonly axes: readonly Axis[]
      readonly over: readonly Axis[]
      readonly at: readonly KExpr[]
      readonly value: KExpr
    }
  | { readonly op: 'fill'; readonly out: string; readonly value: number }
  | {
      readonly op: 'scan'
      readonly axis: Axis
      readonly reverse: boolean
      readonly carry: readonly string[]
      readonly step: readonly KernelOp[]
      /** What a step leaves in scratch is read by no other step and nowhere else. */
      readonly independent?: true
    }
  | { readonly op: 'repeat'; readonly times: number; readonly until: string; readonly step: readonly KernelOp[] }
  | {
      readonly op: 'small'
      readonly kind: 'inverse' | 'logdet' | 'cholesky' | 'solveSpd'
      /** Batch loops; matrices are the last two extents of their buffers, right-hand sides the last one. */
      readonly axes: readonly Axis[]
      readonly at: readonly KExpr[]
      readonly order: SizeKey
      readonly matrix: string
      readonly rightHandSide?: string
      readonly out: string
    }
  | {
      readonly op: 'sparseGaussian'
      /** Number of cells. */
      readonly order: SizeKey
      readonly entries: readonly SparseEntries[]
      /** h and the mean: one element a cell. */
      readonly linear: string
      readonly mean: string
      /** A buffer of one element. */
      readonly logdet: string
      /** Name of the sparse inverse: not a buffer. */
      readonly covariance: string
      /** One element a cell, standard normal; R of it is put in its place, R Rᵀ = Λ⁻¹, and covariances read as 0. */
      readonly draw?: string
    }
  | {
      readonly op: 'rng'
      readonly out: string
      readonly axes: readonly Axis[]
      readonly distribution: 'uniform' | 'normal'
      readonly stream: number
    }
