import type { Expr, IndexVar } from '../algebra/types.js'
import type { Derivation } from '../derive.js'
import type { Contribution, MStep } from '../mstep/types.js'
import type { Rename } from './elements.js'
import type { Notation } from './notation.js'

/** left = right, for every value of the indices. `over`: trailing indices that are written as a vector or a matrix. */
export interface Equation {
  readonly left: Expr
  readonly right: Expr
  readonly indices: readonly IndexVar[]
  readonly over: readonly string[]
}

/** Σ over the indices of the term; `over` are those that are written as a vector. */
export interface Part {
  readonly term: Expr
  readonly indices: readonly IndexVar[]
  readonly over?: readonly string[]
}

/** A block's part of Q, the condition for its maximum, and the formula of the update. */
export interface Update {
  readonly step: MStep
  /** Σ of its terms, one list entry per family of elements; the loops are the indices. */
  readonly objective: readonly Part[]
  readonly conditions: readonly Equation[]
  readonly equations: readonly Equation[]
  /** Values of the Lagrange multipliers of a simplex. */
  readonly multipliers: readonly Equation[]
  /** false: the equations are a system to solve, or there is no formula at all. */
  readonly explicit: boolean
}

/** What the makers of formulas share. */
export interface UpdateContext {
  readonly derivation: Derivation
  readonly notation: Notation
  readonly rename: Rename
  /** The coefficient of the element at a target, with statistics written out. */
  coefficient(cs: readonly Contribution[], at: readonly Expr[]): Expr
}
