/**
 * log x = k log 2 + log m with √½ ≤ m < √2. With f = m − 1 and s = f/(2 + f), log m = 2 artanh s = f − s (f − R(s²)) =
 * f − (f²/2 − s (f²/2 + R(s²))), R(z) = 2 z (1/3 + z/5 + …): the scheme of fdlibm's e_log.c.
 */
import { type Code, f64x2, get, i32, i64x2, op } from '../code.js'
import type { WExpr } from '../wasm-ast.js'
import { LN2_HIGH, LN2_LOW } from './exp.js'
import { add, both, div, greater, horner, ifAny, less, madd, mul, pick, sub } from './vector.js'

/** R(z)/z of least maximal error, 1.3e-18 relative in 2 artanh s for |s| ≤ 3 − √8. */
const R: readonly number[] = [
  0.6666666666666734, 0.39999999999416624, 0.2857142874203433, 0.22222198604235507, 0.18183562901859926,
  0.153140833670437, 0.14795649771888345,
]

const SMALLEST_NORMAL = 2.2250738585072014e-308
const SMALLEST_NORMAL_BITS = 0x0010000000000000n
/** Bits of ∞ − SMALLEST_NORMAL_BITS. */
const NORMALS = 0x7fe0000000000000n
const SIGN = 0x8000000000000000n
const MANTISSA = 0x000fffffffffffffn
const EXPONENT = 0x7ff0000000000000n
const ONE_BITS = 0x3ff0000000000000n
const ROOT_HALF_BITS = 0x3fe6a09e667f3bcdn
const TWO_52 = 4503599627370496
const TWO_52_BITS = 0x4330000000000000n
/** What is in the bits of x beyond k, with those of 2⁵² put around them. */
const BIAS = TWO_52 + 1023

const bits = (value: bigint): WExpr => i64x2(BigInt.asIntN(64, value))

/** x = 2^k m, √½ ≤ m < √2. */
export interface Parts {
  /** k as a number. log x = k log 2 + log m also where x is 0, ∞ (k = ±∞, m = 1), negative or NaN (k = NaN). */
  readonly k: WExpr
  readonly m: WExpr
  /** 2^(1 − k): 0 where that is subnormal; without the factor that subnormal x need. */
  readonly twiceInverse: WExpr
}

/**
 * Lanes that are 0, subnormal, negative, ∞ or NaN are rare: a branch for both lanes puts 2⁵⁴ x or 1 in their place and
 * what belongs to it into k.
 */
export function parts(code: Code, argument: WExpr): Parts {
  const x = code.local('v128')
  const bias = code.local('v128')
  code.set(x, argument)
  code.set(bias, f64x2(BIAS))
  // unsigned bits(x) − bits(2⁻¹⁰²²) ≥ NORMALS, which is a signed comparison once 2⁶³ is added on both sides
  const offset = op('i64x2.add', get(x), bits(SIGN - SMALLEST_NORMAL_BITS))
  ifAny(code, op('i64x2.gt_s', offset, bits(SIGN + NORMALS - 1n)), () => {
    const subnormal = code.bind(both(less(get(x), f64x2(SMALLEST_NORMAL)), greater(get(x), f64x2(0))))
    const finite = code.bind(both(less(get(x), f64x2(Infinity)), greater(get(x), f64x2(0))))
    // taken from k: ∞ at 0, −∞ at ∞, NaN below 0 and at NaN
    const others = pick(op('f64x2.eq', get(x), f64x2(0)), f64x2(Infinity), sub(f64x2(0), op('f64x2.sqrt', get(x))))
    code.set(bias, pick(finite, pick(subnormal, f64x2(BIAS + 54), f64x2(BIAS)), others))
    code.set(x, pick(finite, pick(subnormal, mul(get(x), f64x2(18014398509481984)), get(x)), f64x2(1)))
  })
  // the exponent grows by 1 where the mantissa passes √2
  const raised = code.bind(op('i64x2.add', get(x), bits(ONE_BITS - ROOT_HALF_BITS)))
  const exponent = op('v128.or', op('i64x2.shr_u', raised, i32(52)), bits(TWO_52_BITS))
  return {
    k: code.bind(sub(exponent, get(bias))),
    m: op('i64x2.add', both(raised, bits(MANTISSA)), bits(ROOT_HALF_BITS)),
    // 2047 − (k + 1023) is the complement of the exponent's 11 bits
    twiceInverse: op('v128.andnot', bits(EXPONENT), raised),
  }
}

/** R(s²), in 2 artanh s = 2 s + s R(s²), |s| ≤ 3 − √8. */
export const artanhTail = (z: WExpr): WExpr => mul(z, horner(z, R))

/** k log 2 + log(1 + f), √½ − 1 ≤ f < √2 − 1. `f` is an atom. */
export function logOnePlus(code: Code, k: WExpr, f: WExpr): WExpr {
  const s = code.bind(div(f, add(f64x2(2), f)))
  const z = code.bind(mul(s, s))
  const half = code.bind(mul(mul(f, f), f64x2(0.5)))
  const tail = madd(s, madd(z, horner(z, R), half), mul(k, f64x2(LN2_LOW)))
  return code.bind(madd(k, f64x2(LN2_HIGH), sub(f, sub(half, tail))))
}

/** log x; −∞ at ±0, NaN below 0, ∞ at ∞. */
export function log(code: Code, x: WExpr): WExpr {
  const { k, m } = parts(code, x)
  return logOnePlus(code, k, code.bind(sub(m, f64x2(1))))
}

/** log(u + c) where c is at most what rounding takes from u, and at most 1; c may be NaN where u is ∞. */
export function logOfSum(code: Code, u: WExpr, c: WExpr): WExpr {
  const { k, m, twiceInverse } = parts(code, u)
  // 2^−k c; pmin takes its first argument where the second is NaN
  const rest = code.bind(op('f64x2.pmin', f64x2(1), c))
  return logOnePlus(code, k, code.bind(madd(mul(twiceInverse, f64x2(0.5)), rest, sub(m, f64x2(1)))))
}

/** log(1 + x). Where k is 0, f is x itself: u − 1 and what rounding took from u = 1 + x add up to it without error. */
export function log1p(code: Code, argument: WExpr): WExpr {
  const x = code.bind(argument)
  const u = code.bind(add(f64x2(1), x))
  const back = code.bind(sub(u, f64x2(1)))
  // Knuth's sum with its error
  const error = code.bind(add(sub(f64x2(1), sub(u, back)), sub(x, back)))
  return logOfSum(code, u, error)
}

/** log(1 + y) for 0 ≤ y ≤ 1: no exponent to take apart, no special values but NaN. `y` is an atom. */
export function log1pUnit(code: Code, y: WExpr): WExpr {
  const large = code.bind(greater(y, f64x2(Math.SQRT2 - 1)))
  const f = code.bind(pick(large, mul(sub(y, f64x2(1)), f64x2(0.5)), y))
  return logOnePlus(code, code.bind(both(large, f64x2(1))), f)
}
