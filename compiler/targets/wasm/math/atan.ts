import { type Code, f64x2, op } from '../code.js'
import type { WExpr } from '../wasm-ast.js'
import { add, both, div, evenOdd, greater, madd, magnitude, mul, pick, sub } from './vector.js'

/** (artan t − t)/t³ in t², |t| ≤ √2 − 1: 1.3e-18 of artan t. */
const TAIL: readonly number[] = [
  -0.333333333333332, 0.1999999999995382, -0.14285714280221057, 0.11111110784711248, -0.09090897794004246,
  0.0769206085891181, -0.06663111296178696, 0.058479411766008044, -0.05039533597402516, 0.03807023965316191,
  -0.017913271346387805,
]
const QUARTER_PI_LOW = 3.061616997868383e-17

/**
 * Arc tangent. With y = |x|: arctan y itself up to tan π/8, π/4 + arctan (y − 1)/(y + 1) up to tan 3π/8, and above
 * π/2 + arctan(−1/y).
 */
export function atan(code: Code, argument: WExpr): WExpr {
  const x = code.bind(argument)
  const y = code.bind(magnitude(x))
  const second = code.bind(greater(y, f64x2(Math.SQRT2 - 1)))
  const third = code.bind(greater(y, f64x2(Math.SQRT2 + 1)))
  const top = pick(third, f64x2(-1), sub(y, both(second, f64x2(1))))
  const bottom = pick(second, pick(third, y, add(y, f64x2(1))), f64x2(1))
  const t = code.bind(div(top, bottom))
  const z = code.bind(mul(t, t))
  const w = code.bind(mul(z, z))
  // multiples of π/4 in two parts
  const multiple = (part: number): WExpr => both(second, pick(third, f64x2(2 * part), f64x2(part)))
  const low = madd(mul(t, z), evenOdd(z, w, TAIL), multiple(QUARTER_PI_LOW))
  const size = add(multiple(Math.PI / 4), add(t, low))
  return code.bind(op('v128.or', size, both(x, f64x2(-0))))
}
