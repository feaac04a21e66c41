/** Immediates, statements and sections of modules, by what they do when they run. */
import { describe, expect, it } from 'vitest'
import {
  Code,
  call,
  f64,
  f64x2,
  get,
  i32,
  i64,
  i64x2,
  load,
  op,
  typeOf,
} from '../../../../compiler/targets/wasm/code.js'
import { encodeModule } from '../../../../compiler/targets/wasm/encode.js'
import { engineFeatures } from '../../../../compiler/targets/wasm/engine-features.js'
import type { LoadName, WExpr, WFunction } from '../../../../compiler/targets/wasm/wasm-ast.js'
import { evaluate, execute, lanesF64, lanesI64 } from '../../../support/wasm-evaluate.js'

const number = (expr: WExpr, setting = {}): number | bigint => evaluate(expr, typeOf(expr), setting).number
const memory = { pages: 1, shared: false, maximum: 1 }

describe('numbers', () => {
  /** Borders of LEB128: 6 and 7 bits a byte, and the ends. */
  const borders = [0, 1, 63, 64, 127, 128, 8191, 8192, 16383, 16384, 2 ** 20 - 1, 2 ** 20, 2 ** 27, 2 ** 31 - 1]

  it('i32 with signs', () => {
    for (const x of [...borders, ...borders.map((y) => -y - 1), ...borders.map((y) => -y)])
      expect(number(i32(x))).toBe(x | 0)
  })

  it('i64 with signs', () => {
    const long = [
      ...borders.map(BigInt),
      2n ** 34n - 1n,
      2n ** 34n,
      2n ** 41n,
      2n ** 62n - 1n,
      2n ** 62n,
      2n ** 63n - 1n,
    ]
    for (const x of [...long, ...long.map((y) => -y - 1n)]) expect(number(i64(x))).toBe(x)
  })

  it('f64 to the bit, alone and in vectors', () => {
    for (const x of [0, -0, 1, -1, 5e-324, -5e-324, Math.PI, Number.MAX_VALUE, Infinity, -Infinity, Number.NaN]) {
      expect(number(f64(x))).toBe(x)
      expect(evaluate(f64x2(x), 'v128').f64).toEqual([x, x])
    }
  })

  it('i64 in vectors, also those beyond signs', () => {
    for (const x of [0n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 0x0123456789abcdefn])
      expect(evaluate(i64x2(x), 'v128').i64).toEqual([x, x])
    expect(evaluate(i64x2(2n ** 63n), 'v128').i64).toEqual([-(2n ** 63n), -(2n ** 63n)])
  })

  it('folds what is known of i32 sums and products', () => {
    const x = load('i32.load', i32(0))
    expect(op('i32.add', i32(2147483647), i32(1))).toEqual(i32(-2147483648))
    expect(op('i32.mul', i32(65536), i32(65537))).toEqual(i32(65536))
    expect(op('i32.add', x, i32(0))).toBe(x)
    expect(op('i32.add', i32(0), x)).toBe(x)
    expect(op('i32.mul', x, i32(1))).toBe(x)
    const bytes = new Uint8Array(Int32Array.of(-5).buffer)
    for (const factor of [2, 8, 1024, 3, 0, -1, -8])
      expect(number(op('i32.mul', x, i32(factor)), { bytes })).toBe(-5 * factor === 0 ? 0 : -5 * factor)
  })
})

describe('lanes', () => {
  const lane = (name: 'f64x2.extract_lane' | 'i64x2.extract_lane' | 'i32x4.extract_lane', which: 0 | 1, of: WExpr) =>
    number({ w: 'lane', op: name, lane: which, args: [of] })

  it('are taken out and put in', () => {
    expect([0, 1].map((i) => lane('f64x2.extract_lane', i as 0 | 1, lanesF64(0.1, 0.2)))).toEqual([0.1, 0.2])
    const integers = lanesI64((7n << 32n) | 5n, -9n)
    expect([0, 1].map((i) => lane('i64x2.extract_lane', i as 0 | 1, integers))).toEqual([(7n << 32n) | 5n, -9n])
    expect([0, 1].map((i) => lane('i32x4.extract_lane', i as 0 | 1, integers))).toEqual([5, 7])
    const replaced = (which: 0 | 1): WExpr => ({
      w: 'lane',
      op: 'f64x2.replace_lane',
      lane: which,
      args: [lanesF64(1, 2), f64(3)],
    })
    expect(evaluate(replaced(0), 'v128').f64).toEqual([3, 2])
    expect(evaluate(replaced(1), 'v128').f64).toEqual([1, 3])
  })

  it('are shuffled byte by byte', () => {
    const bytes = [8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23]
    const expr: WExpr = { w: 'shuffle', bytes, left: lanesF64(1, 2), right: lanesF64(3, 4) }
    expect(evaluate(expr, 'v128').f64).toEqual([2, 3])
  })
})

