import { expect, it } from 'vitest'
import { Code, f64x2, get, i32, i64x2, load, op } from '../../../../compiler/targets/wasm/code.js'
import { encodeModule } from '../../../../compiler/targets/wasm/encode.js'
import { hoistConstants } from '../../../../compiler/targets/wasm/hoist-constants.js'
import { exp, lgamma } from '../../../../compiler/targets/wasm/math/index.js'
import type { WExpr, WFunction, WStatement } from '../../../../compiler/targets/wasm/wasm-ast.js'

/** Vectors from 0 on in steps of 16 bytes, through `of`, to 4096 bytes further on. */
function loopOf(of: (code: Code, x: WExpr) => WExpr, vectors: number): WFunction {
  const code = new Code('run', [])
  const at = code.local('i32')
  const body = code.block(() => {
    code.store('v128.store', get(at), of(code, load('v128.load', get(at))), 4096)
    code.set(at, op('i32.add', get(at), i32(16)))
  })
  code.emit({ w: 'loop', body, again: op('i32.lt_u', get(at), i32(16 * vectors)) })
  return code.finish(true)
}

function results(fn: WFunction, input: readonly number[]): readonly number[] {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 })
  new Float64Array(memory.buffer).set(input)
  const module = { imports: [], functions: [fn], memory: { pages: 1, shared: false, maximum: 1 } }
  const bytes = encodeModule(module, { relaxed: false })
  const { run } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } }).exports as {
    run: () => void
  }
  run()
  return [...new Float64Array(memory.buffer, 4096, input.length)]
}

/** Vector constants other than 0 below a loop. */
function constantsInLoops(statements: readonly WStatement[]): number {
  const text = JSON.stringify(
    statements.filter((s) => s.w === 'loop'),
    (_, value: unknown) => (typeof value === 'bigint' ? String(value) : Object.is(value, -0) ? '-0' : value),
  )
  return text.match(/"w":"(f64x2|i64x2)","value":(?!"?0"?[,}])/g)?.length ?? 0
}

const input = [0.3, 1.7, 4.4, 12.25, -0.3, -7.75, 100.5, -1, 0, 5e-324, Infinity, Number.NaN]

it('keeps the bits of what is computed, with no constant left in a loop', () => {
  for (const macro of [exp, lgamma]) {
    const plain = loopOf(macro, input.length / 2)
    const hoisted = hoistConstants(plain)
    expect(constantsInLoops(plain.body)).toBeGreaterThan(15)
    expect(constantsInLoops(hoisted.body)).toBe(0)
    expect(results(hoisted, input)).toEqual(results(plain, input))
  }
})

it('gives equal constants one local, and tells 0 from −0 and bits from numbers', () => {
  const of = (_: Code, x: WExpr): WExpr => {
    const once = op('f64x2.add', op('f64x2.mul', x, f64x2(3)), f64x2(3))
    const bits = op('v128.or', op('v128.and', once, i64x2(0x4008000000000000n)), f64x2(-0))
    return op('v128.xor', bits, op('f64x2.mul', x, f64x2(0)))
  }
  const plain = loopOf(of, input.length / 2)
  const hoisted = hoistConstants(plain)
  // 3 as a number has the bits of the integer; −0; and 0 stays where it is
  expect(hoisted.locals.length - plain.locals.length).toBe(2)
  expect(results(hoisted, input)).toEqual(results(plain, input))
})

it('leaves a function without loops as it is', () => {
  const code = new Code('run', [], null)
  code.store('v128.store', i32(0), f64x2(3))
  const fn = code.finish(true)
  expect(hoistConstants(fn)).toEqual(fn)
})

it('leaves constants where they are hardly ever asked for', () => {
  const seldom = (mark: object): number => {
    const of = (code: Code, x: WExpr): WExpr => {
      const result = code.local('v128')
      code.set(result, x)
      const then = code.block(() => code.set(result, op('f64x2.mul', x, f64x2(3))))
      code.emit({ w: 'if', when: op('v128.any_true', op('f64x2.eq', x, f64x2(1.7))), then, otherwise: [], ...mark })
      return get(result)
    }
    const plain = loopOf(of, input.length / 2)
    const hoisted = hoistConstants(plain)
    expect(results(hoisted, input)).toEqual(results(plain, input))
    return hoisted.locals.length - plain.locals.length
  }
  // 3 and 1.7; 1.7 alone
  expect([seldom({}), seldom({ seldom: true })]).toEqual([2, 1])
})
