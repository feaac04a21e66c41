/** What a printed formula is evaluated with. */
import type { Expr, IndexVar } from '../../../compiler/algebra/types.js'

/** Every assignment of the indices, each from 1 to its size. */
export function everyValue(
  indices: readonly IndexVar[],
  sizeOf: (e: Expr) => number,
): readonly ReadonlyMap<string, number>[] {
  return indices.reduce<readonly ReadonlyMap<string, number>[]>(
    (all, v) => all.flatMap((m) => Array.from({ length: sizeOf(v.to) }, (_, i) => new Map([...m, [v.id, i + 1]]))),
    [new Map()],
  )
}