describe('memory', () => {
  const data = new Uint8Array(65536)
  const view = new DataView(data.buffer)
  // offsets of one, two and three bytes
  const offsets = [0, 112, 128, 16368, 16384, 65520]
  for (const [i, at] of offsets.entries()) {
    view.setFloat64(at, i + 0.5, true)
    view.setFloat64(at + 8, -i - 0.5, true)
  }

  it('is read at constant offsets and at addresses', () => {
    for (const [i, at] of offsets.entries()) {
      for (const [base, offset] of [
        [0, at],
        [at, 0],
        [8, at - 8],
      ] as const) {
        if (offset < 0) continue
        const read = (name: LoadName): WExpr => load(name, i32(base), offset)
        expect(number(read('f64.load'), { bytes: data })).toBe(i + 0.5)
        expect(number(read('i64.load'), { bytes: data })).toBe(view.getBigInt64(at, true))
        expect(number(read('i32.load'), { bytes: data })).toBe(view.getInt32(at, true))
        expect(number(read('i32.load8_u'), { bytes: data })).toBe(view.getUint8(at))
        expect(number(read('i32.load16_u'), { bytes: data })).toBe(view.getUint16(at, true))
        const vector = (name: LoadName): readonly number[] => evaluate(read(name), 'v128', { bytes: data }).f64
        expect(vector('v128.load')).toEqual([i + 0.5, -i - 0.5])
        expect(vector('v128.load64_splat')).toEqual([i + 0.5, i + 0.5])
        expect(vector('v128.load64_zero')).toEqual([i + 0.5, 0])
        for (const which of [0, 1] as const) {
          const wanted = which === 0 ? [i + 0.5, 20] : [10, i + 0.5]
          const expr: WExpr = { w: 'loadLane', lane: which, address: i32(base), offset, vector: lanesF64(10, 20) }
          expect(evaluate(expr, 'v128', { bytes: data }).f64).toEqual(wanted)
        }
      }
    }
  })

  it('reads unsigned bytes and halves', () => {
    const bytes = Uint8Array.of(0xff, 0xfe, 0xff)
    expect(number(load('i32.load8_u', i32(0)), { bytes })).toBe(255)
    expect(number(load('i32.load16_u', i32(0)), { bytes })).toBe(0xfeff)
    expect(number(load('i32.load8_u', i32(1), 1), { bytes })).toBe(255)
  })

  it('is written and filled', () => {
    const { memory: after } = execute((code) => {
      code.emit({ w: 'fill', address: i32(1000), byte: 255, length: i32(17) })
      code.store('f64.store', i32(8), f64(0.25), 16384)
      code.store('i32.store', i32(16), i32(-3), 120)
      code.store('v128.store', i32(24), lanesF64(1, 2))
      return null
    }, null)
    const seen = new DataView(after.buffer)
    expect(seen.getFloat64(16392, true)).toBe(0.25)
    expect(seen.getInt32(136, true)).toBe(-3)
    expect([seen.getFloat64(24, true), seen.getFloat64(32, true)]).toEqual([1, 2])
    const filled = [...new Uint8Array(after.buffer, 999, 19)]
    expect(filled).toEqual([0, ...new Array<number>(17).fill(255), 0])
  })

  it('may be shared, which the module must say', () => {
    const code = new Code('run', [])
    code.store('f64.store', i32(0), f64(1))
    const bytes = encodeModule(
      { imports: [], functions: [code.finish(true)], memory: { pages: 1, shared: true, maximum: 300 } },
      { relaxed: false },
    )
    const module = new WebAssembly.Module(bytes)
    const shared = new WebAssembly.Memory({ initial: 1, maximum: 300, shared: true })
    const { run } = new WebAssembly.Instance(module, { env: { memory: shared } }).exports as { run: () => void }
    run()
    expect(new Float64Array(shared.buffer)[0]).toBe(1)
    const own = new WebAssembly.Memory({ initial: 1, maximum: 300 })
    expect(() => new WebAssembly.Instance(module, { env: { memory: own } })).toThrow(/shared/)
  })
})

