import { KernelError } from '../../kernel/kernel-error.js'
import type { KExpr, KFunction } from '../../kernel/types.js'
import { arityOf } from '../scalar-functions.js'
import { type Code, call, extract, f64, op, replace } from './code.js'
import { inLockstep } from './lockstep.js'
import { at, type Copy, type Lowering } from './lowering.js'
import { exp, expNonPositive, functionsWithImport, vectorFunctions } from './math/index.js'
import type { OpName, WExpr } from './wasm-ast.js'

/** Members of the scalar language that are instructions. */
const instructions: { readonly [fn in KFunction]?: 'abs' | 'sqrt' | 'floor' | 'ceil' } = {
  abs: 'abs',
  sqrt: 'sqrt',
  floor: 'floor',
  ceil: 'ceil',
}

/** Functions with more constants than there are registers, and little else. */
const LOCKSTEP: { readonly [fn in KFunction]?: (code: Code, x: WExpr) => WExpr } = { exp, expNonPositive }

/**
 * A function of the scalar language: an instruction, code for two lanes (of which a number takes the first, so that
 * its bits are those of a vector), or one that is imported and called for each lane.
 */
export function lowerCall(
  lowering: Lowering,
  fn: KFunction,
  args: readonly KExpr[],
  copies: readonly Copy[],
  vector: boolean,
): readonly WExpr[] {
  const { blocks, code } = lowering
  const parts = args.map((arg) => (vector ? lowering.vectors(arg, copies) : lowering.numbers(arg, copies)))
  const together = vector ? LOCKSTEP[fn] : undefined
  if (together !== undefined)
    return blocks.emitting(() =>
      inLockstep(
        code,
        copies.map((_, i) => () => together(code, at(parts[0] ?? [], i))),
      ),
    )
  return copies.map((_, i) => {
    const values = parts.map((part) => {
      const value = part[i]
      if (value === undefined) throw new KernelError(`${fn} has no argument`)
      return value
    })
    const [first] = values
    if (first === undefined) throw new KernelError(`${fn} has no argument`)
    const instruction = instructions[fn]
    if (instruction !== undefined) return op(`${vector ? 'f64x2' : 'f64'}.${instruction}`, first)
    if (fn === 'min' || fn === 'max') {
      const name: OpName = `${vector ? 'f64x2' : 'f64'}.${fn}`
      return values.reduce((left, right) => op(name, left, right))
    }
    const known = vectorFunctions[fn]
    if (known !== undefined) {
      const made = blocks.emitting(() =>
        known(code, ...values.map((value) => (vector ? value : op('f64x2.splat', value)))),
      )
      return vector ? made : extract(blocks.bind(made), 0)
    }
    const mostly = functionsWithImport[fn]
    if (mostly !== undefined) {
      const outside = (one: WExpr): WExpr => call({ kind: 'import', name: lowering.imported(fn, 1) }, 'f64', one)
      const made = blocks.emitting(() => mostly(code, vector ? first : op('f64x2.splat', first), outside))
      return vector ? made : extract(blocks.bind(made), 0)
    }
    const arity = arityOf(fn) ?? values.length
    const imported = (...numbers: readonly WExpr[]): WExpr =>
      call({ kind: 'import', name: lowering.imported(fn, arity) }, 'f64', ...numbers)
    if (!vector) return imported(...values)
    const bound = values.map((value) => blocks.bind(value))
    const lane = (which: 0 | 1): WExpr => imported(...bound.map((value) => extract(value, which)))
    return replace(op('f64x2.splat', lane(0)), 1, lane(1))
  })
}

/** base^exponent as products and roots where that is what it means. */
export function lowerPower(
  lowering: Lowering,
  base: KExpr,
  exponent: number,
  copies: readonly Copy[],
  vector: boolean,
): readonly WExpr[] {
  const kind = vector ? 'f64x2' : 'f64'
  const one: WExpr = vector ? { w: 'f64x2', value: 1 } : f64(1)
  const product = (left: WExpr, right: WExpr): WExpr => op(`${kind}.mul`, left, right)
  const inverse = (of: WExpr): WExpr => op(`${kind}.div`, one, of)
  const values = vector ? lowering.vectors(base, copies) : lowering.numbers(base, copies)
  switch (exponent) {
    case 0:
      return values.map(() => one)
    case 1:
      return values
    case 2:
      return values.map((value) => product(value, value))
    case 3:
      return values.map((value) => product(product(value, value), value))
    case -1:
      return values.map(inverse)
    case -2:
      return values.map((value) => inverse(product(value, value)))
    case 0.5:
      return values.map((value) => op(`${kind}.sqrt`, value))
    case -0.5:
      return values.map((value) => inverse(op(`${kind}.sqrt`, value)))
    default:
      return lowerCall(lowering, 'power', [base, { k: 'num', value: exponent }], copies, vector)
  }
}
