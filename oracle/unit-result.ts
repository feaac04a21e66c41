/** What running through all values of a unit's cells gives. */
import type { Assignment } from './assignment.js'
import type { Ground } from './ground-types.js'
import type { Cell } from './stored.js'
import type { Group, Item, Unit } from './structure.js'
import type { Values } from './types.js'

/** One way the continuous cells of a group may come out, with the log of its (unnormalised) probability. */
export type Outcome =
  /** Values in the order of the group's cells. */
  | { readonly kind: 'point'; readonly values: readonly number[]; readonly log: number }
  /** Some cells are jointly Gaussian, the others have values. */
  | {
      readonly kind: 'gaussian'
      /** NaN for the Gaussian ones. */
      readonly values: readonly number[]
      readonly log: number
      readonly cells: readonly Cell[]
      readonly mean: readonly number[]
      /** Positive semidefinite: a cell may be determined by others. */
      readonly covariance: readonly (readonly number[])[]
    }

/** The integral over a group's cells, what they depend on being known. */
export interface GroupResult {
  readonly group: Group
  readonly log: number
  readonly error: number
  readonly method: Method
  readonly outcomes: readonly Outcome[]
}

/** One combination of the values of a unit's discrete cells: given them, the groups are independent. */
export interface Piece {
  /** In the order of the unit's discrete cells. */
  readonly values: readonly number[]
  /** Everything integrated. */
  readonly log: number
  readonly groups: readonly GroupResult[]
}

export type Method = 'enumeration' | 'gaussian' | 'quadrature'

export interface UnitResult {
  readonly unit: Unit
  /** Log-normaliser. */
  readonly log: number
  /** Estimate of its absolute error beyond rounding: 0 unless there was quadrature or an infinite sum. */
  readonly error: number
  readonly method: Method
  readonly pieces: readonly Piece[]
}

export interface BlockResult {
  readonly constant: number
  readonly units: readonly UnitResult[]
  readonly log: number
  readonly error: number
}

/** A model at given params, as the integration of one unit sees it. */
export interface UnitProblem {
  readonly ground: Ground
  readonly params: Values
  /** The log of what an item contributes, given all cells it reads; `cost` is what it counts for in the limit of work. */
  itemLog(item: Item, a: Assignment, cost?: number): number
}
