import { add, div, idx, lgamma, log, mul, num, PI, sub, sum } from '../../algebra/build.js'
import type { Expr } from '../../algebra/types.js'
import type { DensityContext } from '../types.js'

/**
 * log Γ_D(a) = D(D−1)/4 · log π + Σ_j log Γ(a + (1−j)/2).
 * Muirhead (1982), Aspects of Multivariate Statistical Theory, theorem 2.1.12.
 */
export function logMultivariateGamma(a: Expr, order: Expr, context: DensityContext): Expr {
  const j = context.index('j', order)
  return add(
    mul(num(1, 4), order, sub(order, num(1)), log(PI)),
    sum(j, lgamma(add(a, div(sub(num(1), idx(j)), num(2))))),
  )
}
