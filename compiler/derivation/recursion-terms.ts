/** What the recursions of chains and of variable elimination are written with. */
import { sum } from '../algebra/build.js'
import type { Expr, IndexVar } from '../algebra/types.js'

/** The sum of e over the values of some elements, each with its index variable; those without one are not summed over. */
export function overValues(values: ReadonlyMap<string, IndexVar>, elements: readonly string[], e: Expr): Expr {
  return elements.reduceRight<Expr>((body, x) => {
    const v = values.get(x)
    return v === undefined ? body : sum(v, body)
  }, e)
}

/** top / bottom, not cancelled. */
export const fraction = (top: Expr, bottom: Expr): Expr => ({
  kind: 'mul',
  factors: [...(top.kind === 'mul' ? top.factors : [top]), { kind: 'pow', base: bottom, exponent: { n: -1, d: 1 } }],
})
