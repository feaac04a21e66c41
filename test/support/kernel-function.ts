/** Functions of the scalar language as generated WebAssembly has them, for arrays. */
import type { KFunction } from '../../compiler/kernel/types.js'
import { isUnary, unaryFunctions } from '../../compiler/targets/scalar-functions.js'
import { call } from '../../compiler/targets/wasm/code.js'
import { functionsWithImport, vectorFunctions } from '../../compiler/targets/wasm/math/index.js'
import { type ArrayFunction, vectorFunction } from './vector-function.js'

export function kernelFunction(fn: KFunction, relaxed: boolean, arity = 1): ArrayFunction {
  const known = vectorFunctions[fn]
  if (known !== undefined) return vectorFunction(known, arity, relaxed)
  const withImport = functionsWithImport[fn]
  if (withImport === undefined || !isUnary(fn)) throw new Error(`no ${fn}`)
  return vectorFunction(
    (code, x) => {
      if (x === undefined) throw new Error('no argument')
      return withImport(code, x, (one) => call({ kind: 'import', name: fn }, 'f64', one))
    },
    1,
    relaxed,
    { [fn]: unaryFunctions[fn] },
  )
}
