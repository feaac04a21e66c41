/**
 * e^x by Cody and Waite's reduction: n = x / log 2 rounded, r = x − n·log 2 with log 2 in two parts (|r| ≤ 0.347), and
 * e^x = 2ⁿ (1 + q), q = r + r² P(r).
 */
import { type Code, f64x2, i32, op } from '../code.js'
import type { WExpr } from '../wasm-ast.js'
import { add, atLeast, atMost, both, evenOdd, greater, madd, mul, nmadd, sub } from './vector.js'

/** The last 21 bits are 0: n·LN2_HIGH is exact for |n| < 2²¹. */
export const LN2_HIGH = 0.6931471803691238
export const LN2_LOW = 1.9082149292705877e-10
/** 1.5·2⁵²: a number of some 50 bits added to it is rounded to an integer, which stands in its low bits. */
const ROUNDER = 6755399441055744
const BIAS = 1023

/** P of least maximal error r² P(r) / e^r on |r| ≤ 0.3466: 1.2e-17 as rounded. */
const P: readonly number[] = [
  0.5000000000000011, 0.16666666666668292, 0.04166666666654969, 0.008333333332393526, 0.0013888888933915717,
  0.00019841271657255723, 0.00002480150643521771, 0.0000027555857275922932, 2.762469690723118e-7, 2.5493604919436522e-8,
]

/** 2^k from a number whose low bits are k + 1023, 0 from those of 0. */
const powerOfTwo = (bits: WExpr): WExpr => op('i64x2.shl', bits, i32(52))

interface Reduced {
  /** A number with n + `shift` in its low bits. */
  readonly bits: WExpr
  readonly n: WExpr
  /** 2^−n e^x − 1. */
  readonly q: WExpr
}

/** x + low = n log 2 + r; `low` is for arguments in two parts, of which the first has few bits. */
function reduce(code: Code, x: WExpr, low: WExpr | null, shift: number): Reduced {
  const sum = low === null ? x : add(x, low)
  const bits = code.bind(madd(sum, f64x2(Math.LOG2E), f64x2(ROUNDER + shift)))
  const n = code.bind(sub(bits, f64x2(ROUNDER + shift)))
  const coarse = nmadd(n, f64x2(LN2_HIGH), x)
  const r = code.bind(nmadd(n, f64x2(LN2_LOW), low === null ? coarse : add(coarse, low)))
  const square = code.bind(mul(r, r))
  return { bits, n, q: code.bind(madd(square, evenOdd(r, square, P), r)) }
}

/** e^x, for functions that need what it is made of. */
export interface Exponential {
  readonly n: WExpr
  /** e^x = first · second · (1 + q), 2ⁿ = first · second. */
  readonly first: WExpr
  readonly second: WExpr
  readonly q: WExpr
  readonly value: WExpr
}

/**
 * e^(x + low) for |x + low| ≤ 750. Subnormal results are rounded once more, so 2ⁿ is applied as two factors: n = a + b
 * with a = n/2 rounded. A NaN stays: q is NaN, whatever the factors are.
 */
export function exponential(code: Code, x: WExpr, low: WExpr | null = null): Exponential {
  const { bits, n, q } = reduce(code, x, low, 2 * BIAS)
  const a = code.bind(madd(n, f64x2(0.5), f64x2(ROUNDER + BIAS)))
  const first = code.bind(powerOfTwo(a))
  // the low bits of the difference are those of n + 2·1023 − (a + 1023)
  const second = code.bind(powerOfTwo(op('i64x2.sub', bits, a)))
  return { n, first, second, q, value: code.bind(mul(madd(first, q, first), second)) }
}

/** e^x for all x. */
export function exp(code: Code, x: WExpr): WExpr {
  // e^±750 is 0 or ∞ as a double, and ±541 and 541 are exponents of doubles
  return exponential(code, code.bind(atLeast(atMost(x, 750), -750))).value
}

/** e^x for x ≤ 0, subnormal results included. */
export function expBelowZero(code: Code, x: WExpr): WExpr {
  return exponential(code, code.bind(atLeast(x, -750))).value
}

/**
 * e^x for x ≤ 709, with 0 for results below 2^−1022.5: no second factor and no bound above. Larger x give numbers
 * without meaning.
 */
export function expNonPositive(code: Code, x: WExpr): WExpr {
  // at −1023 log 2 the bits of the factor are 0
  const { bits, q } = reduce(code, code.bind(atLeast(x, -709.0895657128241)), null, BIAS)
  const factor = code.bind(powerOfTwo(bits))
  return code.bind(madd(factor, q, factor))
}

/** e^x − 1 = 2ⁿ q + (2ⁿ − 1); the second term is exact where it counts. */
export function expm1(code: Code, x: WExpr): WExpr {
  // below −40 it is −1, and at 710 it is ∞
  const { bits, n, q } = reduce(code, code.bind(atLeast(atMost(x, 710), -40)), null, BIAS)
  // 2^1024 is no double: there 2^1023 and a factor of 2
  const over = code.bind(greater(n, f64x2(1023)))
  const power = code.bind(powerOfTwo(op('i64x2.add', bits, over)))
  const factor = add(f64x2(1), both(over, f64x2(1)))
  return code.bind(mul(madd(power, q, sub(power, f64x2(1))), factor))
}
