/** What running through all values of a unit's cells gives. */
import type { Assignment } from './assignment.js'
import type { Ground } from './ground-types.js'
import type { Item, Unit } from './structure.js'
import type { Values } from './types.js'

/** One way the cells of a unit may come out: their values and the log of its (unnormalised) probability. */
export interface Atom {
  /** In the order of the unit's cells. */
  readonly values: readonly number[]
  readonly log: number
}

export type Method = 'enumeration' | 'gaussian' | 'quadrature'

export interface UnitResult {
  readonly unit: Unit
  /** Log-normaliser. */
  readonly log: number
  /** Estimate of its absolute error beyond rounding: 0 unless there was quadrature or an infinite sum. */
  readonly error: number
  readonly method: Method
  readonly atoms: readonly Atom[]
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
  /** The log of what an item contributes, given all cells it reads. */
  itemLog(item: Item, a: Assignment): number
}
