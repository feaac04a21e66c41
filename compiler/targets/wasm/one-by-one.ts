import type { KernelOp } from '../../kernel/types.js'

/** true where rows are taken one after another, all of one before any of the next: one scan over them. */
export function isOneByOne(ops: readonly KernelOp[], rowAxis: string | null): boolean {
  const [only, ...others] = ops
  return others.length === 0 && only?.op === 'scan' && only.axis.id === rowAxis
}
