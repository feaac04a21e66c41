import { type Code, f64x2, get, op } from '../code.js'
import type { WExpr } from '../wasm-ast.js'
import { offInteger, sinPi } from './sin-pi.js'
import { add, both, div, horner, ifAny, less, madd, mul, pick, sub } from './vector.js'

/** From here on the asymptotic series with coefficients of least error, 6.4e-18 of ψ′, in 1/x². */
const ASYMPTOTIC_FROM = 4
const ASYMPTOTIC: readonly number[] = [
  0.1666666666666498, -0.033333333319439065, 0.02380951983856689, -0.0333327678042347, 0.07571070892277262,
  -0.25065664811791893, 1.080961893630768, -5.027520566869447, 19.081184550937284, -38.88829062837336,
]

/** ψ′(x) for x > 0: four steps of the recurrence below 4 (Abramowitz and Stegun 6.4.6), then the series (6.4.12). */
function positive(code: Code, x: WExpr): WExpr {
  const small = code.bind(less(x, f64x2(ASYMPTOTIC_FROM)))
  const shift = code.local('v128')
  code.set(shift, f64x2(0))
  ifAny(code, small, () => {
    let sum: WExpr = f64x2(0)
    for (let k = ASYMPTOTIC_FROM - 1; k >= 0; k--) {
      const y = k === 0 ? x : code.bind(add(x, f64x2(k)))
      sum = code.bind(add(sum, div(f64x2(1), mul(y, y))))
    }
    code.set(shift, both(small, sum))
  })
  const large = add(x, both(small, f64x2(ASYMPTOTIC_FROM)))
  const inverse = code.bind(div(f64x2(1), large))
  const square = code.bind(mul(inverse, inverse))
  const series = madd(mul(square, inverse), horner(square, ASYMPTOTIC), mul(square, f64x2(0.5)))
  return code.bind(add(get(shift), add(inverse, series)))
}

/** ψ′(x); ∞ at 0, −1, −2, …, NaN at −∞, 0 at ∞. Below 0 by reflection (Abramowitz and Stegun 6.4.7). */
export function trigamma(code: Code, argument: WExpr): WExpr {
  const x = code.bind(argument)
  const reflected = code.bind(op('f64x2.le', x, f64x2(0)))
  const result = code.local('v128')
  code.set(result, positive(code, code.bind(pick(reflected, sub(f64x2(1), x), x))))
  ifAny(code, reflected, () => {
    const sine = code.bind(sinPi(code, offInteger(x)))
    const value = sub(div(f64x2(Math.PI * Math.PI), mul(sine, sine)), get(result))
    code.set(result, pick(reflected, value, get(result)))
  })
  return get(result)
}
