import { literal, num } from '../algebra/build.js'
import { some, substituteIndex } from '../algebra/visit.js'
import type { Contribution } from '../mstep/types.js'
import { comparesWithNumber } from './conditions.js'
import { type Target, targetsOf } from './elements.js'
import type { UpdateContext } from './update-types.js'

/**
 * The targets of a block, an index over a few numbered elements replaced by those where the coefficients compare it with
 * a number: they have different formulas.
 */
export function toldApart(
  cs: readonly Contribution[],
  c: UpdateContext,
  targets: readonly Target[] = targetsOf(cs, c.rename),
): readonly Target[] {
  return targets.flatMap((t): readonly Target[] => {
    const value = c.coefficient(cs, t.at)
    const v = t.indices.find(
      (x) =>
        literal(x.from) !== null &&
        (literal(x.to) ?? 99) <= 6 &&
        some(value, (n) => n.kind === 'case' && comparesWithNumber(n.when, x)),
    )
    if (v === undefined) return [t]
    const [from, to] = [literal(v.from) ?? 1, literal(v.to) ?? 0]
    const apart = Array.from(
      { length: to - from + 1 },
      (_, i): Target => ({
        at: t.at.map((e) => substituteIndex(e, new Map([[v.id, num(from + i)]]))),
        indices: t.indices.filter((x) => x !== v),
      }),
    )
    return toldApart(cs, c, apart)
  })
}
