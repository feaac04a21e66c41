import { caseOf, compare, mul, sum, ZERO } from '../algebra/build.js'
import type { Expr } from '../algebra/types.js'
import type { BlockFactor } from '../estep/types.js'

/** What a factor adds to a row of its block: summed over its own loops, with their weights, where it reads that row. */
export function factorOfRow(f: BlockFactor, row: readonly Expr[], body: Expr): Expr {
  const weights = f.extraLoops.flatMap((l) => (l.weight === null ? [] : [l.weight]))
  const own = mul(...weights, body)
  const guarded = f.direct
    ? own
    : f.row.reduce<Expr>((e, at, i) => {
        const target = row[i]
        return target === undefined ? e : caseOf(compare('==', at, target), e, ZERO)
      }, own)
  return f.extraLoops.reduceRight<Expr>((e, l) => sum(l.index, e), guarded)
}
