/** What a printed formula is evaluated with. */
import type { Expr, IndexVar } from '../../../compiler/algebra/types.js'

/** Every assignment of the indices over their ranges, which may depend on those before them. */
export function everyValue(
  indices: readonly IndexVar[],
  numberOf: (e: Expr, known: ReadonlyMap<string, number>) => number,
): readonly ReadonlyMap<string, number>[] {
  return indices.reduce<readonly ReadonlyMap<string, number>[]>(
    (all, v) =>
      all.flatMap((known) => {
        const [from, to] = [numberOf(v.from, known), numberOf(v.to, known)]
        return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => new Map([...known, [v.id, from + i]]))
      }),
    [new Map()],
  )
}
