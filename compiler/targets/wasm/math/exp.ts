/**
 * e^x by Cody and Waite's reduction: n = x / log 2 rounded, r = x − n·log 2 with log 2 in two parts (|r| ≤ 0.347), and
 * e^x = 2ⁿ (1 + q), q = r + r² P(r).
 */
import { type Code, f64x2, i32, op } from '../code.js'
import type { WExpr } from '../wasm-ast.js'
import { atLeast, atMost, evenOdd, madd, mul, nmadd, sub } from './vector.js'

const LOG2_E = Math.LOG2E
/** The last 21 bits are 0: n·LN2_HIGH is exact for |n| < 2²¹. */
const LN2_HIGH = 0.6931471803691238
const LN2_LOW = 1.9082149292705877e-10
/** 1.5·2⁵²: a number of some 50 bits added to it is rounded to an integer, which stands in its low bits. */
const ROUNDER = 6755399441055744
const BIAS = 1023

/** P of least maximal error r² P(r) / e^r on |r| ≤ 0.3466: 1.2e-17 as rounded. */
const P: readonly number[] = [
  0.5000000000000011, 0.16666666666668292, 0.04166666666654969, 0.008333333332393526, 0.0013888888933915717,
  0.00019841271657255723, 0.00002480150643521771, 0.0000027555857275922932, 2.762469690723118e-7, 2.5493604919436522e-8,
]

/** r + r² P(r), about e^r − 1 for |r| ≤ 0.3466. */
function reducedExpm1(code: Code, r: WExpr): WExpr {
  const square = code.bind(mul(r, r))
  return code.bind(madd(square, evenOdd(r, square, P), r))
}

const remainder = (code: Code, x: WExpr, n: WExpr): WExpr =>
  code.bind(nmadd(n, f64x2(LN2_LOW), nmadd(n, f64x2(LN2_HIGH), x)))

/** 2^k from a number whose low bits are k + 1023, 0 from those of 0. */
const powerOfTwo = (bits: WExpr): WExpr => op('i64x2.shl', bits, i32(52))

/**
 * e^x for all x. Subnormal results are rounded once more, so 2ⁿ is applied as two factors: n = a + b with a = n/2
 * rounded. 0 at −∞, NaN at NaN (q is NaN, whatever the factors are).
 */
export function exp(code: Code, x: WExpr): WExpr {
  // e^±750 is 0 or ∞ as a double, and ±541 and 541 are exponents of doubles
  const bounded = code.bind(atLeast(atMost(x, 750), -750))
  const n2 = code.bind(madd(bounded, f64x2(LOG2_E), f64x2(ROUNDER + 2 * BIAS)))
  const n = code.bind(sub(n2, f64x2(ROUNDER + 2 * BIAS)))
  const a = code.bind(madd(n, f64x2(0.5), f64x2(ROUNDER + BIAS)))
  const q = reducedExpm1(code, remainder(code, bounded, n))
  const first = code.bind(powerOfTwo(a))
  // the low bits of n2 − a are those of n + 2·1023 − (a + 1023)
  return code.bind(mul(madd(first, q, first), powerOfTwo(op('i64x2.sub', n2, a))))
}

/**
 * e^x for x ≤ 709, with 0 for results below 2^−1022.5: no second factor and no bound above. Larger x give numbers
 * without meaning.
 */
export function expNonPositive(code: Code, x: WExpr): WExpr {
  // at −1023 log 2 the bits of the factor are 0
  const bounded = code.bind(atLeast(x, -709.0895657128241))
  const n1 = code.bind(madd(bounded, f64x2(LOG2_E), f64x2(ROUNDER + BIAS)))
  const n = code.bind(sub(n1, f64x2(ROUNDER + BIAS)))
  const q = reducedExpm1(code, remainder(code, bounded, n))
  const factor = code.bind(powerOfTwo(n1))
  return code.bind(madd(factor, q, factor))
}
