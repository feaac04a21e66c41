/** Functions of 1 + e^x, with t = e^−|x|, which never overflows. */
import { type Code, f64x2, op } from '../code.js'
import type { WExpr } from '../wasm-ast.js'
import { expBelowZero } from './exp.js'
import { log1pUnit } from './log.js'
import { add, div, negativeMagnitude, pick, sub } from './vector.js'

/** 1 / (1 + e^−x): t/(1 + t) below 0. */
export function logistic(code: Code, argument: WExpr): WExpr {
  const x = code.bind(argument)
  const t = expBelowZero(code, negativeMagnitude(x))
  return code.bind(div(pick(op('f64x2.lt', x, f64x2(0)), t, f64x2(1)), add(f64x2(1), t)))
}

/** log(1 + e^x) = max(x, 0) + log(1 + t). */
export function log1pexp(code: Code, argument: WExpr): WExpr {
  const x = code.bind(argument)
  const tail = log1pUnit(code, expBelowZero(code, negativeMagnitude(x)))
  return code.bind(add(op('f64x2.pmax', x, f64x2(0)), tail))
}

/** log(1 / (1 + e^−x)) = min(x, 0) − log(1 + t). */
export function logLogistic(code: Code, argument: WExpr): WExpr {
  const x = code.bind(argument)
  const tail = log1pUnit(code, expBelowZero(code, negativeMagnitude(x)))
  return code.bind(sub(op('f64x2.pmin', x, f64x2(0)), tail))
}
