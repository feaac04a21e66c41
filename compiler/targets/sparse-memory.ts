import { KernelError } from '../kernel/kernel-error.js'
import type { KernelOp } from '../kernel/types.js'
import type { Memory, RowBlock } from './memory.js'
import { SparsePosterior } from './sparse-posterior.js'

/** The state of that name in a memory, made when it is first asked for. */
export function sparsePosterior(memory: Memory, name: string): SparsePosterior {
  if (memory.sparse === undefined) throw new KernelError(`memory has no place for the sparse inverse ${name}`)
  const known = memory.sparse.get(name)
  if (known !== undefined) return known
  const made = new SparsePosterior(name)
  memory.sparse.set(name, made)
  return made
}

/** Throws when operations that take whole tables are run on a block of rows. */
export function refuseBlock(ops: readonly KernelOp[], block: RowBlock | null): void {
  if (block === null || !ops.some((op) => op.op === 'sparseGaussian')) return
  throw new KernelError('sparseGaussian takes whole tables, not a block of rows')
}
