/** A module as bytes (WebAssembly Core Specification 2.0, chapter 5). */
import { KernelError } from '../../kernel/kernel-error.js'
import { typeOf } from './code.js'
import { laneOpcodes, loadLaneCode, loadOpcodes, opcodes, relaxed, selectCode, storeOpcodes } from './opcodes.js'
import type { Callee, ValueType, WExpr, WFunction, WModule, WStatement } from './wasm-ast.js'

export interface EncodeOptions {
  /** `f64x2.madd` as the relaxed instruction; else as a product and a sum. */
  readonly relaxed: boolean
}

const valueTypes: Readonly<Record<ValueType, number>> = { i32: 0x7f, i64: 0x7e, f64: 0x7c, v128: 0x7b }
const EMPTY = 0x40
const END = 0x0b

class Bytes {
  #data = new Uint8Array(1024)
  #length = 0
  readonly #view = new DataView(new ArrayBuffer(8))

  get length(): number {
    return this.#length
  }

  byte(value: number): void {
    if (this.#length === this.#data.length) {
      const grown = new Uint8Array(2 * this.#data.length)
      grown.set(this.#data)
      this.#data = grown
    }
    this.#data[this.#length++] = value
  }

  bytes(values: readonly number[]): void {
    for (let i = 0; i < values.length; i++) this.byte(values[i] ?? 0)
  }

  /** LEB128 without sign. */
  unsigned(value: number): void {
    if (value < 128) {
      this.byte(value)
      return
    }
    let rest = value
    do {
      const low = rest % 128
      rest = Math.floor(rest / 128)
      this.byte(rest > 0 ? low | 128 : low)
    } while (rest > 0)
  }

  /** LEB128 with sign, of 32 bits. */
  signed32(value: number): void {
    let rest = value
    for (;;) {
      const low = rest & 127
      rest >>= 7
      const done = (rest === 0 && (low & 64) === 0) || (rest === -1 && (low & 64) !== 0)
      this.byte(done ? low : low | 128)
      if (done) return
    }
  }

  /** LEB128 with sign. */
  signed(value: bigint): void {
    let rest = value
    for (;;) {
      const low = Number(rest & 127n)
      rest >>= 7n
      const done = (rest === 0n && (low & 64) === 0) || (rest === -1n && (low & 64) !== 0)
      this.byte(done ? low : low | 128)
      if (done) return
    }
  }

  f64(value: number): void {
    this.#view.setFloat64(0, value, true)
    for (let i = 0; i < 8; i++) this.byte(this.#view.getUint8(i))
  }

  i64(value: bigint): void {
    this.#view.setBigInt64(0, BigInt.asIntN(64, value), true)
    for (let i = 0; i < 8; i++) this.byte(this.#view.getUint8(i))
  }

  name(text: string): void {
    const ascii = Array.from(text, (c) => c.charCodeAt(0))
    this.unsigned(ascii.length)
    this.bytes(ascii)
  }

  append(other: Bytes): void {
    const bytes = other.finish()
    const needed = this.#length + bytes.length
    if (needed > this.#data.length) {
      const grown = new Uint8Array(Math.max(needed, 2 * this.#data.length))
      grown.set(this.#data)
      this.#data = grown
    }
    this.#data.set(bytes, this.#length)
    this.#length = needed
  }

  finish(): Uint8Array<ArrayBuffer> {
    return this.#data.slice(0, this.#length)
  }
}

class FunctionEncoder {
  readonly #out = new Bytes()

  constructor(
    private readonly indexOf: (callee: Callee) => number,
    private readonly options: EncodeOptions,
  ) {}

  encode(fn: WFunction): Bytes {
    const own = fn.locals.slice(fn.params.length)
    // runs of one type
    const runs: { type: ValueType; count: number }[] = []
    for (const type of own) {
      const last = runs.at(-1)
      if (last?.type === type) last.count++
      else runs.push({ type, count: 1 })
    }
    this.#out.unsigned(runs.length)
    for (const { type, count } of runs) {
      this.#out.unsigned(count)
      this.#out.byte(valueTypes[type])
    }
    this.#statements(fn.body)
    if (fn.value !== null) this.#expr(fn.value)
    this.#out.byte(END)
    return this.#out
  }

  #statements(statements: readonly WStatement[]): void {
    for (const statement of statements) this.#statement(statement)
  }

  #statement(s: WStatement): void {
    const out = this.#out
    switch (s.w) {
      case 'set':
        this.#expr(s.value)
        out.byte(0x21)
        out.unsigned(s.local.index)
        return
      case 'store': {
        const { code, align } = storeOpcodes[s.op]
        this.#expr(s.address)
        this.#expr(s.value)
        out.bytes(code)
        this.#memory(align, s.offset)
        return
      }
      case 'loop':
        out.bytes([0x03, EMPTY])
        this.#statements(s.body)
        this.#expr(s.again)
        out.bytes([0x0d, 0, END])
        return
      case 'if':
        this.#expr(s.when)
        out.bytes([0x04, EMPTY])
        this.#statements(s.then)
        if (s.otherwise.length > 0) {
          out.byte(0x05)
          this.#statements(s.otherwise)
        }
        out.byte(END)
        return
      case 'run':
        for (const arg of s.args) this.#expr(arg)
        out.byte(0x10)
        out.unsigned(this.indexOf(s.callee))
        return
      case 'fill':
        this.#expr(s.address)
        this.#expr({ w: 'i32', value: s.byte })
        this.#expr(s.length)
        out.bytes([0xfc, 11, 0])
        return
    }
  }

  #expr(e: WExpr): void {
    const out = this.#out
    switch (e.w) {
      case 'i32':
        out.byte(0x41)
        out.signed32(e.value)
        return
      case 'i64':
        out.byte(0x42)
        out.signed(e.value)
        return
      case 'f64':
        out.byte(0x44)
        out.f64(e.value)
        return
      case 'f64x2':
        out.bytes([0xfd, 12])
        out.f64(e.value)
        out.f64(e.value)
        return
      case 'i64x2':
        out.bytes([0xfd, 12])
        out.i64(e.value)
        out.i64(e.value)
        return
      case 'get':
        out.byte(0x20)
        out.unsigned(e.local.index)
        return
      case 'op':
        this.#op(e)
        return
      case 'lane':
        for (const arg of e.args) this.#expr(arg)
        out.bytes(laneOpcodes[e.op].code)
        out.byte(e.lane)
        return
      case 'shuffle':
        this.#expr(e.left)
        this.#expr(e.right)
        out.bytes([0xfd, 13])
        out.bytes(e.bytes)
        return
      case 'load': {
        const { code, align } = loadOpcodes[e.op]
        this.#expr(e.address)
        out.bytes(code)
        this.#memory(align, e.offset)
        return
      }
      case 'loadLane':
        this.#expr(e.address)
        this.#expr(e.vector)
        out.bytes(loadLaneCode)
        this.#memory(3, e.offset)
        out.byte(e.lane)
        return
      case 'call':
        for (const arg of e.args) this.#expr(arg)
        out.byte(0x10)
        out.unsigned(this.indexOf(e.callee))
        return
      case 'if':
        this.#expr(e.when)
        out.bytes([0x04, valueTypes[e.type]])
        this.#expr(e.then)
        out.byte(0x05)
        this.#expr(e.otherwise)
        out.byte(END)
        return
    }
  }

  #op(e: WExpr & { readonly w: 'op' }): void {
    const out = this.#out
    const { op, args } = e
    if (op === 'f64x2.madd' || op === 'f64x2.nmadd') {
      const [a, b, c] = args
      if (a === undefined || b === undefined || c === undefined) throw new KernelError(`${op} takes three arguments`)
      if (this.options.relaxed) {
        for (const arg of args) this.#expr(arg)
        out.bytes(relaxed[op])
        return
      }
      const product: WExpr = { w: 'op', op: 'f64x2.mul', args: [a, b] }
      this.#expr({ w: 'op', op: op === 'f64x2.madd' ? 'f64x2.add' : 'f64x2.sub', args: [c, product] })
      return
    }
    for (const arg of args) this.#expr(arg)
    if (op === 'select') {
      out.bytes([selectCode, 1, valueTypes[typeOf(e)]])
      return
    }
    out.bytes(opcodes[op].code)
  }

  #memory(align: number, offset: number): void {
    this.#out.unsigned(align)
    this.#out.unsigned(offset)
  }
}

/** The bytes of a module. Throws a KernelError where it calls what it does not have. */
export function encodeModule(module: WModule, options: EncodeOptions): Uint8Array<ArrayBuffer> {
  const names = new Map<string, number>()
  for (const [i, { name }] of module.imports.entries()) names.set(`import ${name}`, i)
  for (const [i, { name }] of module.functions.entries()) names.set(`function ${name}`, module.imports.length + i)
  const indexOf = ({ kind, name }: Callee): number => {
    const index = names.get(`${kind} ${name}`)
    if (index === undefined) throw new KernelError(`no ${kind} ${name}`)
    return index
  }

  const out = new Bytes()
  out.bytes([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0])
  const section = (id: number, content: Bytes): void => {
    out.byte(id)
    out.unsigned(content.length)
    out.append(content)
  }

  const signatures = [...module.imports, ...module.functions]
  const types = new Bytes()
  types.unsigned(signatures.length)
  for (const { params, result } of signatures) {
    types.byte(0x60)
    types.unsigned(params.length)
    types.bytes(params.map((type) => valueTypes[type]))
    types.unsigned(result === null ? 0 : 1)
    if (result !== null) types.byte(valueTypes[result])
  }
  section(1, types)

  const imports = new Bytes()
  imports.unsigned(module.imports.length + 1)
  imports.name('env')
  imports.name('memory')
  imports.byte(2)
  imports.byte(module.memory.shared ? 3 : 1)
  imports.unsigned(module.memory.pages)
  imports.unsigned(module.memory.maximum)
  module.imports.forEach(({ name }, i) => {
    imports.name('env')
    imports.name(name)
    imports.byte(0)
    imports.unsigned(i)
  })
  section(2, imports)

  const functions = new Bytes()
  functions.unsigned(module.functions.length)
  module.functions.forEach((_, i) => {
    functions.unsigned(module.imports.length + i)
  })
  section(3, functions)

  const exported = module.functions.filter((one) => one.exported)
  const exports = new Bytes()
  exports.unsigned(exported.length)
  for (const { name } of exported) {
    exports.name(name)
    exports.byte(0)
    exports.unsigned(indexOf({ kind: 'function', name }))
  }
  section(7, exports)

  const code = new Bytes()
  code.unsigned(module.functions.length)
  for (const fn of module.functions) {
    const body = new FunctionEncoder(indexOf, options).encode(fn)
    code.unsigned(body.length)
    code.append(body)
  }
  section(10, code)
  return out.finish()
}
