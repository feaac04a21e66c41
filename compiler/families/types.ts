/** Exponential families of one latent: recognised by their statistics, known by their moments. */
import type { Expr, IndexVar } from '../algebra/types.js'

/** A function of the latent that its log density is linear in. */
export type FamilyStatistic =
  | 'u'
  | 'u²'
  | '1/u'
  | 'log u'
  | '(log u)²'
  | 'log(1 − u)'
  /** log u! */
  | 'log u!'
  /** log |u| of a matrix: one number for all of its elements. */
  | 'log |u|'
  /** An element of the inverse of a matrix. */
  | 'u⁻¹'

/** Natural parameter of a statistic at an element of the latent: the coefficient that `collect` found. */
export type Natural = (statistic: FamilyStatistic, at: readonly Expr[]) => Expr

/** A parameter of a family at an element. */
export interface FamilyParameter {
  readonly name: string
  readonly value: Expr
  /** true for one number for all elements of a point. */
  readonly ofPoint?: true
}

/** Index variables over the coordinates of one point, bound nowhere else: none, that of a vector, or those of a matrix. */
export type Axes = readonly IndexVar[]

export interface Family {
  readonly id: string
  readonly title: string
  /** Supports of latents it can be the posterior of. */
  readonly supports: readonly ('positive' | 'unit' | 'simplex' | 'real' | 'count' | 'covariance')[]
  /** A latent whose statistics are among these has it as its posterior. */
  readonly statistics: readonly FamilyStatistic[]
  /** Number of last coordinates whose elements are one point: 1 a vector, 2 a matrix; 0: each element is independent. */
  readonly rank: 0 | 1 | 2
  /** The statistic whose natural parameter is −½ of a positive definite matrix; its posterior is kept as that matrix. */
  readonly matrix?: 'u' | 'u⁻¹'
  /** A natural parameter that has to be this number: the family is not closed under others. */
  readonly fixed?: { readonly statistic: FamilyStatistic; readonly value: number }
  /** Source of the moments. */
  readonly citation: string
  /** Its parameters by name, for documents and results. */
  parameters(at: readonly Expr[], eta: Natural, axes: Axes): readonly FamilyParameter[]
  /** The natural parameter of a statistic at an element, from the parameters by name: the inverse of `parameters`. */
  natural(
    statistic: FamilyStatistic,
    /** At the element, or at another one. */
    parameter: (name: string, of?: readonly Expr[]) => Expr,
    at: readonly Expr[],
    axes: Axes,
  ): Expr
  /** E[t(u)] for a statistic or u^power, or null where it has no closed form. */
  moment(of: FamilyStatistic | { readonly power: Expr }, at: readonly Expr[], eta: Natural, axes: Axes): Expr | null
  /** Var(u) of one element. */
  variance(at: readonly Expr[], eta: Natural, axes: Axes): Expr
  /** Cov(u_i, u_j) of two elements of one point; left out where elements are independent. */
  covariance?(at: readonly Expr[], other: readonly Expr[], eta: Natural, axes: Axes): Expr
  /**
   * Of points with several elements: one of them alone, which has a family of numbers, and what is to be expected of another
   * one given that it is u. Left out where elements are independent, and where there is none.
   */
  element?(
    at: readonly Expr[],
    eta: Natural,
    axes: Axes,
  ): { readonly family: Family; readonly natural: Natural; given(u: Expr, other: readonly Expr[]): Expr }
  /** A point at which the density is finite: log Z = log p(data, u) − log q(u) is evaluated there. */
  point(at: readonly Expr[], eta: Natural, axes: Axes): Expr
  /** log q(u), with u as a function of its coordinates; `at` are those of the element, of a point all but its own. */
  logDensity(u: (at: readonly Expr[]) => Expr, at: readonly Expr[], eta: Natural, axes: Axes): Expr
}
