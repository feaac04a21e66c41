import { type Code, f64x2, get, op } from '../code.js'
import type { WExpr } from '../wasm-ast.js'
import { log } from './log.js'
import { sinPi } from './sin-pi.js'
import { add, both, div, evenOdd, horner, ifAny, less, madd, magnitude, mul, not, pick, sub } from './vector.js'

/** log Γ(2 + z) / z for −¾ ≤ z ≤ ½: 1.2e-17 relative. */
const AROUND_TWO: readonly number[] = [
  0.42278433509846713, 0.3224670334241132, -0.06735230105319528, 0.020580808427789817, -0.007385551028935727,
  0.002890510330239905, -0.0011927539024012379, 0.0005096695447926022, -0.00022315492018647626, 9.945710531084194e-5,
  -4.492474527353029e-5, 2.0511841715561885e-5, -9.446391748342682e-6, 4.344446575532959e-6, -2.030767630467221e-6,
  1.0680360967743057e-6, -3.9237947238168873e-7, 4.629374215319567e-9, -3.4279911353355414e-7, 1.4167318131487208e-7,
  2.6133068639561195e-7, 1.489702554183756e-7,
]

const HALF_LOG_TWO_PI = 0.9189385332046728
const LOG_PI = 1.1447298858494002

/** From here on Stirling's series with coefficients of least error, 2.4e-18 of log Γ, in 1/x². */
const STIRLING_FROM = 5
const STIRLING: readonly number[] = [
  0.08333333333332393, -0.0027777777725502256, 0.0007936497566132449, -0.0005951369064234365, 0.0008362838157124584,
  -0.0017473441595886737, 0.0033879341907894073,
]

const from = (n: WExpr, bound: number): WExpr => op('f64x2.ge', n, f64x2(bound))

/**
 * log Γ(x) for x ≥ 0. Below 5, x = n + z with −¾ ≤ z ≤ ½ and log Γ(x) = log Γ(2 + z) ∓ log of a product of one to three
 * factors (Abramowitz and Stegun 6.1.16); above, Stirling's series (6.1.41). One logarithm serves both.
 */
function positive(code: Code, x: WExpr): WExpr {
  const small = code.bind(less(x, f64x2(STIRLING_FROM)))
  const argument = code.local('v128')
  const sign = code.local('v128')
  const result = code.local('v128')
  code.set(argument, x)
  code.set(sign, f64x2(0))
  code.set(result, f64x2(0))
  ifAny(code, small, () => {
    // from 1.25 on without the logarithm, which would cancel digits
    const n = code.bind(op('f64x2.pmax', op('f64x2.nearest', x), both(from(x, 1.25), f64x2(2))))
    const z = code.bind(sub(x, n))
    const square = code.bind(mul(z, z))
    code.set(result, mul(z, evenOdd(z, square, AROUND_TWO)))
    // Γ(2 + z) = x (x + 1) Γ(x) for n = 0, x Γ(x) for n = 1, Γ(x) / ((x − 1)(x − 2)…) for n = 3, 4, 5
    const below = code.bind(less(n, f64x2(2)))
    const up = mul(x, pick(from(n, 1), f64x2(1), add(x, f64x2(1))))
    const factor = (k: number): WExpr => pick(from(n, k + 2), sub(x, f64x2(k)), f64x2(1))
    const down = mul(mul(factor(1), factor(2)), factor(3))
    code.set(argument, pick(small, pick(below, up, down), x))
    code.set(sign, both(below, f64x2(-0)))
  })
  const logarithm = log(code, get(argument))
  code.set(result, add(get(result), op('v128.xor', logarithm, get(sign))))
  ifAny(code, not(small), () => {
    const inverse = code.bind(div(f64x2(1), x))
    const square = code.bind(mul(inverse, inverse))
    const main = mul(sub(x, f64x2(0.5)), sub(logarithm, f64x2(1)))
    const series = madd(horner(square, STIRLING), inverse, f64x2(HALF_LOG_TWO_PI - 0.5))
    code.set(result, pick(small, get(result), add(main, series)))
  })
  return get(result)
}

/** log |Γ(x)|; +∞ at 0, −1, −2, … and at ±∞. Below 0 by reflection (Abramowitz and Stegun 6.1.17). */
export function lgamma(code: Code, argument: WExpr): WExpr {
  const x = code.bind(argument)
  const size = code.bind(magnitude(x))
  const result = code.local('v128')
  code.set(result, positive(code, size))
  const negative = code.bind(less(x, f64x2(0)))
  ifAny(code, negative, () => {
    const off = code.bind(sub(size, op('f64x2.nearest', size)))
    const sine = magnitude(sinPi(code, off))
    const reflected = sub(sub(f64x2(LOG_PI), log(code, mul(size, sine))), get(result))
    // at an integer, and at ∞ where off is NaN
    const regular = op('f64x2.ne', both(off, op('f64x2.eq', off, off)), f64x2(0))
    code.set(result, pick(negative, pick(regular, reflected, f64x2(Infinity)), get(result)))
  })
  return get(result)
}
