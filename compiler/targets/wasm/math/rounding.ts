/** Functions that are a few instructions, with the results of their JavaScript namesakes. */
import { type Code, f64x2, op } from '../code.js'
import type { WExpr } from '../wasm-ast.js'
import { add, both, div, mul, sub } from './vector.js'

/** The nearest integer, halves up, as Math.round. x − ⌊x⌋ is exact, or so near 1 that it makes no difference. */
export function round(code: Code, argument: WExpr): WExpr {
  const x = code.bind(argument)
  const below = code.bind(op('f64x2.floor', x))
  const up = op('f64x2.ge', sub(x, below), f64x2(0.5))
  // −0 for what is rounded to 0 from below
  return code.bind(op('v128.or', add(below, both(up, f64x2(1))), both(x, f64x2(-0))))
}

/** x − y ⌊x/y⌋, rounded as in JavaScript: not as one instruction. */
export function mod(code: Code, left: WExpr, right: WExpr): WExpr {
  const x = code.bind(left)
  const y = code.bind(right)
  return code.bind(sub(x, mul(y, op('f64x2.floor', div(x, y)))))
}

/** 1 where x is NaN, else 0. */
export function notANumber(code: Code, argument: WExpr): WExpr {
  const x = code.bind(argument)
  return code.bind(both(op('f64x2.ne', x, x), f64x2(1)))
}

/** Of one or more numbers; NaN if one is, and −0 is less than 0. */
export function minimum(code: Code, ...args: readonly WExpr[]): WExpr {
  return code.bind(args.reduce((least, arg) => op('f64x2.min', least, arg)))
}

export function maximum(code: Code, ...args: readonly WExpr[]): WExpr {
  return code.bind(args.reduce((most, arg) => op('f64x2.max', most, arg)))
}
