/**
 * Sine and cosine: x = n π/2 + r with |r| ≤ π/4, where π/2 is taken in three parts so that n times each of the first two is
 * exact. Beyond LIMIT that is no longer so, and a function that is imported takes over, lane by lane.
 */
import { type Code, extract, f64x2, get, i32, i64x2, op, replace } from '../code.js'
import type { WExpr } from '../wasm-ast.js'
import { both, greater, horner, ifAny, madd, magnitude, mul, nmadd, pick, sub } from './vector.js'

/** Of 33 bits each, and what is left of π/2. */
const HALF_PI = [1.5707963267341256, 6.077100506303966e-11, 2.0222662487959506e-21] as const
/** 2¹⁹ π/2: n has 19 bits. */
const LIMIT = 823549
const ROUNDER = 6755399441055744

/** (sin r − r)/r³ and (cos r − 1 + r²/2)/r⁴ in r², |r| ≤ π/4: 3.5e-18 and 4.8e-20 of them times the power. */
const SINE: readonly number[] = [
  -0.16666666666666632, 0.008333333333322486, -0.00019841269829853325, 0.0000027557313705026008, -2.5050759879694776e-8,
  1.5896885752964295e-10,
]
const COSINE: readonly number[] = [
  0.0416666666666666, -0.001388888888887447, 0.000024801587289666932, -2.7557314399281467e-7, 2.087572899726599e-9,
  -1.1359917517455202e-11,
]

/** The value of the function for one number (f64) as the engine outside has it. */
export type Outside = (x: WExpr) => WExpr

function quadrants(code: Code, argument: WExpr, turn: bigint, outside: Outside): WExpr {
  const x = code.bind(argument)
  const rounded = code.bind(madd(x, f64x2(2 / Math.PI), f64x2(ROUNDER)))
  const n = code.bind(sub(rounded, f64x2(ROUNDER)))
  const r = code.bind(HALF_PI.reduce((rest, part) => nmadd(n, f64x2(part), rest), x))
  const z = code.bind(mul(r, r))
  const sine = madd(mul(r, z), horner(z, SINE), r)
  const half = code.bind(mul(z, f64x2(0.5)))
  const main = code.bind(sub(f64x2(1), half))
  const rest = sub(sub(f64x2(1), main), half)
  const cosine = op('f64x2.add', main, madd(mul(z, z), horner(z, COSINE), rest))
  // n modulo 4 in the low bits; cos x = sin(x + π/2)
  const quadrant = code.bind(turn === 0n ? rounded : op('i64x2.add', rounded, i64x2(turn)))
  const odd = op('i64x2.ne', both(quadrant, i64x2(1n)), i64x2(0n))
  const sign = both(op('i64x2.shl', quadrant, i32(62)), f64x2(-0))
  const result = code.local('v128')
  code.set(result, op('v128.xor', pick(odd, cosine, sine), sign))
  const large = code.bind(greater(magnitude(x), f64x2(LIMIT)))
  ifAny(code, large, () => {
    const left = code.bind(op('f64x2.splat', outside(extract(x, 0))))
    code.set(result, pick(large, replace(left, 1, outside(extract(x, 1))), get(result)))
  })
  return get(result)
}

export const sin = (code: Code, x: WExpr, outside: Outside): WExpr => quadrants(code, x, 0n, outside)
export const cos = (code: Code, x: WExpr, outside: Outside): WExpr => quadrants(code, x, 1n, outside)
