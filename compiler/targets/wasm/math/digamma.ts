import { AROUND_ROOT, ASYMPTOTIC, ASYMPTOTIC_FROM, LOWEST, ROOT_HIGH, ROOT_LOW } from '../../../numerics/digamma.js'
import { type Code, f64x2, get, op } from '../code.js'
import type { WExpr } from '../wasm-ast.js'
import { log } from './log.js'
import { cosPi, offInteger, sinPi } from './sin-pi.js'
import { add, both, div, evenOdd, horner, ifAny, less, madd, mul, nmadd, not, pick, sub } from './vector.js'

/**
 * ψ(x) for x > 0. Below 4.1 recurrence to [1.1, 2.1] (Abramowitz and Stegun 6.3.5) and a polynomial about the zero there,
 * so that digits are kept next to it; above, the asymptotic series (6.3.18).
 */
function positive(code: Code, x: WExpr): WExpr {
  const small = code.bind(less(x, f64x2(ASYMPTOTIC_FROM)))
  const result = code.local('v128')
  code.set(result, f64x2(0))
  ifAny(code, small, () => {
    const up = code.bind(less(x, f64x2(LOWEST)))
    const one = code.bind(op('f64x2.ge', x, f64x2(LOWEST + 1)))
    const two = code.bind(op('f64x2.ge', x, f64x2(LOWEST + 2)))
    // ψ(x) = ψ(x + 1) − 1/x = ψ(x − 1) + 1/(x − 1) = ψ(x − 2) + (2x − 3)/((x − 1)(x − 2))
    const less1 = code.bind(sub(x, f64x2(1)))
    const less2 = code.bind(sub(x, f64x2(2)))
    const top = pick(two, add(less1, less2), pick(up, f64x2(-1), both(one, f64x2(1))))
    const bottom = pick(up, x, pick(one, mul(less1, pick(two, less2, f64x2(1))), f64x2(1)))
    const shift = code.bind(div(top, bottom))
    const steps = sub(add(both(one, f64x2(1)), both(two, f64x2(1))), both(up, f64x2(1)))
    // x − (root + steps): the first difference is exact but for x < 0.2
    const d = code.bind(sub(sub(x, add(f64x2(ROOT_HIGH), steps)), f64x2(ROOT_LOW)))
    const square = code.bind(mul(d, d))
    code.set(result, madd(d, evenOdd(d, square, AROUND_ROOT), shift))
  })
  ifAny(code, not(small), () => {
    const inverse = code.bind(div(f64x2(1), x))
    const square = code.bind(mul(inverse, inverse))
    const series = madd(square, horner(square, ASYMPTOTIC), mul(inverse, f64x2(0.5)))
    code.set(result, pick(small, get(result), sub(log(code, x), series)))
  })
  return get(result)
}

/** ψ(x); NaN at 0, −1, −2, … and −∞, ∞ at ∞. Below 0 by reflection (Abramowitz and Stegun 6.3.7). */
export function digamma(code: Code, argument: WExpr): WExpr {
  const x = code.bind(argument)
  const reflected = code.bind(op('f64x2.le', x, f64x2(0)))
  const result = code.local('v128')
  code.set(result, positive(code, code.bind(pick(reflected, sub(f64x2(1), x), x))))
  ifAny(code, reflected, () => {
    const off = code.bind(offInteger(x))
    const cotangent = div(cosPi(code, off), sinPi(code, off))
    const value = nmadd(f64x2(Math.PI), cotangent, get(result))
    const pole = op('f64x2.eq', off, f64x2(0))
    code.set(result, pick(reflected, pick(pole, f64x2(Number.NaN), value), get(result)))
  })
  return get(result)
}