describe('statements', () => {
  it('loops until the condition is 0, the body once at least', () => {
    const sum = (times: number): number | bigint | undefined =>
      execute((code) => {
        const left = code.local('i32')
        const total = code.local('f64')
        code.set(left, i32(times))
        const body = code.block(() => {
          code.set(total, op('f64.add', get(total), op('f64.convert_i32_s', get(left))))
          code.set(left, op('i32.sub', get(left), i32(1)))
        })
        code.emit({ w: 'loop', body, again: op('i32.gt_s', get(left), i32(0)) })
        return get(total)
      }, 'f64').value
    expect([sum(10), sum(1), sum(0)]).toEqual([55, 1, 0])
  })

  it('takes one branch, and neither where there is none', () => {
    const branch = (when: number, otherwise: boolean): number | bigint =>
      execute((code) => {
        const x = code.local('i32')
        code.set(x, i32(1))
        const then = code.block(() => code.set(x, i32(2)))
        const other = code.block(() => code.set(x, i32(3)))
        code.emit({ w: 'if', when: i32(when), then, otherwise: otherwise ? other : [] })
        return get(x)
      }, 'i32').value
    expect([branch(1, true), branch(0, true), branch(1, false), branch(0, false)]).toEqual([2, 3, 2, 1])
  })

  it('evaluates one branch of an expression', () => {
    const asked: number[] = []
    const env = { ask: (x: number) => asked.push(x) }
    const imports = [{ name: 'ask', params: ['f64'], result: 'f64' }] as const
    const ask = (x: number): WExpr => call({ kind: 'import', name: 'ask' }, 'f64', f64(x))
    const choose = (when: number): WExpr => ({
      w: 'if',
      type: 'f64',
      when: i32(when),
      then: ask(10),
      otherwise: ask(20),
    })
    number(choose(1), { imports, env })
    number(choose(0), { imports, env })
    expect(asked).toEqual([10, 20])
  })
})

describe('functions', () => {
  const pair = (name: string, minus: boolean): WFunction => {
    const code = new Code(name, ['f64', 'i32'], 'f64')
    const [x, y] = code.params
    if (x === undefined || y === undefined) throw new Error('parameters')
    return code.finish(false, op(minus ? 'f64.sub' : 'f64.add', get(x), op('f64.convert_i32_s', get(y))))
  }

  it('call imports and each other, the arguments in order', () => {
    const imports = [
      { name: 'first', params: ['f64', 'f64'], result: 'f64' },
      { name: 'second', params: ['i32'], result: 'i32' },
    ] as const
    const env = { first: (x: number, y: number) => 10 * x + y, second: (x: number) => x + 1 }
    const functions = [pair('sum', false), pair('difference', true)]
    const one = call({ kind: 'import', name: 'first' }, 'f64', f64(1), f64(2))
    const two = call({ kind: 'import', name: 'second' }, 'i32', i32(6))
    const setting = { imports, env, functions }
    expect(number(one, setting)).toBe(12)
    expect(number(two, setting)).toBe(7)
    expect(number(call({ kind: 'function', name: 'sum' }, 'f64', one, two), setting)).toBe(19)
    expect(number(call({ kind: 'function', name: 'difference' }, 'f64', one, two), setting)).toBe(5)
  })

  it('are run for what they do', () => {
    const put = new Code('put', ['i32', 'f64'])
    const [at, value] = put.params
    if (at === undefined || value === undefined) throw new Error('parameters')
    put.store('f64.store', get(at), get(value))
    const { memory: after } = execute(
      (code) => {
        code.emit({ w: 'run', callee: { kind: 'function', name: 'put' }, args: [i32(8), f64(0.75)] })
        return null
      },
      null,
      { functions: [put.finish(false)] },
    )
    expect(new Float64Array(after.buffer)[1]).toBe(0.75)
  })

  it('have locals in any order of types, and many', () => {
    const { value } = execute((code) => {
      const types = ['i32', 'f64', 'v128', 'i64'] as const
      const locals = Array.from({ length: 400 }, (_, i) => code.local(types[i % 4] ?? 'i32'))
      let sum: WExpr = f64(0)
      locals.forEach((local, i) => {
        if (local.type === 'i32') code.set(local, i32(i))
        if (local.type === 'f64') code.set(local, f64(i))
        if (local.type === 'v128') code.set(local, f64x2(i))
        if (local.type === 'i64') code.set(local, i64(BigInt(i)))
      })
      for (const local of locals) {
        const x = get(local)
        if (local.type === 'i32') sum = op('f64.add', sum, op('f64.convert_i32_s', x))
        if (local.type === 'f64') sum = op('f64.add', sum, x)
        if (local.type === 'v128') sum = op('f64.add', sum, { w: 'lane', op: 'f64x2.extract_lane', lane: 1, args: [x] })
        if (local.type === 'i64') sum = op('f64.add', sum, op('f64.convert_i64_s', x))
      }
      return sum
    }, 'f64')
    expect(value).toBe((399 * 400) / 2)
  })

  it('may be long, and many', () => {
    // bodies of more than 127 and of more than 16383 bytes, and 300 functions
    const long = (name: string, terms: number): WFunction => {
      const code = new Code(name, [], 'f64')
      const sum = code.local('f64')
      for (let i = 0; i < terms; i++) code.set(sum, op('f64.add', get(sum), f64(1)))
      return code.finish(false, get(sum))
    }
    const functions = Array.from({ length: 300 }, (_, i) => long(`f${i}`, i === 299 ? 3000 : i))
    for (const i of [0, 5, 20, 127, 128, 298])
      expect(number(call({ kind: 'function', name: `f${i}` }, 'f64'), { functions })).toBe(i)
    expect(number(call({ kind: 'function', name: 'f299' }, 'f64'), { functions })).toBe(3000)
  })

  it('are exported only where that is said', () => {
    const hidden = new Code('hidden', [], 'f64').finish(false, f64(1))
    const shown = new Code('shown', [], 'f64').finish(true, f64(2))
    const bytes = encodeModule({ imports: [], functions: [hidden, shown], memory }, { relaxed: false })
    const env = { memory: new WebAssembly.Memory({ initial: 1, maximum: 1 }) }
    expect(Object.keys(new WebAssembly.Instance(new WebAssembly.Module(bytes), { env }).exports)).toEqual(['shown'])
  })

  it('must be there to be called', () => {
    const code = new Code('run', [], 'f64')
    const functions = [code.finish(true, call({ kind: 'function', name: 'absent' }, 'f64'))]
    expect(() => encodeModule({ imports: [], functions, memory }, { relaxed: false })).toThrow('no function absent')
  })
})

