import type { Buffer, KernelOp, SizeKey } from '../types.js'

/** A number for each element of a row of a data buffer, taken over all rows once the data is bound. */
export interface ColumnConstant {
  readonly buffer: string
  readonly of: string
  /** `centre`: the mean; `reach`: the largest distance of a row to the buffer `centre`. Missing cells do not count. */
  readonly take: { readonly kind: 'centre' } | { readonly kind: 'reach'; readonly centre: string }
}

/** What is done with the rows of one pass, and before and after it on the driver. */
export interface RowProgram {
  /** Before the rows, each time params have changed: tables that the rows read. */
  readonly prelude: readonly KernelOp[]
  readonly rows: readonly KernelOp[]
  /** After the rows: sums that the program reads, from sums over rows. */
  readonly postlude: readonly KernelOp[]
  /** Those of the program and those that passes have added. */
  readonly buffers: readonly Buffer[]
  readonly constants: readonly ColumnConstant[]
  /**
   * A buffer of one element that the prelude fills: how many times larger than the result the terms of a rewritten sum
   * may be. Where it is beyond a limit the rows are done as they were written. null: nothing cancels.
   */
  readonly growth: string | null
}

export interface PassContext {
  readonly sizes: ReadonlyMap<SizeKey, number>
  /** Axis that runs over rows, and the table of its rows. */
  readonly rows: { readonly table: string; readonly axis: string }
  /** A name that no buffer or axis has. */
  fresh(prefix: string): string
}

/** A rewriting of kernels that keeps what they compute, up to rounding. */
export type KernelPass = (program: RowProgram, context: PassContext) => RowProgram
