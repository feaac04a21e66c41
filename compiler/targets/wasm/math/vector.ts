/** Short names for f64x2 arithmetic. Arguments that are used twice are bound by the caller. */
import { type Code, f64x2, op } from '../code.js'
import type { WExpr } from '../wasm-ast.js'

export const add = (a: WExpr, b: WExpr): WExpr => op('f64x2.add', a, b)
export const sub = (a: WExpr, b: WExpr): WExpr => op('f64x2.sub', a, b)
export const mul = (a: WExpr, b: WExpr): WExpr => op('f64x2.mul', a, b)
export const div = (a: WExpr, b: WExpr): WExpr => op('f64x2.div', a, b)
export const neg = (a: WExpr): WExpr => op('f64x2.neg', a)
export const less = (a: WExpr, b: WExpr): WExpr => op('f64x2.lt', a, b)
export const greater = (a: WExpr, b: WExpr): WExpr => op('f64x2.gt', a, b)
export const both = (a: WExpr, b: WExpr): WExpr => op('v128.and', a, b)
export const not = (a: WExpr): WExpr => op('v128.not', a)
export const anyLane = (mask: WExpr): WExpr => op('v128.any_true', mask)
/** |x| and −|x| by the sign bit alone: one instruction with an operand that is at hand. */
export const magnitude = (x: WExpr): WExpr => op('v128.andnot', x, f64x2(-0))
export const negativeMagnitude = (x: WExpr): WExpr => op('v128.or', x, f64x2(-0))
/** a·b + c, with one rounding where the engine fuses. */
export const madd = (a: WExpr, b: WExpr, c: WExpr): WExpr => op('f64x2.madd', a, b, c)
/** c − a·b. */
export const nmadd = (a: WExpr, b: WExpr, c: WExpr): WExpr => op('f64x2.nmadd', a, b, c)
/** At most `bound`; NaN stays. */
export const atMost = (x: WExpr, bound: number): WExpr => op('f64x2.pmin', x, f64x2(bound))
/** At least `bound`; NaN stays. */
export const atLeast = (x: WExpr, bound: number): WExpr => op('f64x2.pmax', x, f64x2(bound))
/** `yes` where the bits of `mask` are set, else `no`. */
export const pick = (mask: WExpr, yes: WExpr, no: WExpr): WExpr => op('v128.bitselect', yes, no, mask)

/** Statements that run if a lane of `mask` is set. Lanes where it is not are computed along and not used. */
export function ifAny(code: Code, mask: WExpr, build: () => void): void {
  code.emit({ w: 'if', when: anyLane(mask), then: code.block(build), otherwise: [] })
}

/** Σ coefficients[i] xⁱ by Horner's rule; `x` is an atom. */
export function horner(x: WExpr, coefficients: readonly number[]): WExpr {
  const last = coefficients.length - 1
  let sum = f64x2(coefficients[last] ?? 0)
  for (let i = last - 1; i >= 0; i--) sum = madd(sum, x, f64x2(coefficients[i] ?? 0))
  return sum
}

/** The same sum as E(x²) + x·O(x²): half as long a chain of dependent instructions. `x` and `square` are atoms. */
export function evenOdd(x: WExpr, square: WExpr, coefficients: readonly number[]): WExpr {
  const even = coefficients.filter((_, i) => i % 2 === 0)
  const odd = coefficients.filter((_, i) => i % 2 === 1)
  return madd(horner(square, odd), x, horner(square, even))
}
