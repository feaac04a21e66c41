/** Rewriting of the operations over rows, independent of what executes them. */
import type { Buffer, KernelOp } from '../types.js'
import { copiedData } from './copied-data.js'
import { deadCode } from './dead-code.js'
import { features } from './features.js'
import { hoistParams } from './hoist-params.js'
import { joinAdditions } from './join-additions.js'
import { readOnce } from './read-once.js'
import { rowByRow } from './row-by-row.js'
import { rowSums } from './row-sums.js'
import { sharedExponentials } from './shared-exponentials.js'
import { sharedTerms } from './shared-terms.js'
import { splitSums } from './split-sums.js'
import type { KernelPass, PassContext, RowProgram } from './types.js'

export type * from './types.js'

/** In the order in which they are tried. */
export const rowPasses: readonly KernelPass[] = [
  joinAdditions,
  splitSums,
  features,
  rowSums,
  splitSums,
  hoistParams,
  sharedTerms,
  sharedExponentials,
  readOnce,
  copiedData,
  deadCode,
  rowByRow,
]

/**
 * Beyond this growth rows are done without `features`. Differences from the sums as they were written are at most
 * 2·10⁻¹⁵ of the growth, relative to the sum of absolute terms (docs/kernel-passes/features.md has the measurements).
 */
export const GROWTH_LIMIT = 1e4

/** Those that make no term larger than it was written: where growth is beyond its limit. */
export const carefulPasses: readonly KernelPass[] = rowPasses.filter((pass) => pass !== features)

/** What a pass did, and what it declined. */
export interface PassRecord {
  readonly pass: string
  readonly applied: readonly string[]
  readonly declined: readonly string[]
}

export interface OptimisedRows {
  readonly program: RowProgram
  readonly records: readonly PassRecord[]
}

/** The operations of one pass over rows, with nothing before and after them. */
export function plainRows(rows: readonly KernelOp[], buffers: readonly Buffer[], context: PassContext): RowProgram {
  const { sizes } = context
  return { prelude: [], rows, postlude: [], buffers, sizes, constants: [], indices: [], growth: null }
}

/** A program rewritten by each of `passes` in turn. */
export function optimiseProgram(
  start: RowProgram,
  context: PassContext,
  passes: readonly KernelPass[] = rowPasses,
): OptimisedRows {
  const records: PassRecord[] = []
  let program = start
  for (const pass of passes) {
    const { program: next, applied, declined } = pass.apply(program, context)
    program = next
    records.push({ pass: pass.name, applied, declined })
  }
  return { program, records }
}

/** The operations of one pass over rows, rewritten by each of `passes` in turn. */
export function optimiseRows(
  rows: readonly KernelOp[],
  buffers: readonly Buffer[],
  context: PassContext,
  passes: readonly KernelPass[] = rowPasses,
): OptimisedRows {
  return optimiseProgram(plainRows(rows, buffers, context), context, passes)
}
