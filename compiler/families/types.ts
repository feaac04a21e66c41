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

/** Natural parameter of a statistic at an element of the latent: the coefficient that `collect` found. */
export type Natural = (statistic: FamilyStatistic, at: readonly Expr[]) => Expr

export interface Family {
  readonly id: string
  readonly title: string
  /** Supports of latents it can be the posterior of. */
  readonly supports: readonly ('positive' | 'unit' | 'simplex' | 'real' | 'count')[]
  /** A latent whose statistics are among these has it as its posterior. */
  readonly statistics: readonly FamilyStatistic[]
  /** The elements along the last coordinate are one point (Dirichlet), else each element is independent. */
  readonly vector: boolean
  /** A natural parameter that has to be this number: the family is not closed under others. */
  readonly fixed?: { readonly statistic: FamilyStatistic; readonly value: number }
  /** Source of the moments. */
  readonly citation: string
  /** Its parameters by name, for documents and results. */
  parameters(at: readonly Expr[], eta: Natural): readonly { readonly name: string; readonly value: Expr }[]
  /** The natural parameter of a statistic from the parameters by name: the inverse of `parameters`. */
  natural(statistic: FamilyStatistic, parameter: (name: string) => Expr): Expr
  /** E[t(u)] for a statistic or u^power, or null where it has no closed form. */
  moment(
    of: FamilyStatistic | { readonly power: Expr },
    at: readonly Expr[],
    eta: Natural,
    last: IndexVar | null,
  ): Expr | null
  /** Var(u) of one element. */
  variance(at: readonly Expr[], eta: Natural, last: IndexVar | null): Expr
  /** Cov(u_i, u_j) of two elements of one vector; left out where elements are independent. */
  covariance?(at: readonly Expr[], other: readonly Expr[], eta: Natural, last: IndexVar | null): Expr
  /** A point at which the density is finite: log Z = log p(data, u) − log q(u) is evaluated there. */
  point(at: readonly Expr[], eta: Natural, last: IndexVar | null): Expr
  /** log q(u), with u as a function of its coordinates; `at` are those of the element, of a vector all but the last. */
  logDensity(u: (at: readonly Expr[]) => Expr, at: readonly Expr[], eta: Natural, last: IndexVar | null): Expr
}
