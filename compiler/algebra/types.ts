/**
 * Expressions in index notation: scalars over named indices. There are no vectors here: a vector is an expression with
 * a free index variable, and `Sum` over it is a dot product, a matrix–vector product or a quadratic form alike.
 */
import type { Span } from '../../lang/source.js'

/** Exact where the source was exact: `n/d` in lowest terms, d > 0, both safe integers. */
export interface Rational {
  readonly n: number
  readonly d: number
}

/**
 * An index variable with its domain. `id` is unique in the derivation; `name` is the user's letter.
 * It ranges over the integers from..to (to may be ragged: an expression in other index variables).
 * As a value inside an expression it is the 1-based integer itself (0 or 1 for a bool).
 */
export interface IndexVar {
  readonly id: string
  readonly name: string
  readonly from: Expr
  readonly to: Expr
}

/** Kinds of arrays a `ref` can read. */
export type ArraySpace =
  | 'data' // observed, bound once; a category cell is its 1-based level
  | 'observed' // 1 where the cell of a `?` array is present, else 0; same name and indices as the data array
  | 'const'
  | 'size' // integers known when data is bound
  | 'param'
  | 'latent' // only before lifting
  | 'other' // a latent of another factor of a factorised posterior, inside an expectation
  | 'shift' // param minus its value at the start of the iteration
  | 'pivot' // the param's value at the start of the iteration
  | 'stat' // a sum over rows, see statistics
  | 'table' // a small table computed from params on the driver

export type Expr =
  | { readonly kind: 'num'; readonly value: Rational }
  /** An inexact literal: 0.1 is exact (1/10); this is what does not fit a Rational, and ±Infinity. */
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'constant'; readonly name: 'pi' | 'e' }
  | { readonly kind: 'index'; readonly var: string; readonly name: string }
  | { readonly kind: 'ref'; readonly space: ArraySpace; readonly name: string; readonly index: readonly Expr[] }
  | { readonly kind: 'add'; readonly terms: readonly Expr[] }
  | { readonly kind: 'mul'; readonly factors: readonly Expr[] }
  | { readonly kind: 'pow'; readonly base: Expr; readonly exponent: Rational }
  | { readonly kind: 'call'; readonly fn: ScalarFunction; readonly args: readonly Expr[] }
  | { readonly kind: 'sum'; readonly index: IndexVar; readonly body: Expr }
  /** `then` where `when` holds, else `otherwise`; used for guards (`otherwise` 0) and structural zeros. */
  | { readonly kind: 'case'; readonly when: Guard; readonly then: Expr; readonly otherwise: Expr }
  /** Element (row, column) of the inverse of a matrix, or its log-determinant: opaque atoms. */
  | { readonly kind: 'inverse'; readonly of: MatrixRef; readonly row: Expr; readonly column: Expr }
  | { readonly kind: 'logdet'; readonly of: MatrixRef }
  /** Posterior probability of `latent[index] = value` jointly over the list; appears in Q only. */
  | { readonly kind: 'probability'; readonly of: readonly Indicator[] }
  /**
   * Posterior expectation of `body`, an expression in continuous latents (refs of space `latent`), times the indicators
   * of `of`: E[1[z = k] · body | data]. Appears in Q only.
   */
  | { readonly kind: 'expect'; readonly of: readonly Indicator[]; readonly body: Expr }
  /** Posterior mean of a latent count or value; appears in Q only. */
  | { readonly kind: 'mean'; readonly latent: string; readonly index: readonly Expr[] }

export interface Indicator {
  readonly latent: string
  readonly index: readonly Expr[]
  readonly value: Expr
}

/** A square matrix given by its elements: `element` with `row` and `column` free, of order `order`. */
export interface MatrixRef {
  readonly row: IndexVar
  readonly column: IndexVar
  readonly element: Expr
}

export type ScalarFunction =
  | 'exp'
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
  /** log(e^−|x| I₀(x)), I₁(x)/I₀(x) and its derivative, accurate where I₀ overflows. */
  | 'logBesselI0e'
  | 'besselRatio'
  | 'besselRatioSlope'
  /** log Γ(a + n) − log Γ(a) and ψ(a + n) − ψ(a), accurate at large a. */
  | 'lgammaDelta'
  | 'digammaDelta'
  /** log Φ(x), φ(x)/Φ(x) and log(Φ(b) − Φ(a)), accurate in both tails. */
  | 'logPhi'
  | 'inverseMills'
  | 'logPhiBetween'
  /** log P(a, x) and log Q(a, x): regularised incomplete gamma functions; log I_x(a, b): the incomplete beta function. */
  | 'logGammaP'
  | 'logGammaQ'
  | 'logBetaI'
  /** log P(T ≤ t) of Student's t with df degrees of freedom (df, t), accurate in both tails. */
  | 'logStudentCdf'
  /** log P(a ≤ angle ≤ b) of a von Mises angle around 0 with concentration κ (κ, a, b): the arc from a on to b. */
  | 'logVonMisesArc'
  /** log(1/(1 + e^−x)), accurate in both tails. */
  | 'logLogistic'
  /** log(1 − e^x) for x ≤ 0. */
  | 'log1mexp'
  /** log(1 + e^x). */
  | 'log1pexp'
  /** power(a, b) with an exponent that is not a number. */
  | 'power'

export type Guard =
  | {
      readonly kind: 'compare'
      readonly operator: '==' | '!=' | '<' | '<=' | '>' | '>='
      readonly left: Expr
      readonly right: Expr
    }
  | { readonly kind: 'and' | 'or'; readonly left: Guard; readonly right: Guard }
  | { readonly kind: 'not'; readonly of: Guard }
  | { readonly kind: 'literal'; readonly value: boolean }

/** Where a node came from, kept beside the expression by whoever needs it. */
export interface Located {
  readonly expr: Expr
  readonly span: Span
}
