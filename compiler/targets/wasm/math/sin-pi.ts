import { type Code, f64x2, op } from '../code.js'
import type { WExpr } from '../wasm-ast.js'
import { evenOdd, mul, sub } from './vector.js'

/** sin(π d)/d in powers of d², |d| ≤ ½: 4e-17 relative. */
const SINE: readonly number[] = [
  Math.PI,
  -5.16771278004991,
  2.550164039872466,
  -0.5992645291688885,
  0.08214588427382,
  -0.007370411296399109,
  0.00046621062886096146,
  -0.000021687338914759505,
  5.565234621927856e-7,
]

/** sin(π d) for |d| ≤ ½, with its digits next to 0. */
export function sinPi(code: Code, argument: WExpr): WExpr {
  const d = code.bind(argument)
  const square = code.bind(mul(d, d))
  const fourth = code.bind(mul(square, square))
  return code.bind(mul(d, evenOdd(square, fourth, SINE)))
}

/** x less its nearest integer, exactly; NaN at ±∞. */
export const offInteger = (x: WExpr): WExpr => sub(x, op('f64x2.nearest', x))

/** cos(π d) = sin(π (½ − |d|)) for |d| ≤ ½. */
export const cosPi = (code: Code, d: WExpr): WExpr => sinPi(code, sub(f64x2(0.5), op('f64x2.abs', d)))
