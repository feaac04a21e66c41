import { call, neg } from '../../algebra/build.js'
import type { Expr } from '../../algebra/types.js'
import type { Tail } from '../types.js'

/** Tails of a variable whose standardised value z(x) is standard normal: log Φ(z), log Φ(−z), log(Φ(z(b)) − Φ(z(a))). */
export function normalTail(z: (x: Expr) => Expr, low: Expr | null = null): Tail {
  return {
    low,
    high: null,
    below: (x) => call('logPhi', z(x)),
    above: (x) => call('logPhi', neg(z(x))),
    between: (a, b) => call('logPhiBetween', z(a), z(b)),
  }
}
