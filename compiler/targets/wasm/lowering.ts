import { KernelError } from '../../kernel/kernel-error.js'
import type { KExpr, SizeKey } from '../../kernel/types.js'
import type { FactTable } from '../facts.js'
import type { Code } from './code.js'
import type { Place } from './place.js'
import type { WExpr } from './wasm-ast.js'
import type { WasmBlocks } from './wasm-blocks.js'

/**
 * One of several positions that are computed side by side: what is added to the loop variables of axes, by axis. A
 * `vector` copy stands for two neighbouring values of the vector axis, in the lanes of a v128.
 */
export interface Copy {
  readonly plus: ReadonlyMap<string, number>
  readonly vector: boolean
}

/** What the parts of the lowering share: where code goes, where buffers lie, and the way back in. */
export interface Lowering {
  readonly code: Code
  readonly blocks: WasmBlocks
  readonly facts: FactTable
  /** Axis whose values lie in the lanes, inside the loops of an operation that is computed so. */
  vectorAxis: string | null
  /** The steps of a recurrence without a row axis are being written. */
  readonly inScan: boolean
  /** Rows whose values are computed side by side: 1 or 2. */
  readonly rowsAtOnce: number
  /** Nodes of the expression at hand times how often the loops around, written out, repeat it. */
  written: number
  /** Axis that runs over the rows of the block; its loop variable counts from the block's first row. */
  readonly rowAxis: string | null
  /** Number of the block's first row: set in a block loop. */
  readonly firstRow: { readonly value: WExpr; readonly depth: number } | null
  /** true where both branches of a conditional are computed and one of them may be out of range. */
  guarded: boolean
  place(buffer: string): Place
  size(key: SizeKey): number
  /** Name of a function that is imported for this member of the scalar language. */
  imported(fn: string, arity: number): string
  isVector(expr: KExpr, copy: Copy): boolean
  /** f64 where the values do not depend on the vector axis, else v128. */
  numbers(expr: KExpr, copies: readonly Copy[]): readonly WExpr[]
  /** v128, splat where need be. */
  vectors(expr: KExpr, copies: readonly Copy[]): readonly WExpr[]
  /** Its values are whole numbers of 32 bits. */
  isInteger(expr: KExpr): boolean
  /** i32, of copies that are no vectors or do not depend on the vector axis. */
  integer(expr: KExpr, copy: Copy): WExpr
  /** Once for each copy that differs in what `expr` depends on; results are named, and known from then on. */
  memoised(
    tag: string,
    expr: KExpr,
    copies: readonly Copy[],
    build: (copies: readonly Copy[]) => readonly WExpr[],
  ): readonly WExpr[]
}

export const NO_COPY: Copy = { plus: new Map(), vector: false }

/** The copy moved along an axis. */
export function moved(copy: Copy, axis: string, by: number): Copy {
  if (by === 0) return copy
  return { ...copy, plus: new Map(copy.plus).set(axis, (copy.plus.get(axis) ?? 0) + by) }
}

/** One of the two values of a vector copy. */
export function laneOf(copy: Copy, vectorAxis: string, lane: 0 | 1): Copy {
  return { ...moved(copy, vectorAxis, lane), vector: false }
}

/** The value of a copy. */
export function at<T>(values: readonly T[], i: number): T {
  const value = values[i]
  if (value === undefined) throw new KernelError('a copy has no value')
  return value
}
