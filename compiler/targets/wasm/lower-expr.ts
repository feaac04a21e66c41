import { KernelError } from '../../kernel/kernel-error.js'
import type { KExpr, SizeKey } from '../../kernel/types.js'
import { FactTable } from '../facts.js'
import { type Code, f64, f64x2, i32, load, op, replace } from './code.js'
import { lowerAddress, plusKey } from './lower-address.js'
import { lowerCall, lowerPower } from './lower-call.js'
import { conditions, lowerSelect, masks } from './lower-condition.js'
import { lowerLoad, lowerSplatLoad } from './lower-load.js'
import { lowerGuardedProduct, lowerProduct, lowerSum } from './lower-products.js'
import { lowerReduction } from './lower-reduction.js'
import { at, type Copy, type Lowering, laneOf } from './lowering.js'
import type { Place } from './place.js'
import type { WExpr } from './wasm-ast.js'
import { WasmBlocks } from './wasm-blocks.js'

/** What an expression lowering needs to know of the kernel around it. */
export interface Surroundings {
  readonly rowAxis: string | null
  readonly places: ReadonlyMap<string, Place>
  readonly sizes: (key: string) => number
  imported(fn: string, arity: number): string
}

/**
 * Scalar expressions to WebAssembly. Each value is made in the outermost block where it can be (`BlockStack.target`) and
 * made once there; values that depend on the vector axis are pairs of lanes.
 */
export class ExprLowering implements Lowering {
  readonly blocks: WasmBlocks
  readonly facts = new FactTable()
  vectorAxis: string | null = null
  firstRow: Lowering['firstRow'] = null
  guarded = false
  /** Inside a recurrence over whole tables: its short loops are written out. */
  inScan = false
  rowsAtOnce = 1
  written = 1

  constructor(
    readonly code: Code,
    readonly around: Surroundings,
  ) {
    this.blocks = new WasmBlocks(code)
  }

  get rowAxis(): string | null {
    return this.around.rowAxis
  }

  place(buffer: string): Place {
    const place = this.around.places.get(buffer)
    if (place === undefined) throw new KernelError(`buffer ${buffer} has no place`)
    return place
  }

  size(key: SizeKey): number {
    return this.around.sizes(key)
  }

  imported(fn: string, arity: number): string {
    return this.around.imported(fn, arity)
  }

  isVector(expr: KExpr, copy: Copy): boolean {
    return copy.vector && this.vectorAxis !== null && this.facts.of(expr).free.has(this.vectorAxis)
  }

  memoised(
    tag: string,
    expr: KExpr,
    copies: readonly Copy[],
    build: (copies: readonly Copy[]) => readonly WExpr[],
  ): readonly WExpr[] {
    const facts = this.facts.of(expr)
    const keys = copies.map((copy) => `${tag}${this.guarded ? '?' : ''} ${facts.key}${plusKey(facts.free, copy)}`)
    const found = new Map<string, WExpr>()
    const missing = new Map<string, Copy>()
    copies.forEach((copy, i) => {
      const key = keys[i] ?? ''
      const known = this.blocks.recall(key)
      if (known !== null) found.set(key, known)
      else if (!missing.has(key)) missing.set(key, copy)
    })
    if (missing.size > 0)
      this.blocks.at(this.blocks.target(facts), () => {
        const values = build([...missing.values()])
        let i = 0
        for (const key of missing.keys()) {
          const value = values[i++]
          if (value === undefined) throw new KernelError('a copy has no value')
          const bound = this.blocks.bind(value)
          this.blocks.remember(key, bound, facts.reads)
          found.set(key, bound)
        }
      })
    return keys.map((key) => found.get(key) ?? f64(Number.NaN))
  }

