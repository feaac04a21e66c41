import type { KernelOp } from '../kernel/types.js'

/** An operation that is loops around one statement; `gather` has become `map`. */
export type LoopOp = KernelOp & { readonly op: 'map' | 'contract' | 'scatterAdd' | 'reduce' | 'small' }

/** `gather` as the map that it is. */
export function asMap(op: KernelOp & { readonly op: 'gather' }): LoopOp {
  return {
    op: 'map',
    out: op.out,
    axes: op.axes,
    at: op.axes.map((axis) => ({ k: 'axis', axis: axis.id })),
    value: { k: 'load', buffer: op.from, at: op.at },
  }
}
