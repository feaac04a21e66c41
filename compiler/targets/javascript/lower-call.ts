import { KernelError } from '../../kernel/kernel-error.js'
import type { KExpr, KFunction } from '../../kernel/types.js'
import { helperFor } from './bindings.js'
import { type JsExpr, jsBinary, jsMath, jsNumber } from './js-ast.js'
import type { Lowering } from './lowering.js'

/** base^exponent as products and roots where that is what it means. */
export function lowerPower(lowering: Lowering, base: KExpr, exponent: number): JsExpr {
  switch (exponent) {
    case 0:
      return jsNumber(1)
    case 1:
      return lowering.lower(base)
    case -1:
      return jsBinary('/', jsNumber(1), lowering.lower(base))
    case 0.5:
      return jsMath('sqrt', lowering.lower(base))
    case -0.5:
      return jsBinary('/', jsNumber(1), jsMath('sqrt', lowering.lower(base)))
  }
  if (exponent !== 2 && exponent !== 3 && exponent !== -2) {
    return jsMath('pow', lowering.lower(base), jsNumber(exponent))
  }
  const factor = lowering.atom(base)
  const square = jsBinary('*', factor, factor)
  if (exponent === 3) return jsBinary('*', square, factor)
  return exponent === 2 ? square : jsBinary('/', jsNumber(1), square)
}

/** A function of the scalar language: `Math.…`, an operator, or a helper that is passed in. */
export function lowerCall(lowering: Lowering, fn: KFunction, args: readonly KExpr[]): JsExpr {
  const helper = helperFor(fn)
  if (helper !== null) {
    return { js: 'helper', name: lowering.table.helper(helper), args: args.map((arg) => lowering.lower(arg)) }
  }
  switch (fn) {
    case 'isNaN': {
      const [of] = args
      if (of === undefined) throw new KernelError('isNaN has no argument')
      const value = lowering.atom(of)
      return { js: 'conditional', when: jsBinary('!==', value, value), yes: jsNumber(1), no: jsNumber(0) }
    }
    case 'expNonPositive':
      return jsMath('exp', ...args.map((arg) => lowering.lower(arg)))
    case 'power':
      return jsMath('pow', ...args.map((arg) => lowering.lower(arg)))
    case 'exp':
    case 'log':
    case 'log1p':
    case 'expm1':
    case 'abs':
    case 'sqrt':
    case 'round':
    case 'floor':
    case 'ceil':
    case 'min':
    case 'max':
    case 'cos':
    case 'sin':
    case 'atan':
      return jsMath(fn, ...args.map((arg) => lowering.lower(arg)))
    default:
      throw new KernelError(`no code for ${fn}`)
  }
}
