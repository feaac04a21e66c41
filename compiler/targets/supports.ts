import type { KernelOp } from '../kernel/types.js'

/** Why a target will not run these operations. */
export interface Declined {
  readonly declined: string
}

/** What no target executes yet: null, or the first operation declined. */
export function declinedOp(ops: readonly KernelOp[]): Declined | null {
  for (const op of ops) {
    if (op.op === 'rng') return { declined: 'random numbers inside a kernel (rng) are not supported by this target' }
    if (op.op === 'scan' || op.op === 'repeat') {
      if (op.step.some((step) => step.op === 'sparseGaussian'))
        return { declined: `sparseGaussian stands in no ${op.op}` }
      const inner = declinedOp(op.step)
      if (inner !== null) return inner
    }
  }
  return null
}