  numbers(expr: KExpr, copies: readonly Copy[]): readonly WExpr[] {
    if (expr.k === 'num') return copies.map(() => f64(expr.value))
    if (expr.k === 'size') return copies.map(() => f64(this.size(expr.size)))
    const [first] = copies
    if (first === undefined) return []
    const vector = this.isVector(expr, first)
    return this.memoised(vector ? 'v' : 's', expr, copies, (missing) => this.#build(expr, missing, vector))
  }

  vectors(expr: KExpr, copies: readonly Copy[]): readonly WExpr[] {
    const [first] = copies
    if (first === undefined) return []
    if (expr.k === 'num') return copies.map(() => f64x2(expr.value))
    if (this.isVector(expr, first)) return this.numbers(expr, copies)
    return this.memoised('splat', expr, copies, (missing) => {
      if (expr.k === 'load') return missing.map((copy) => lowerSplatLoad(this, expr.buffer, expr.at, copy))
      return this.numbers(expr, missing).map((value) =>
        value.w === 'f64' ? f64x2(value.value) : op('f64x2.splat', value),
      )
    })
  }

  integer(expr: KExpr, copy: Copy): WExpr {
    switch (expr.k) {
      case 'num':
        return i32(Math.trunc(expr.value))
      case 'size':
        return i32(this.size(expr.size))
      case 'axis': {
        const at = op('i32.add', this.blocks.variable(expr.axis), i32(copy.plus.get(expr.axis) ?? 0))
        if (expr.axis !== this.rowAxis || this.firstRow === null) return at
        return op('i32.add', this.firstRow.value, at)
      }
      default: {
        const [value] = this.memoised('int', expr, [copy], () => [this.#buildInteger(expr, copy)])
        return value ?? i32(0)
      }
    }
  }

  #buildInteger(expr: KExpr, copy: Copy): WExpr {
    const part = (inner: KExpr): WExpr => this.integer(inner, copy)
    if (expr.k === 'add' && expr.args.every((arg) => this.isInteger(arg)))
      return expr.args.map(part).reduce((left, right) => op('i32.add', left, right))
    if (expr.k === 'sub' && this.isInteger(expr.left) && this.isInteger(expr.right))
      return op('i32.sub', part(expr.left), part(expr.right))
    if (expr.k === 'load' && this.place(expr.buffer).type === 'i32') {
      const { base, offset } = lowerAddress(this, expr.buffer, expr.at, copy)
      return load('i32.load', base, offset)
    }
    const by = divisor(expr)
    if (by !== null && expr.k === 'call' && expr.args[0] !== undefined && this.isInteger(expr.args[0]))
      return op('i32.and', part(expr.args[0]), i32(by - 1))
    const [value] = this.numbers(expr, [copy])
    return op('i32.trunc_sat_f64_s', value ?? f64(0))
  }

  isInteger(expr: KExpr): boolean {
    if (expr.k === 'add') return expr.args.every((arg) => this.isInteger(arg))
    if (expr.k === 'sub') return this.isInteger(expr.left) && this.isInteger(expr.right)
    if (expr.k === 'load') return this.place(expr.buffer).type === 'i32'
    if (divisor(expr) !== null && expr.k === 'call') return expr.args[0] !== undefined && this.isInteger(expr.args[0])
    return expr.k === 'axis' || expr.k === 'size' || (expr.k === 'num' && (expr.value | 0) === expr.value)
  }

  #build(expr: KExpr, copies: readonly Copy[], vector: boolean): readonly WExpr[] {
    if ('args' in expr && expr.k !== 'call' && expr.args.length === 0)
      return copies.map(() => f64(expr.k === 'add' ? 0 : 1))
    const values = (part: KExpr): readonly WExpr[] => (vector ? this.vectors(part, copies) : this.numbers(part, copies))
    const kind = vector ? 'f64x2' : 'f64'
    const pairs = (name: 'sub' | 'div', left: KExpr, right: KExpr): readonly WExpr[] => {
      const [a, b] = [values(left), values(right)]
      return copies.map((_, i) => op(`${kind}.${name}`, at(a, i), at(b, i)))
    }
    switch (expr.k) {
      case 'num':
      case 'size':
        return this.numbers(expr, copies)
      case 'axis':
        return copies.map((copy) => this.#axisValue(expr, copy, vector))
      case 'load':
        return copies.map((copy) => lowerLoad(this, expr.buffer, expr.at, copy))
      case 'add':
        return lowerSum(this, expr.args, copies, vector)
      case 'mul':
        return lowerProduct(this, expr.args, copies, vector)
      case 'mul0':
        return lowerGuardedProduct(this, expr.args, copies, vector)
      case 'sub':
        return pairs('sub', expr.left, expr.right)
      case 'div':
        return pairs('div', expr.left, expr.right)
      case 'neg':
        return values(expr.of).map((value) => op(`${kind}.neg`, value))
      case 'pow':
        return lowerPower(this, expr.base, expr.exponent, copies, vector)
      case 'call':
        return lowerCall(this, expr.fn, expr.args, copies, vector)
      case 'reduce':
        return lowerReduction(this, expr.kind, [expr.axis], expr.body, copies, vector)
      case 'select':
        return lowerSelect(this, expr, copies, vector)
      case 'compare':
      case 'and':
      case 'or':
      case 'not':
        if (vector) return masks(this, expr, copies).map((mask) => op('v128.and', mask, f64x2(1)))
        return conditions(this, expr, copies).map((when) => op('f64.convert_i32_s', when))
      case 'covariance':
        throw new KernelError('covariances of sparse inverses are not supported by this target')
    }
  }

  #axisValue(expr: KExpr & { readonly k: 'axis' }, copy: Copy, vector: boolean): WExpr {
    const { vectorAxis } = this
    if (!vector || vectorAxis === null) return op('f64.convert_i32_s', this.integer(expr, copy))
    const lane = (which: 0 | 1): WExpr => op('f64.convert_i32_s', this.integer(expr, laneOf(copy, vectorAxis, which)))
    return replace(op('f64x2.splat', lane(0)), 1, lane(1))
  }
}

/** What a remainder is taken by: a power of 2; null where it is no such remainder. */
function divisor(expr: KExpr): number | null {
  if (expr.k !== 'call' || expr.fn !== 'mod') return null
  const by = expr.args[1]
  return by?.k === 'num' && by.value >= 1 && by.value <= 2 ** 30 && Number.isInteger(Math.log2(by.value))
    ? by.value
    : null
}
