/** Values of WebAssembly expressions, from an instance made for each. */
import { Code, f64, i32, i64, op } from '../../compiler/targets/wasm/code.js'
import { encodeModule } from '../../compiler/targets/wasm/encode.js'
import type { ValueType, WExpr, WFunction, WImport } from '../../compiler/targets/wasm/wasm-ast.js'

export interface Setting {
  readonly relaxed?: boolean
  readonly imports?: readonly WImport[]
  readonly functions?: readonly WFunction[]
  readonly env?: Readonly<Record<string, (...args: number[]) => number>>
  /** Written at address 0 before the call. */
  readonly bytes?: Uint8Array
}

/** The memory after `build` wrote a function and it ran; `build` may name what the function returns. */
export function execute(build: (code: Code) => WExpr | null, type: ValueType | null, setting: Setting = {}) {
  const code = new Code('run', [], type)
  const value = build(code)
  const bytes = encodeModule(
    {
      imports: setting.imports ?? [],
      functions: [...(setting.functions ?? []), code.finish(true, value)],
      memory: { pages: 2, shared: false, maximum: 2 },
    },
    { relaxed: setting.relaxed ?? false },
  )
  const memory = new WebAssembly.Memory({ initial: 2, maximum: 2 })
  if (setting.bytes !== undefined) new Uint8Array(memory.buffer).set(setting.bytes)
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory, ...setting.env } })
  const { run } = instance.exports as { run: () => number | bigint }
  return { value: run(), memory, bytes }
}

/** Where a vector is stored to be looked at. */
const RESULT = 65536

/** A number, or the two 64-bit lanes of a vector as f64 and as i64. */
export function evaluate(expr: WExpr, type: ValueType, setting: Setting = {}) {
  if (type !== 'v128') {
    const { value } = execute(() => expr, type, setting)
    return { number: value, f64: [], i64: [] }
  }
  const { memory } = execute(
    (code) => {
      code.store('v128.store', i32(RESULT), expr)
      return null
    },
    null,
    setting,
  )
  return {
    number: 0,
    f64: [...new Float64Array(memory.buffer, RESULT, 2)],
    i64: [...new BigInt64Array(memory.buffer, RESULT, 2)],
  }
}

/** Vectors with lanes of their own. */
export const lanesF64 = (low: number, high: number): WExpr => ({
  w: 'lane',
  op: 'f64x2.replace_lane',
  lane: 1,
  args: [op('f64x2.splat', f64(low)), f64(high)],
})

export const lanesI64 = (low: bigint, high: bigint): WExpr =>
  lanesOfBits(op('f64.reinterpret_i64', i64(low)), op('f64.reinterpret_i64', i64(high)))

const lanesOfBits = (low: WExpr, high: WExpr): WExpr => ({
  w: 'lane',
  op: 'f64x2.replace_lane',
  lane: 1,
  args: [op('f64x2.splat', low), high],
})
