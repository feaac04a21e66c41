/** Constructors of `WExpr`, and a function under construction. */
import { laneOpcodes, loadOpcodes, opcodes } from './opcodes.js'
import type { Callee, LoadName, Local, OpName, StoreName, ValueType, WExpr, WFunction, WStatement } from './wasm-ast.js'

export const i32 = (value: number): WExpr => ({ w: 'i32', value: value | 0 })
export const i64 = (value: bigint): WExpr => ({ w: 'i64', value })
export const f64 = (value: number): WExpr => ({ w: 'f64', value })
/** Both lanes the same number. */
export const f64x2 = (value: number): WExpr => ({ w: 'f64x2', value })
export const i64x2 = (value: bigint): WExpr => ({ w: 'i64x2', value })
export const get = (local: Local): WExpr => ({ w: 'get', local })

/** An instruction; sums and products of i32 numbers are folded. */
export function op(name: OpName, ...args: readonly WExpr[]): WExpr {
  const [left, right] = args
  if (name === 'i32.add') {
    if (left?.w === 'i32' && right?.w === 'i32') return i32(left.value + right.value)
    if (left?.w === 'i32' && left.value === 0 && right !== undefined) return right
    if (right?.w === 'i32' && right.value === 0 && left !== undefined) return left
  }
  if (name === 'i32.mul') {
    if (left?.w === 'i32' && right?.w === 'i32') return i32(Math.imul(left.value, right.value))
    if (right?.w === 'i32' && right.value === 1 && left !== undefined) return left
    if (right?.w === 'i32' && left !== undefined && right.value > 0 && Number.isInteger(Math.log2(right.value)))
      return { w: 'op', op: 'i32.shl', args: [left, i32(Math.log2(right.value))] }
  }
  return { w: 'op', op: name, args }
}

export const load = (name: LoadName, address: WExpr, offset = 0): WExpr => ({ w: 'load', op: name, address, offset })
export const extract = (of: WExpr, lane: 0 | 1): WExpr => ({ w: 'lane', op: 'f64x2.extract_lane', lane, args: [of] })
export const replace = (of: WExpr, lane: 0 | 1, value: WExpr): WExpr => ({
  w: 'lane',
  op: 'f64x2.replace_lane',
  lane,
  args: [of, value],
})
export const call = (callee: Callee, type: ValueType, ...args: readonly WExpr[]): WExpr => ({
  w: 'call',
  callee,
  type,
  args,
})

export function typeOf(expr: WExpr): ValueType {
  switch (expr.w) {
    case 'i32':
    case 'i64':
    case 'f64':
      return expr.w
    case 'f64x2':
    case 'i64x2':
    case 'shuffle':
    case 'loadLane':
      return 'v128'
    case 'get':
      return expr.local.type
    case 'op': {
      if (expr.op === 'f64x2.madd' || expr.op === 'f64x2.nmadd') return 'v128'
      const [first] = expr.args
      return expr.op === 'select' && first !== undefined ? typeOf(first) : opcodes[expr.op].type
    }
    case 'lane':
      return laneOpcodes[expr.op].type
    case 'load':
      return loadOpcodes[expr.op].type
    case 'call':
    case 'if':
      return expr.type
  }
}

/** Written twice, it costs nothing twice. */
export const isAtom = (expr: WExpr): boolean =>
  expr.w === 'get' ||
  expr.w === 'i32' ||
  expr.w === 'i64' ||
  expr.w === 'f64' ||
  expr.w === 'f64x2' ||
  expr.w === 'i64x2'

/** A function under construction: its locals, and the open list of statements. */
export class Code {
  readonly params: readonly Local[]
  readonly #locals: ValueType[]
  #open: WStatement[] = []

  constructor(
    readonly name: string,
    params: readonly ValueType[],
    readonly result: ValueType | null = null,
  ) {
    this.#locals = [...params]
    this.params = params.map((type, index) => ({ index, type }))
  }

  local(type: ValueType): Local {
    this.#locals.push(type)
    return { index: this.#locals.length - 1, type }
  }

  /** Values that have a name so far. */
  get length(): number {
    return this.#locals.length
  }

  emit(statement: WStatement): void {
    this.#open.push(statement)
  }

  set(local: Local, value: WExpr): void {
    this.emit({ w: 'set', local, value })
  }

  /** A name for a value, which is computed here and once; numbers and names stand for themselves. */
  bind(value: WExpr): WExpr {
    if (isAtom(value)) return value
    const local = this.local(typeOf(value))
    this.set(local, value)
    return get(local)
  }

  store(name: StoreName, address: WExpr, value: WExpr, offset = 0): void {
    this.emit({ w: 'store', op: name, address, offset, value })
  }

  /** Statements that `build` makes. */
  block(build: () => void): readonly WStatement[] {
    const outer = this.#open
    const inner: WStatement[] = []
    this.#open = inner
    build()
    this.#open = outer
    return inner
  }

  /** Runs `build` as if the list that is open were `statements`. */
  into<T>(statements: WStatement[], build: () => T): T {
    const open = this.#open
    this.#open = statements
    const made = build()
    this.#open = open
    return made
  }

  get open(): WStatement[] {
    return this.#open
  }

  /** `finish` ends the function; the value is returned. */
  finish(exported: boolean, value: WExpr | null = null): WFunction {
    const { name, result } = this
    return {
      name,
      exported,
      params: this.params.map((p) => p.type),
      result,
      locals: this.#locals,
      body: this.#open,
      value,
    }
  }
}
