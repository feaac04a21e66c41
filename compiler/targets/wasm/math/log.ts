/**
 * log x = k log 2 + log m with √½ ≤ m < √2. With f = m − 1 and s = f/(2 + f), log m = 2 artanh s = f − s (f − R(s²)) =
 * f − (f²/2 − s (f²/2 + R(s²))), R(z) = 2 z (1/3 + z/5 + …): the scheme of fdlibm's e_log.c.
 */
import { type Code, f64x2, get, i32, i64x2, op } from '../code.js'
import type { WExpr } from '../wasm-ast.js'
import { add, div, horner, madd, mul, pick, sub } from './vector.js'

/** R(z)/z of least maximal relative error 1.3e-18 in 2 artanh s for |s| ≤ 3 − √8. */
const R: readonly number[] = [
  0.6666666666666734, 0.39999999999416624, 0.2857142874203433, 0.22222198604235507, 0.18183562901859926,
  0.153140833670437, 0.14795649771888345,
]
const LN2_HIGH = 0.6931471803691238
const LN2_LOW = 1.9082149292705877e-10

const SMALLEST_NORMAL = 2.2250738585072014e-308
const SMALLEST_NORMAL_BITS = 0x0010000000000000n
const NORMALS = 0x7fe0000000000000n
const SIGN = 0x8000000000000000n
const MANTISSA = 0x000fffffffffffffn
const ONE_BITS = 0x3ff0000000000000n
const ROOT_HALF_BITS = 0x3fe6a09e667f3bcdn
const TWO_52 = 4503599627370496
const TWO_52_BITS = 0x4330000000000000n

const signed = (bits: bigint): WExpr => i64x2(BigInt.asIntN(64, bits))

/** Exponent k (as a number) and mantissa m of x = 2^k m, √½ ≤ m < √2, where x is normal. */
interface Parts {
  /** What log x has besides log m, as a multiple of log 2: k, or ±∞ or NaN. */
  readonly k: WExpr
  readonly m: WExpr
}

/**
 * Lanes that are 0, subnormal, negative, ∞ or NaN are rare: a branch for both lanes puts 2⁵⁴ x or 1 in their place and
 * what belongs to it into k.
 */
export function logParts(code: Code, argument: WExpr): Parts {
  const x = code.local('v128')
  const bias = code.local('v128')
  code.set(x, argument)
  code.set(bias, f64x2(TWO_52 + 1023))
  // unsigned bits(x) − bits(2⁻¹⁰²²) ≥ NORMALS, which is a signed comparison once 2⁶³ is added on both sides
  const offset = op('i64x2.add', get(x), signed(SIGN - SMALLEST_NORMAL_BITS))
  const when = op('v128.any_true', op('i64x2.gt_s', offset, signed(SIGN + NORMALS - 1n)))
  const then = code.block(() => {
    const subnormal = code.bind(
      op('v128.and', op('f64x2.lt', get(x), f64x2(SMALLEST_NORMAL)), op('f64x2.gt', get(x), f64x2(0))),
    )
    const normal = op(
      'v128.and',
      op('f64x2.ge', get(x), f64x2(SMALLEST_NORMAL)),
      op('f64x2.lt', get(x), f64x2(Infinity)),
    )
    const usual = code.bind(op('v128.or', normal, subnormal))
    // −log 2 of the others, taken from k: +∞ at 0, −∞ at ∞, NaN below 0 and at NaN
    const others = pick(
      op('f64x2.eq', get(x), f64x2(0)),
      f64x2(Infinity),
      sub(f64x2(-Infinity), op('f64x2.sqrt', get(x))),
    )
    const kept = pick(subnormal, f64x2(TWO_52 + 1023 + 54), f64x2(TWO_52 + 1023))
    code.set(bias, pick(usual, kept, others))
    code.set(x, pick(usual, pick(subnormal, mul(get(x), f64x2(18014398509481984)), get(x)), f64x2(1)))
  })
  code.emit({ w: 'if', when, then, otherwise: [] })
  // the exponent grows by 1 where the mantissa passes √2
  const raised = code.bind(op('i64x2.add', get(x), signed(ONE_BITS - ROOT_HALF_BITS)))
  const exponent = op('v128.or', op('i64x2.shr_u', raised, i32(52)), signed(TWO_52_BITS))
  const k = code.bind(sub(exponent, get(bias)))
  const m = op('i64x2.add', op('v128.and', raised, signed(MANTISSA)), signed(ROOT_HALF_BITS))
  return { k, m }
}

/** k log 2 + log(1 + f), |f| < 0.42. */
export function logOnePlus(code: Code, k: WExpr, f: WExpr): WExpr {
  const s = code.bind(div(f, add(f64x2(2), f)))
  const z = code.bind(mul(s, s))
  const half = code.bind(mul(mul(f, f), f64x2(0.5)))
  const tail = madd(s, madd(z, horner(z, R), half), mul(k, f64x2(LN2_LOW)))
  return code.bind(madd(k, f64x2(LN2_HIGH), sub(f, sub(half, tail))))
}

/** log x; −∞ at ±0, NaN below 0, ∞ at ∞. */
export function log(code: Code, x: WExpr): WExpr {
  const { k, m } = logParts(code, x)
  return logOnePlus(code, k, code.bind(sub(m, f64x2(1))))
}
