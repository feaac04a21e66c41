/**
 * A grounded model: factors over cells. Each factor is a log density as a function of params and cells; cells are the
 * elements of latents and the missing cells of data.
 */
import type { Span } from '../lang/source.js'
import type { TExpr, TStatement, TypedModel } from '../lang/typed/types.js'
import type { Environment } from './evaluate.js'
import type { Law } from './law.js'
import type { Cell, Stored } from './stored.js'
import type { Values } from './types.js'
import type { World } from './world.js'

/** The value of each cell; NaN where it is not known. */
export type Lookup = (cell: Cell) => number

export interface Factor {
  readonly kind: 'sample' | 'equation' | 'condition'
  readonly span: Span
  /** Product of the enclosing weights: what the factor counts for where no latent is shared between copies. */
  readonly weight: number
  /** Every cell it may read, those it defines included. */
  readonly cells: readonly Cell[]
  /** Cells its value depends on besides those it defines. */
  readonly parents: readonly Cell[]
  /** Names of the params its value depends on. */
  readonly params: ReadonlySet<string>
  /** Cells that enclosing conditions read. */
  readonly guards: readonly Cell[]
  /** log density, without the weight; 0 where an enclosing `if` on latents does not hold. */
  logDensity(params: Values, lookup: Lookup): number
  /** The same without values of its left side that consist of these cells; null where nothing is left. */
  without(gone: ReadonlySet<Cell>): Factor | null
  /** False where an enclosing `if` on latents or params does not hold. */
  active(params: Values, lookup: Lookup): boolean
  /** Of an equation: left − right, all elements. */
  residuals(params: Values, lookup: Lookup): readonly number[]
  /** Of a condition: bounds on single cells that it implies. They narrow integrals; the condition is tested all the same. */
  readonly comparisons: readonly Comparison[]
}

/** The cell lies above or below the bound. */
export interface Comparison {
  readonly cell: Cell
  readonly direction: 'above' | 'below'
  bound(params: Values, lookup: Lookup): number
}

/** How a cell comes about: an element of the left side of a sample statement. */
export interface Definition {
  readonly cell: Cell
  readonly factor: Factor
  readonly target: Stored
  /** Position within the target, from 0, one per dimension. */
  readonly path: readonly number[]
  readonly kind: 'discrete' | 'continuous' | 'point'
  /**
   * The cells of the value that the cell belongs to, independent of the other values of the factor given what its
   * distribution reads; null where part of it is known.
   */
  readonly value: readonly Cell[] | null
  law(params: Values, lookup: Lookup): Law
}

/** A weighted copy of part of the model: `weight` independent copies of its factors with its own cells. */
export interface Block {
  readonly weight: number
  readonly factors: Factor[]
  readonly children: Block[]
  readonly cells: Cell[]
  readonly parent: Block | null
}

export interface Prior {
  readonly span: Span
  logDensity(params: Values): number
}

export interface Ground {
  readonly model: TypedModel
  readonly world: World
  readonly root: Block
  /** All factors of all blocks, in order of the file. */
  readonly factors: readonly Factor[]
  readonly priors: readonly Prior[]
  /** By cell id; more than one where branches of an `if` declare the same latent. */
  readonly definitions: ReadonlyMap<number, readonly Definition[]>
}

/** An enclosing `if` on latents or params, and the branch taken. */
export interface Guard {
  readonly condition: TExpr
  readonly holds: boolean
  readonly env: Environment
}

/** A statement at one setting of its loops. */
export interface Instance {
  readonly statement: Extract<TStatement, { kind: 'sample' | 'observe-equation' | 'observe-condition' }>
  readonly env: Environment
  readonly guards: readonly Guard[]
  readonly block: Block
  readonly weight: number
  readonly target: Stored | null
}
