/** Functions of the kernel on two rows at a time, written into the function under construction. */
import type { KFunction } from '../../../kernel/types.js'
import type { Code } from '../code.js'
import type { WExpr } from '../wasm-ast.js'
import { exp } from './exp.js'
import { log } from './log.js'

export { exp, expNonPositive } from './exp.js'
export { log } from './log.js'

/** Appends statements to the function; the result is an atom. */
export type VectorFunction = (code: Code, ...args: WExpr[]) => WExpr

const unary =
  (build: (code: Code, x: WExpr) => WExpr): VectorFunction =>
  (code, x) => {
    if (x === undefined) throw new Error('no argument')
    return build(code, x)
  }

export const vectorFunctions: Partial<Record<KFunction, VectorFunction>> = {
  exp: unary(exp),
  log: unary(log),
}
