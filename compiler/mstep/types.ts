import type { Span } from '../../lang/source.js'
import type { Monomial } from '../algebra/monomial.js'
import type { Expr, Guard, IndexVar, Rational } from '../algebra/types.js'

/**
 * A demanded statistic: stat[at] += value, summed over the loops where the guards hold. `axes` are its own index
 * variables; `at` says, per axis, which element an iteration of the loops adds to.
 */
export interface Statistic {
  readonly id: string
  readonly axes: readonly IndexVar[]
  readonly loops: readonly IndexVar[]
  readonly guards: readonly Guard[]
  readonly at: readonly Expr[]
  readonly value: Expr
  /** Reads neither the posterior nor the pivot: summed once for the whole fit. */
  readonly once: boolean
}

/**
 * Q on the driver: Σ of monomials whose coefficients are free of rows (consts, sizes and statistics) and whose atoms are
 * functions of params alone. `rowTerms` are parts of Q that no finite set of statistics carries.
 */
export interface DriverObjective {
  readonly monomials: readonly Monomial[]
  readonly statistics: readonly Statistic[]
  readonly rowTerms: readonly RowTerm[]
  /** The terms that an atom of the monomials comes from, by `atomKey`: places in the list of terms that were split. */
  readonly sources: ReadonlyMap<string, ReadonlySet<number>>
}

/** Σ over rows of an expression in data, posterior and params that does not separate. */
export interface RowTerm {
  readonly expr: Expr
  readonly params: readonly string[]
  readonly reason: string
  /** The term that it comes from: a place in the list of terms that were split. */
  readonly source: number
}

/** coefficients[at] += value over loops: how a block's natural parameters are put together from statistics. */
export interface Contribution {
  readonly loops: readonly IndexVar[]
  readonly guards: readonly Guard[]
  readonly at: readonly Expr[]
  readonly value: Expr
}

export type Exactness = 'joint' | 'blockwise' | 'ascent'

/** A rule that was tried before, why it does not apply, and the statement of the model that closes it. */
export interface Declined {
  readonly rule: string
  readonly reason: string
  /** Of the statement whose term does not fit, or of the declaration of the param. */
  readonly span: Span
}

interface StepBase {
  readonly id: string
  readonly params: readonly string[]
  /** Rule that gave it, by id. */
  readonly rule: string
  readonly closedForm: boolean
  readonly exact: Exactness
  readonly declined: readonly Declined[]
  /** Params whose new values it reads. */
  readonly dependsOn: readonly string[]
  /** Family of the block, for documents. */
  readonly family: string
}

/** Spread of data that a param measures: what the floor is relative to. */
export interface Spread {
  readonly kind: 'sd' | 'variance' | 'precision' | 'covariance'
  readonly data: readonly string[]
  /** It measures the logarithms of the data. */
  readonly logged: boolean
  /** It is compared with the bulk of the data: a few far values are as its tails would have them. */
  readonly heavy?: boolean
}

/** What a param of a numerical M-step is to the data. */
export interface NumericRole {
  readonly param: string
  /** A location, or the kind of spread. */
  readonly role: 'location' | Spread['kind']
  readonly data: string
  /** On the scale of the logarithm of the data. */
  readonly logged: boolean
  /** The density falls as a power of the residual: a few far values say nothing of its scale. */
  readonly heavy?: boolean
}

/** Weighted log terms on a simplex: p ∝ max(coefficients, 0); Dirichlet's mode. */
export interface DirichletStep extends StepBase {
  readonly kind: 'dirichlet'
  readonly coefficients: readonly Contribution[]
}

/** A·log(u − low) + B·log(high − u): the mode of a Beta on (low, high), u = (A·high + B·low)/(A + B). */
export interface BetaStep extends StepBase {
  readonly kind: 'beta'
  readonly low: Expr
  readonly high: Expr
  readonly above: readonly Contribution[]
  readonly below: readonly Contribution[]
}