describe('products with a sum', () => {
  // 1 − (1 + 2⁻²⁷)(1 − 2⁻²⁷) = 2⁻⁵⁴ if nothing is rounded on the way, else 0
  const a = f64x2(1 + 2 ** -27)
  const b = f64x2(1 - 2 ** -27)
  const madd = (relaxed: boolean): readonly number[] =>
    evaluate(op('f64x2.madd', lanesF64(2, 3), lanesF64(5, 7), lanesF64(0.5, 0.25)), 'v128', { relaxed }).f64
  const nmadd = (relaxed: boolean): readonly number[] =>
    evaluate(op('f64x2.nmadd', lanesF64(2, 3), lanesF64(5, 7), lanesF64(0.5, 0.25)), 'v128', { relaxed }).f64

  it('are two instructions', () => {
    expect(madd(false)).toEqual([10.5, 21.25])
    expect(nmadd(false)).toEqual([-9.5, -20.75])
    expect(evaluate(op('f64x2.nmadd', a, b, f64x2(1)), 'v128').f64).toEqual([0, 0])
    expect(evaluate(op('f64x2.madd', a, b, f64x2(-1)), 'v128').f64).toEqual([0, 0])
  })

  it.runIf(engineFeatures().relaxed)('or one, where the engine has it', () => {
    expect(madd(true)).toEqual([10.5, 21.25])
    expect(nmadd(true)).toEqual([-9.5, -20.75])
    const left = evaluate(op('f64x2.nmadd', a, b, f64x2(1)), 'v128', { relaxed: true }).f64
    expect([0, 2 ** -54]).toContain(left[0])
    expect(left[1]).toBe(left[0])
  })

  it.runIf(!engineFeatures().relaxed)('and an engine without it does not take the one', () => {
    const code = new Code('run', [], 'v128')
    const functions = [code.finish(true, op('f64x2.madd', a, b, a))]
    expect(WebAssembly.validate(encodeModule({ imports: [], functions, memory }, { relaxed: true }))).toBe(false)
    expect(WebAssembly.validate(encodeModule({ imports: [], functions, memory }, { relaxed: false }))).toBe(true)
  })
})
