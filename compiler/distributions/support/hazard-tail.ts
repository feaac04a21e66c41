import { add, call, neg, num, sub } from '../../algebra/build.js'
import type { Expr } from '../../algebra/types.js'
import type { Tail } from '../types.js'

/** Tails of a positive value by its cumulative hazard H: P(X > x) = exp(−H(x)). */
export function hazardTail(hazard: (x: Expr) => Expr): Tail {
  return {
    low: num(0),
    high: null,
    below: (x) => call('log1mexp', neg(hazard(x))),
    above: (x) => neg(hazard(x)),
    between: (a, b) => add(neg(hazard(a)), call('log1mexp', sub(hazard(a), hazard(b)))),
  }
}
