import { add, call, neg } from '../../algebra/build.js'
import type { Expr } from '../../algebra/types.js'

/**
 * log(L(b) − L(a)) for a < b and L(z) = 1/(1 + e^−z), with their difference a − b given apart: L(b) − L(a) is
 * L(b) L(−a) (1 − e^(a − b)), in which nothing cancels.
 */
export function logisticBetween(a: Expr, b: Expr, difference: Expr): Expr {
  return add(call('logLogistic', b), call('logLogistic', neg(a)), call('log1mexp', difference))
}
