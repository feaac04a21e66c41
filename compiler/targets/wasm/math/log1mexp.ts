import { type Code, f64x2 } from '../code.js'
import type { WExpr } from '../wasm-ast.js'
import { exponential } from './exp.js'
import { logOfSum } from './log.js'
import { atLeast, atMost, both, less, mul, nmadd, sub } from './vector.js'

/**
 * log(1 − e^x) for x ≤ 0; NaN above. With e^x = 2ⁿ (1 + q), u = (1 − 2ⁿ) − 2ⁿ q has its digits next to x = 0 (n = 0: −q);
 * below −log 2 it is at least ½ and what rounding took from 1 − e^x is (1 − u) − e^x.
 */
export function log1mexp(code: Code, argument: WExpr): WExpr {
  const x = code.bind(atLeast(atMost(argument, 1), -750))
  const { first, second, q, value } = exponential(code, x)
  const power = code.bind(mul(first, second))
  const u = code.bind(nmadd(power, q, sub(f64x2(1), power)))
  const error = both(sub(sub(f64x2(1), u), value), less(x, f64x2(-Math.LN2)))
  return logOfSum(code, u, code.bind(error))
}
