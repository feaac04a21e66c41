/** Functions of the kernel on two rows at a time, written into the function under construction. */
import { KernelError } from '../../../kernel/kernel-error.js'
import type { KFunction } from '../../../kernel/types.js'
import { type Code, op } from '../code.js'
import type { OpName, WExpr } from '../wasm-ast.js'
import { atan } from './atan.js'
import { digamma } from './digamma.js'
import { exp, expm1, expNonPositive } from './exp.js'
import { lgamma } from './lgamma.js'
import { log, log1p } from './log.js'
import { log1mexp } from './log1mexp.js'
import { log1pexp, logistic, logLogistic } from './logistic.js'
import { logit } from './logit.js'
import { inverseMills, logPhi, Phi } from './normal.js'
import { maximum, minimum, mod, notANumber, round } from './rounding.js'
import { cos, type Outside, sin } from './sine.js'
import { trigamma } from './trigamma.js'
import { magnitude } from './vector.js'

export { atan } from './atan.js'
export { digamma } from './digamma.js'
export { exp, expm1, expNonPositive } from './exp.js'
export { lgamma } from './lgamma.js'
export { log, log1p } from './log.js'
export { log1mexp } from './log1mexp.js'
export { log1pexp, logistic, logLogistic } from './logistic.js'
export { logit } from './logit.js'
export { inverseMills, logPhi, Phi } from './normal.js'
export { maximum, minimum, mod, notANumber, round } from './rounding.js'
export { cos, type Outside, sin } from './sine.js'
export { trigamma } from './trigamma.js'

/** Appends statements to the function; the result is an atom. Both lanes are computed alike, whatever is in the other. */
export type VectorFunction = (code: Code, ...args: WExpr[]) => WExpr

const unary =
  (build: (code: Code, x: WExpr) => WExpr): VectorFunction =>
  (code, x) => {
    if (x === undefined) throw new KernelError('a function of one argument got none')
    return build(code, x)
  }

const instruction = (name: OpName): VectorFunction => unary((code, x) => code.bind(op(name, x)))

/** A function that is not here is called as JavaScript, lane by lane. */
export const vectorFunctions: Readonly<Partial<Record<KFunction, VectorFunction>>> = {
  exp: unary(exp),
  expNonPositive: unary(expNonPositive),
  expm1: unary(expm1),
  log: unary(log),
  log1p: unary(log1p),
  log1pexp: unary(log1pexp),
  log1mexp: unary(log1mexp),
  logistic: unary(logistic),
  logLogistic: unary(logLogistic),
  logit: unary(logit),
  lgamma: unary(lgamma),
  digamma: unary(digamma),
  trigamma: unary(trigamma),
  Phi: unary(Phi),
  logPhi: unary(logPhi),
  inverseMills: unary(inverseMills),
  atan: unary(atan),
  abs: unary((code, x) => code.bind(magnitude(x))),
  sqrt: instruction('f64x2.sqrt'),
  floor: instruction('f64x2.floor'),
  ceil: instruction('f64x2.ceil'),
  round: unary(round),
  isNaN: unary(notANumber),
  min: minimum,
  max: maximum,
  mod: (code, x, y) => {
    if (x === undefined || y === undefined) throw new KernelError('mod takes two arguments')
    return mod(code, x, y)
  },
}

/** Functions that have code for most numbers, and for the others call the import of their name (f64 → f64). */
export const functionsWithImport: Readonly<
  Partial<Record<KFunction, (code: Code, x: WExpr, outside: Outside) => WExpr>>
> = { sin, cos }
