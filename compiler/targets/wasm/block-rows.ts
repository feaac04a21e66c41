import type { Buffer, KernelOp, SizeKey } from '../../kernel/types.js'
import { accessesOf } from './accesses.js'

/** What a block's rows may take: they stay in the second-level cache beside the tables. */
const BLOCK_BYTES = 192 * 1024
const LEAST = 32
const MOST = 256

/** Rows of a block: as many as keep scratch and turned data in cache, a power of 2. */
export function blockRowsFor(
  ops: readonly KernelOp[],
  buffers: readonly Buffer[],
  sizes: ReadonlyMap<SizeKey, number>,
  rows: { readonly table: string; readonly axis: string },
): number {
  const accesses = accessesOf(ops, rows.axis)
  let bytesPerRow = 0
  for (const buffer of buffers) {
    const access = accesses.get(buffer.id)
    if (access === undefined || buffer.shape.length === 0) continue
    const scratch = buffer.space === 'scratch' && buffer.rows === rows.table
    if (!scratch && !access.byRow) continue
    bytesPerRow += 8 * buffer.shape.slice(1).reduce((product, key) => product * (sizes.get(key) ?? 1), 1)
  }
  let block = LEAST
  while (block < MOST && 2 * block * bytesPerRow <= BLOCK_BYTES) block *= 2
  return block
}
