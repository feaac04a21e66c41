/**
 * The factor graph: tables (plates and their keys), latents that live in them, and factors in index notation.
 */
import type { Span } from '../../lang/source.js'
import type { DataSymbol, ParamSymbol } from '../../lang/typed/types.js'
import type { Expr, Guard, IndexVar, Rational } from '../algebra/types.js'

/** One enclosing `for`, with its weight if it has one. */
export interface Loop {
  readonly index: IndexVar
  readonly weight: Expr | null
}

/** A finite discrete latent array, or a data array whose missing cells are latents (`evidence`). */
export interface DiscreteLatent {
  readonly kind: 'discrete'
  readonly name: string
  /** Loops of its declaration: its table is the product of their domains. */
  readonly loops: readonly Loop[]
  /** Values are the integers low..high. */
  readonly low: Expr
  readonly high: Expr
  /** Level set that names the values, if any. */
  readonly levels: { readonly symbol: string; readonly column: Expr | null } | null
  readonly isBool: boolean
  /** Cells that are observed act as evidence. */
  readonly evidence: boolean
  /** Introduced by the compiler (Mixture, a split cell), not written by the user. */
  readonly introduced: boolean
  readonly span: Span
}

/** A latent count that only occurs in linear terms and in its own log-factorial. */
export interface CountLatent {
  readonly kind: 'count'
  readonly name: string
  readonly loops: readonly Loop[]
  /** Range of its own distribution (high null: unbounded); null where it has none, as a cell of a Multinomial. */
  readonly domain: { readonly low: Expr; readonly high: Expr | null } | null
  readonly span: Span
}

/** A latent array of numbers, or a data array whose missing cells are latents (`evidence`). */
export interface ContinuousLatent {
  readonly kind: 'continuous'
  readonly name: string
  /** Loops of its declaration: its table is the product of their domains. */
  readonly loops: readonly Loop[]
  /** Its own dimensions after those of the loops: the coordinates of one row. */
  readonly own: readonly IndexVar[]
  /** What the values are, as declared or as the distribution says. */
  readonly support: 'real' | 'positive' | 'unit' | 'simplex' | 'covariance' | 'count'
  /** Cells that are observed are fixed at their data. */
  readonly evidence: boolean
  /** Where a latent that is declared in branches exists, in the loops of its declaration; left out where it always does. */
  readonly present?: Guard
  readonly span: Span
}

export type Latent = DiscreteLatent | CountLatent | ContinuousLatent

export type FactorRole = 'likelihood' | 'latent' | 'prior' | 'evidence'

/** log p of one statement, for every iteration of its loops. */
export interface Factor {
  readonly id: string
  readonly role: FactorRole
  readonly loops: readonly Loop[]
  /** Conditions of the enclosing `if`s; the factor counts where they hold. */
  readonly guard: Guard
  readonly value: Expr
  /** What stands on the left, for reports. */
  readonly target: {
    readonly space: 'data' | 'latent' | 'param'
    readonly name: string
    /** Indices of the cell, as far as the statement runs over them; left out where the left side is no single cell. */
    readonly index?: readonly Expr[]
  }
  readonly distribution: string
  /** The distribution is made from another by its tails. */
  readonly tails?: 'truncated' | 'censored'
  readonly span: Span
}

/** `observe total = a + b + …`: coefficients of latents in left − right, which is 0. */
export interface Constraint {
  readonly loops: readonly Loop[]
  readonly terms: readonly {
    readonly latent: string
    readonly index: readonly Expr[]
    readonly coefficient: Rational
  }[]
  /** The rest, moved to the other side: Σ coefficient·latent = total. */
  readonly total: Expr
  readonly span: Span
}

/** A latent that an observed equation gives in terms of others. */
export interface SolvedLatent {
  readonly name: string
  readonly loops: readonly Loop[]
  readonly value: Expr
}

/** A constant that is computed when data is bound: a reduction of data, a label's level number, a user's const. */
export interface BindTable {
  readonly name: string
  /** Index variables it depends on, outermost first: the table has one element per value. */
  readonly indices: readonly IndexVar[]
  readonly compute: /** A user's const: `indices` are its dimensions, `value` the element. */
    | { readonly kind: 'const'; readonly name: string; readonly value: Expr }
    /** The values of a param that is held. */
    | { readonly kind: 'given'; readonly name: string }
    | { readonly kind: 'label'; readonly levels: string; readonly column: Expr | null; readonly label: string }
    | {
        readonly kind: 'reduction'
        readonly fn: 'min' | 'max' | 'mean' | 'sd' | 'sum'
        readonly over: readonly IndexVar[]
        readonly value: Expr
      }
    /**
     * Rows that have the same cells observed share a pattern: `number` gives the pattern of each row, `representative` a
     * row of each pattern. `masks` are what is looked at: 1 or 0 for each row and value of `over`.
     */
    | {
        readonly kind: 'pattern'
        readonly part: 'number' | 'representative'
        readonly row: IndexVar
        readonly masks: readonly { readonly over: readonly IndexVar[]; readonly value: Expr }[]
      }
    /** Nodes and log weights of the product rule of a block of latents. */
    | { readonly kind: 'nodes'; readonly block: string; readonly part: 'place' | 'weight' }
  readonly span: Span
}

/** What a statement says of one cell of data, for every iteration of `loops`; the guard may read latents. */
export interface Predictive {
  readonly data: string
  /** Indices of the cell. */
  readonly index: readonly Expr[]
  readonly loops: readonly IndexVar[]
  readonly guard: Guard
  readonly of:
    | { readonly kind: 'moments'; readonly mean: Expr; readonly variance: Expr }
    /** `mass` of the value that the index variable stands for. */
    | { readonly kind: 'mass'; readonly value: IndexVar; readonly mass: Expr }
    /** Why there is neither. */
    | { readonly kind: 'none'; readonly reason: string }
  readonly span: Span
}

export interface FactorGraph {
  readonly name: string
  readonly data: readonly DataSymbol[]
  readonly params: readonly ParamSymbol[]
  readonly latents: readonly Latent[]
  readonly factors: readonly Factor[]
  readonly constraints: readonly Constraint[]
  readonly solved: readonly SolvedLatent[]
  readonly bindTables: readonly BindTable[]
  /** Distributions of missing cells that are left out of the E-step. */
  readonly predictives: readonly Predictive[]
  /** Top-level lets over params, element by element: reported with a fit. */
  readonly lets: readonly { readonly name: string; readonly indices: readonly IndexVar[]; readonly value: Expr }[]
}
