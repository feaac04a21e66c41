/**
 * Operations at the start of a block that take a few rows at a time. The first of them waits for its rows to come from memory;
 * between two such strips the others compute, and the machine fetches what comes next, as it does for whoever reads steadily.
 * A whole block read at once arrives no faster than memory is.
 */
import type { Buffer, KernelOp, SizeKey } from '../../kernel/types.js'
import { expressionsOf, partsOf } from '../../kernel/visit.js'
import { rowCost } from './row-cost.js'

interface BlockedOps {
  readonly ops: readonly KernelOp[]
  readonly buffers: readonly Buffer[]
  readonly sizes: ReadonlyMap<SizeKey, number>
  readonly blockRows: number
}

/** Rows of a strip: a multiple of the rows that come side by side. */
export const STRIP_ROWS = 16

/** Work of a row beyond which memory keeps up by itself, and loops want to be longer. */
const MOST_WORK = 1000

/** How many leading operations take strips: maps over rows, up to the first that adds something up; 0 where it does not pay. */
export function opsInStrips({ ops, buffers, sizes, blockRows }: BlockedOps, rowAxis: string): number {
  const isOverRows = (op: KernelOp | undefined): boolean =>
    (op?.op === 'map' || op?.op === 'reduce') && op.axes.some((axis) => axis.id === rowAxis)
  let count = 0
  while (isOverRows(ops[count])) if (addsUp(ops[count++])) break
  const lead = ops.slice(0, count)
  if (blockRows <= STRIP_ROWS || !addsUp(lead.at(-1))) return 0
  return rowCost(lead, buffers, sizes, rowAxis).work <= MOST_WORK ? count : 0
}

const addsUp = (op: KernelOp | undefined): boolean =>
  op !== undefined && expressionsOf(op).some((expr) => partsOf(expr).some((part) => part.k === 'reduce'))