/** A·log e + B·e^power, e = link(u): e = (−A/(power·B))^(1/power), clamped to its support. */
export interface GeneralisedGammaStep extends StepBase {
  readonly kind: 'generalised-gamma'
  readonly power: Rational
  readonly link: 'identity' | 'exp'
  readonly logs: readonly Contribution[]
  readonly powers: readonly Contribution[]
  readonly spread: Spread | null
}

/** Quadratic in the shifts δ of one or more params: δ = Λ⁻¹h, batched over the shared index positions. */
export interface NormalStep extends StepBase {
  readonly kind: 'normal'
  /** Per param: which positions of its index are batch positions, in the common batch order. */
  readonly batch: readonly { readonly param: string; readonly positions: readonly number[] }[]
  readonly linear: readonly (Contribution & { readonly param: string })[]
  readonly quadratic: readonly (Contribution & {
    readonly param: string
    readonly other: string
    readonly otherAt: readonly Expr[]
  })[]
  /** Common factors of every coefficient that cancelled from the solution, for documents. */
  readonly cancelled: readonly Expr[]
}

/** A·logdet S + Σ B_ij (S⁻¹)_ij (inverse Wishart, S = B/A) or with S_ij (Wishart, S⁻¹ = −B/A). */
export interface MatrixStep extends StepBase {
  readonly kind: 'inverse-wishart' | 'wishart'
  readonly logdets: readonly Contribution[]
  readonly traces: readonly Contribution[]
  readonly spread: Spread | null
}

/** Σ_i coefficient_i · g_i(u) for one scalar u at a time: the best stationary point in the support. */
export interface StationaryStep extends StepBase {
  readonly kind: 'stationary'
  /** g_i and its first two derivatives in the index variable `u`. */
  readonly terms: readonly {
    readonly value: Expr
    readonly first: Expr
    readonly second: Expr
    readonly coefficients: readonly Contribution[]
  }[]
  /** A reference that stands for u in those expressions. */
  readonly variable: string
  /** Scales that are at their best values for each u; none reads another. */
  readonly profiles: readonly Profile[]
}

/** max over v of (α u + α₀) log v + B v^power, α, α₀ and B added up at the element of u. */
export interface Profile {
  readonly param: string
  readonly power: Rational
  readonly linear: readonly Contribution[]
  readonly constant: readonly Contribution[]
  readonly powers: readonly Contribution[]
}

/** Damped Newton (L-BFGS beyond the cap) on the objective in unconstrained coordinates. */
export interface NewtonStep extends StepBase {
  readonly kind: 'newton'
  /** Terms of Q that read the block's params, on the driver. */
  readonly monomials: readonly Monomial[]
  readonly rowTerms: readonly RowTerm[]
  /** What its params are to the data, where that can be told. */
  readonly roles: readonly NumericRole[]
  /**
   * Where Q is made of straight pieces and has no second derivatives: minus the squares of the slopes of single records, whose
   * expectation the second derivatives of a likelihood are. By the names of the columns that records are weighted by.
   */
  readonly squaredSlopes?: { readonly weights: ReadonlySet<string> }
}

/** −Σ w |e − u| in each element u of one param: a weighted median. */
export interface MedianStep extends StepBase {
  readonly kind: 'median'
  /** Terms of Q that read it, on the driver and over the rows. */
  readonly monomials: readonly Monomial[]
  readonly rowTerms: readonly RowTerm[]
}

export type MStep =
  | DirichletStep
  | BetaStep
  | GeneralisedGammaStep
  | NormalStep
  | MatrixStep
  | StationaryStep
  | MedianStep
  | NewtonStep

export interface MStepPlan {
  /** In the order they run. */
  readonly steps: readonly MStep[]
  /** Rounds of conditional maximisation: 1 where the steps are exact in one go. */
  readonly sweeps: number
  /** Steps that the rounds are of; what comes before and after them in the order is solved once. */
  readonly repeated: readonly string[]
  readonly objective: DriverObjective
  /** Params whose pivot is their current value: they enter Q through shifts. */
  readonly shifted: readonly string[]
  /** Q before the shift, for documents and as the form that decides. */
  readonly canonical: DriverObjective
}
