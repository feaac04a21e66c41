/** A macro of `compiler/targets/wasm/math` as a function of arrays, in a WebAssembly instance of its own. */
import { Code, get, i32, load, op } from '../../compiler/targets/wasm/code.js'
import { encodeModule } from '../../compiler/targets/wasm/encode.js'
import type { WExpr, WFunction, WImport } from '../../compiler/targets/wasm/wasm-ast.js'

export type Macro = (code: Code, ...args: WExpr[]) => WExpr
export type ArrayFunction = (...args: readonly Float64Array[]) => Float64Array

/** out[i] = macro(first[i], second[i], …), two at a time; arrays lie one after the other, `bytes` apart. */
function arrayLoop(macro: Macro, arity: number): WFunction {
  // parameters: address of the first argument, its end, bytes from one array to the next
  const code = new Code('run', ['i32', 'i32', 'i32'])
  const [start, end, bytes] = code.params
  if (start === undefined || end === undefined || bytes === undefined) throw new Error('parameters')
  const at = (array: number): WExpr => op('i32.add', get(start), op('i32.mul', get(bytes), i32(array)))
  const body = code.block(() => {
    const args = Array.from({ length: arity }, (_, i) => load('v128.load', at(i)))
    code.store('v128.store', at(arity), macro(code, ...args))
    code.set(start, op('i32.add', get(start), i32(16)))
  })
  code.emit({ w: 'loop', body, again: op('i32.lt_u', get(start), get(end)) })
  return code.finish(true)
}

/** The functions of `outside` take and give one number, and are imports by their names. */
export function vectorFunction(
  macro: Macro,
  arity: number,
  relaxed: boolean,
  outside: Readonly<Record<string, (x: number) => number>> = {},
): ArrayFunction {
  const imports = Object.keys(outside).map((name): WImport => ({ name, params: ['f64'], result: 'f64' }))
  const pages = { pages: 1, shared: false, maximum: 4096 }
  const bytes = encodeModule({ imports, functions: [arrayLoop(macro, arity)], memory: pages }, { relaxed })
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 4096 })
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory, ...outside } })
  const { run } = instance.exports as { run: (start: number, end: number, bytes: number) => void }
  return (...args) => {
    const length = args[0]?.length ?? 0
    const padded = length + (length % 2)
    const need = Math.ceil(((arity + 1) * padded * 8) / 65536) - memory.buffer.byteLength / 65536
    if (need > 0) memory.grow(need)
    const all = new Float64Array(memory.buffer)
    args.forEach((arg, i) => {
      all.set(arg, i * padded)
    })
    if (length > 0) run(0, padded * 8, padded * 8)
    return all.slice(arity * padded, arity * padded + length)
  }
}
