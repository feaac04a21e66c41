import type { Buffer, KernelOp, SizeKey } from '../types.js'
import type { DataArrays } from './data-cache.js'

/** A number for each element of a row of a data buffer, taken over all rows once the data is bound. */
export interface ColumnConstant {
  readonly buffer: string
  readonly of: string
  /** `centre`: the mean; `reach`: the root of the mean square distance of the rows to the buffer `centre`. */
  readonly take: { readonly kind: 'centre' } | { readonly kind: 'reach'; readonly centre: string }
}

/** Integers that follow from sizes alone: the contents of an i32 buffer. */
export interface IndexTable {
  readonly buffer: string
  readonly values: readonly number[]
}

/** What is done with the rows of one pass, and before and after it on the driver. */
export interface RowProgram {
  /** Before the rows, each time params have changed: tables that the rows read. */
  readonly prelude: readonly KernelOp[]
  readonly rows: readonly KernelOp[]
  /** After the rows: sums that the program reads, from sums over rows. It adds to them, as the rows would have. */
  readonly postlude: readonly KernelOp[]
  /** Those of the program and those that passes have added. Added ones of space `sum` are emptied before the rows. */
  readonly buffers: readonly Buffer[]
  /** Those of the context and those that passes have added. */
  readonly sizes: ReadonlyMap<SizeKey, number>
  readonly constants: readonly ColumnConstant[]
  readonly indices: readonly IndexTable[]
  /**
   * A buffer of one element that the prelude fills: how large the terms of a rewritten sum may be beside the result.
   * Where it is beyond a limit, or NaN, the rows are done without what makes terms larger. null: nothing cancels.
   */
  readonly growth: string | null
}

export interface PassContext {
  readonly sizes: ReadonlyMap<SizeKey, number>
  /** Axis that runs over rows, its extent, and the table of its rows. */
  readonly rows: { readonly table: string; readonly axis: string; readonly size: SizeKey }
  /** A name that no buffer, size or axis has. */
  fresh(prefix: string): string
  /** true where every cell of a data buffer is a finite number. */
  isComplete(buffer: string): boolean
}

export interface PassOutcome {
  readonly program: RowProgram
  /** What was rewritten, one line each; empty: nothing. */
  readonly applied: readonly string[]
  /** What might have been and was not, and why, one line each. */
  readonly declined: readonly string[]
}

/** A rewriting of kernels that keeps what they compute, up to rounding. */
export interface KernelPass {
  readonly name: string
  apply(program: RowProgram, context: PassContext): PassOutcome
}

/** A program over fewer rows that stand for those of the data, or why there is none. */
export type FewerRows<Kind extends string> =
  | {
      readonly kind: Kind
      readonly program: RowProgram
      /** With the fewer ones for its rows. */
      readonly context: PassContext
      /** The arrays of the buffers that the program has in addition. */
      readonly data: DataArrays
      readonly rows: number
      readonly of: number
    }
  | { readonly kind: 'declined'; readonly declined: string }
