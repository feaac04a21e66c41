/** What fits into vectors and registers. */
import type { KExpr } from '../../kernel/types.js'
import type { Lowering } from './lowering.js'

/** Accumulators that fit into registers beside what is added to them. */
export const MOST_COPIES = 8

/** An element depends on the axis only as its last, plain index. */
export function inLanes(
  lowering: Pick<Lowering, 'facts' | 'place'>,
  buffer: string,
  at: readonly KExpr[],
  axis: string,
): boolean {
  const place = lowering.place(buffer)
  return at.every((index, dim) => {
    if (!lowering.facts.of(index).free.has(axis)) return true
    return index.k === 'axis' && place.strides[dim] === 8 && place.type === 'f64'
  })
}
