import { type Code, f64x2 } from '../code.js'
import type { WExpr } from '../wasm-ast.js'
import { LN2_HIGH, LN2_LOW } from './exp.js'
import { artanhTail, parts } from './log.js'
import { add, both, div, greater, less, madd, mul, pick, sub } from './vector.js'

/**
 * log(p / (1 − p)); −∞ at 0, ∞ at 1, NaN outside [0, 1].
 *
 * With w = 1 − p and p/w = 2^k m it is k log 2 + 2 artanh s, s = (m − 1)/(m + 1) = (p − 2^k w)/(p + 2^k w). In the middle
 * s is taken from the second form, whose difference is exact: p/w there would have lost digits that the logarithm shows.
 */
export function logit(code: Code, argument: WExpr): WExpr {
  const p = code.bind(argument)
  const w = code.bind(sub(f64x2(1), p))
  // what rounding took from w
  const error = code.bind(sub(sub(f64x2(1), w), p))
  const { k, m: mantissa, twiceInverse } = parts(code, div(p, w))
  const m = code.bind(mantissa)
  const middle = code.bind(both(greater(p, f64x2(0.125)), less(p, f64x2(0.875))))
  // 2^−k p − w in place of p − 2^k w
  const scaled = code.bind(mul(mul(twiceInverse, f64x2(0.5)), p))
  const top = pick(middle, sub(sub(scaled, w), error), sub(m, f64x2(1)))
  const bottom = pick(middle, add(scaled, w), add(m, f64x2(1)))
  const s = code.bind(div(top, bottom))
  const z = code.bind(mul(s, s))
  const fine = code.bind(madd(s, artanhTail(z), mul(k, f64x2(LN2_LOW))))
  return code.bind(madd(k, f64x2(LN2_HIGH), madd(s, f64x2(2), fine)))
}
