import { KernelError } from '../../kernel/kernel-error.js'
import type { KExpr, SizeKey } from '../../kernel/types.js'
import { walk } from '../../kernel/visit.js'
import { FactTable } from '../facts.js'
import { type Code, f64, f64x2, get, i32, load, op, replace, typeOf } from './code.js'
import { lowerAddress, plusKey } from './lower-address.js'
import { lowerCall, lowerPower } from './lower-call.js'
import { lowerLoad, lowerSplatLoad } from './lower-load.js'
import { lowerReduction } from './lower-reduction.js'
import { type Copy, type Lowering, laneOf } from './lowering.js'
import type { Place } from './place.js'
import type { WExpr, WStatement } from './wasm-ast.js'
import { WasmBlocks } from './wasm-blocks.js'

const NOTHING: ReadonlySet<string> = new Set()

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
      return this.numbers(expr, missing).map((value) => splat(value))
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
    if (expr.k === 'add' && expr.args.every((arg) => this.#isInteger(arg)))
      return expr.args.map(part).reduce((left, right) => op('i32.add', left, right))
    if (expr.k === 'sub' && this.#isInteger(expr.left) && this.#isInteger(expr.right))
      return op('i32.sub', part(expr.left), part(expr.right))
    if (expr.k === 'load' && this.place(expr.buffer).type === 'i32') {
      const { base, offset } = lowerAddress(this, expr.buffer, expr.at, copy)
      return load('i32.load', base, offset)
    }
    const by = divisor(expr)
    if (by !== null && expr.k === 'call' && expr.args[0] !== undefined && this.#isInteger(expr.args[0]))
      return op('i32.and', part(expr.args[0]), i32(by - 1))
    const [value] = this.numbers(expr, [copy])
    return op('i32.trunc_sat_f64_s', value ?? f64(0))
  }

  #isInteger(expr: KExpr): boolean {
    if (expr.k === 'add') return expr.args.every((arg) => this.#isInteger(arg))
    if (expr.k === 'sub') return this.#isInteger(expr.left) && this.#isInteger(expr.right)
    if (expr.k === 'load') return this.place(expr.buffer).type === 'i32'
    if (divisor(expr) !== null && expr.k === 'call') return expr.args[0] !== undefined && this.#isInteger(expr.args[0])
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
        return this.#sum(expr.args, copies, vector)
      case 'mul':
        return this.#product(expr.args, copies, vector)
      case 'mul0':
        return this.#guardedProduct(expr.args, copies, vector)
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
        return this.#select(expr, copies, vector)
      case 'compare':
      case 'and':
      case 'or':
      case 'not':
        if (vector) return this.masks(expr, copies).map((mask) => op('v128.and', mask, f64x2(1)))
        return this.conditions(expr, copies).map((when) => op('f64.convert_i32_s', when))
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

  /** What does not depend on the vector axis is added up as one number; products are added by multiply–add. */
  #sum(args: readonly KExpr[], copies: readonly Copy[], vector: boolean): readonly WExpr[] {
    if (!vector) {
      const parts = args.map((arg) => this.numbers(arg, copies))
      return copies.map((_, i) => parts.map((part) => at(part, i)).reduce((a, b) => op('f64.add', a, b)))
    }
    const [copy] = copies
    if (copy === undefined) return []
    const alone = args.filter((arg) => !this.isVector(arg, copy))
    const rest = args.filter((arg) => this.isVector(arg, copy))
    let sum: readonly WExpr[] | null = null
    if (alone.length > 0) sum = this.vectors(alone.length === 1 ? (alone[0] ?? NAN) : { k: 'add', args: alone }, copies)
    for (const arg of rest) sum = sum === null ? this.numbers(arg, copies) : this.accumulate(sum, arg, copies)
    return sum ?? []
  }

  /** sum + arg, by multiply–add where `arg` is a product or negated. */
  accumulate(sum: readonly WExpr[], arg: KExpr, copies: readonly Copy[]): readonly WExpr[] {
    const [copy] = copies
    if (copy === undefined || !this.isVector(arg, copy)) {
      const vector = copy !== undefined && sum[0] !== undefined && typeOf(sum[0]) === 'v128'
      const values = vector ? this.vectors(arg, copies) : this.numbers(arg, copies)
      return values.map((value, i) => op(vector ? 'f64x2.add' : 'f64.add', at(sum, i), value))
    }
    if (arg.k === 'neg' && arg.of.k !== 'mul')
      return this.vectors(arg.of, copies).map((value, i) => op('f64x2.sub', at(sum, i), value))
    if (arg.k === 'mul') {
      const [left, right] = this.#halves(arg.args, copy)
      if (left !== null && right !== null) {
        const [a, b] = this.#both(left, right, copies)
        return copies.map((_, i) => op('f64x2.madd', at(a, i), at(b, i), at(sum, i)))
      }
    }
    return this.numbers(arg, copies).map((value, i) => op('f64x2.add', at(sum, i), value))
  }

  /**
   * A product in two parts: sums, which take longest, and the rest; what does not depend on the vector axis, and what does;
   * or factors over the same axes, which copies have in common, and the others.
   */
  #halves(args: readonly KExpr[], copy: Copy): readonly [KExpr | null, KExpr | null] {
    const product = (parts: readonly KExpr[]): KExpr | null =>
      parts.length > 1 ? { k: 'mul', args: parts } : (parts[0] ?? null)
    const alone = args.filter((arg) => !this.isVector(arg, copy))
    const rest = args.filter((arg) => this.isVector(arg, copy))
    const late = rest.filter((arg) => arg.k === 'reduce')
    if (late.length > 0 && late.length < rest.length)
      return [product(late), product([...alone, ...rest.filter((arg) => arg.k !== 'reduce')])]
    if (alone.length > 0) return [product(alone), product(rest)]
    const axesOf = (arg: KExpr | undefined): string =>
      arg === undefined ? '' : [...this.facts.of(arg).free].sort().join(' ')
    const same = rest.filter((arg) => axesOf(arg) === axesOf(rest[0]))
    if (same.length < rest.length) return [product(same), product(rest.filter((arg) => !same.includes(arg)))]
    return [product(rest.slice(0, -1)), product(rest.slice(-1))]
  }

  #product(args: readonly KExpr[], copies: readonly Copy[], vector: boolean): readonly WExpr[] {
    if (!vector) {
      // factors that can be made further out are multiplied there
      const here = this.blocks.depth
      const depths = args.map((arg) => (arg.k === 'num' ? 0 : this.blocks.target(this.facts.of(arg))))
      const outer = args.filter((_, i) => (depths[i] ?? here) < here)
      const inner = args.filter((_, i) => (depths[i] ?? here) >= here)
      const factors: readonly KExpr[] =
        outer.length > 1 && inner.length > 0 ? [{ k: 'mul', args: outer }, ...inner] : args
      const parts = factors.map((arg) => this.numbers(arg, copies))
      return copies.map((_, i) => parts.map((part) => at(part, i)).reduce((a, b) => op('f64.mul', a, b)))
    }
    const [copy] = copies
    if (copy === undefined) return []
    const [left, right] = this.#halves(args, copy)
    if (left === null) return right === null ? [] : this.vectors(right, copies)
    if (right === null) return this.vectors(left, copies)
    const [a, b] = this.#both(left, right, copies)
    return copies.map((_, i) => op('f64x2.mul', at(a, i), at(b, i)))
  }

  /** Elements last: they need not wait in registers for what is computed. */
  #both(left: KExpr, right: KExpr, copies: readonly Copy[]): readonly [readonly WExpr[], readonly WExpr[]] {
    if (left.k !== 'load' || right.k === 'load') {
      const first = this.vectors(left, copies)
      return [first, this.vectors(right, copies)]
    }
    const first = this.vectors(right, copies)
    return [this.vectors(left, copies), first]
  }

  /** 0 where a factor is exactly 0, whatever the others are. */
  #guardedProduct(args: readonly KExpr[], copies: readonly Copy[], vector: boolean): readonly WExpr[] {
    const parts = args.map((arg) => (vector ? this.vectors(arg, copies) : this.numbers(arg, copies)))
    return copies.map((_, i) => {
      const factors = parts.map((part) => at(part, i))
      const product = factors.reduce((a, b) => op(vector ? 'f64x2.mul' : 'f64.mul', a, b))
      if (!vector) {
        const zero = factors.map((factor) => op('f64.eq', factor, f64(0))).reduce((a, b) => op('i32.or', a, b))
        return op('select', f64(0), this.blocks.bind(product), zero)
      }
      const zero = factors.map((factor) => op('f64x2.eq', factor, f64x2(0))).reduce((a, b) => op('v128.or', a, b))
      return op('v128.andnot', product, zero)
    })
  }

  /** i32 that is 0 or 1, of an expression that does not depend on the vector axis. */
  conditions(expr: KExpr, copies: readonly Copy[]): readonly WExpr[] {
    return this.memoised('if', expr, copies, (missing) => this.#buildConditions(expr, missing))
  }

  #buildConditions(expr: KExpr, copies: readonly Copy[]): readonly WExpr[] {
    switch (expr.k) {
      case 'compare': {
        if (this.#isInteger(expr.left) && this.#isInteger(expr.right))
          return copies.map((copy) =>
            op(
              `i32.${integerComparisons[expr.operator]}`,
              this.integer(expr.left, copy),
              this.integer(expr.right, copy),
            ),
          )
        const [a, b] = [this.numbers(expr.left, copies), this.numbers(expr.right, copies)]
        return copies.map((_, i) => op(`f64.${comparisons[expr.operator]}`, at(a, i), at(b, i)))
      }
      case 'not':
        return this.conditions(expr.of, copies).map((when) => op('i32.eqz', when))
      case 'and':
      case 'or': {
        const left = this.conditions(expr.left, copies)
        return copies.map((copy, i) => {
          const result = this.code.local('i32')
          this.blocks.append({ w: 'set', local: result, value: at(left, i) })
          const { statements } = this.#inBranch(() => {
            const [right] = this.conditions(expr.right, [copy])
            this.blocks.append({ w: 'set', local: result, value: right ?? i32(0) })
          })
          const when = expr.k === 'and' ? get(result) : op('i32.eqz', get(result))
          this.blocks.append({ w: 'if', when, then: statements, otherwise: [] })
          return get(result)
        })
      }
      default:
        return this.numbers(expr, copies).map((value) => op('f64.ne', value, f64(0)))
    }
  }

  /** All bits of a lane, or none. */
  masks(expr: KExpr, copies: readonly Copy[]): readonly WExpr[] {
    const [first] = copies
    if (first === undefined) return []
    if (!this.isVector(expr, first))
      return this.conditions(expr, copies).map((when) =>
        op('i64x2.splat', op('i64.sub', { w: 'i64', value: 0n }, op('i64.extend_i32_s', when))),
      )
    return this.memoised('mask', expr, copies, (missing) => this.#buildMasks(expr, missing))
  }

  #buildMasks(expr: KExpr, copies: readonly Copy[]): readonly WExpr[] {
    switch (expr.k) {
      case 'compare': {
        const [a, b] = [this.vectors(expr.left, copies), this.vectors(expr.right, copies)]
        return copies.map((_, i) => op(`f64x2.${comparisons[expr.operator]}`, at(a, i), at(b, i)))
      }
      case 'not':
        return this.masks(expr.of, copies).map((mask) => op('v128.not', mask))
      case 'and':
      case 'or': {
        const left = this.masks(expr.left, copies)
        const right = this.#guardedly(() => this.masks(expr.right, copies))
        return copies.map((_, i) => op(expr.k === 'and' ? 'v128.and' : 'v128.or', at(left, i), at(right, i)))
      }
      default:
        return this.vectors(expr, copies).map((value) => op('f64x2.ne', value, f64x2(0)))
    }
  }

  /** What may be out of range in some lanes, whose values are then not used. */
  #guardedly<T>(build: () => T): T {
    const before = this.guarded
    this.guarded = true
    const made = build()
    this.guarded = before
    return made
  }

  #inBranch<T>(build: () => T): { readonly statements: readonly WStatement[]; readonly value: T } {
    return this.blocks.within('branch', null, null, NOTHING, build)
  }

  #select(expr: KExpr & { readonly k: 'select' }, copies: readonly Copy[], vector: boolean): readonly WExpr[] {
    const [first] = copies
    if (first === undefined) return []
    if (!vector || !this.isVector(expr.when, first)) return this.#uniformSelect(expr, copies, vector)
    const masks = this.masks(expr.when, copies).map((mask) => this.blocks.bind(mask))
    const side = (part: KExpr, taken: (mask: WExpr) => WExpr): readonly WExpr[] =>
      isDear(part)
        ? copies.map((copy, i) => this.#whereAny(part, copy, taken(at(masks, i))))
        : this.#guardedly(() => this.vectors(part, copies))
    if (isZero(expr.otherwise))
      return side(expr.then, (mask) => mask).map((value, i) => op('v128.and', value, at(masks, i)))
    if (isZero(expr.then))
      return side(expr.otherwise, (mask) => op('v128.not', mask)).map((value, i) =>
        op('v128.andnot', value, at(masks, i)),
      )
    const then = side(expr.then, (mask) => mask)
    const otherwise = side(expr.otherwise, (mask) => op('v128.not', mask))
    return copies.map((_, i) => op('v128.bitselect', at(then, i), at(otherwise, i), at(masks, i)))
  }

  /** A dear value, made only where some lane asks for it. */
  #whereAny(part: KExpr, copy: Copy, mask: WExpr): WExpr {
    const result = this.code.local('v128')
    const { statements } = this.#inBranch(() =>
      this.#guardedly(() => {
        const [value] = this.vectors(part, [copy])
        this.blocks.append({ w: 'set', local: result, value: value ?? f64x2(0) })
      }),
    )
    this.blocks.append({ w: 'set', local: result, value: f64x2(0) })
    this.blocks.append({ w: 'if', when: op('v128.any_true', mask), then: statements, otherwise: [] })
    return get(result)
  }

  /** One condition for both lanes: the branch not taken is not computed. */
  #uniformSelect(expr: KExpr & { readonly k: 'select' }, copies: readonly Copy[], vector: boolean): readonly WExpr[] {
    const conditions = this.conditions(expr.when, copies)
    const results = copies.map(() => this.code.local(vector ? 'v128' : 'f64'))
    for (const when of new Set(conditions)) {
      // copies that ask the same go one way together
      const asking = results.flatMap((result, i) => (conditions[i] === when ? [{ result, copy: at(copies, i) }] : []))
      const own = asking.map(({ copy }) => copy)
      const branch = (part: KExpr): readonly WStatement[] =>
        this.#inBranch(() => {
          const values = vector ? this.vectors(part, own) : this.numbers(part, own)
          asking.forEach(({ result }, i) => {
            this.blocks.append({ w: 'set', local: result, value: at(values, i) })
          })
        }).statements
      const seldom = expr.seldom === true ? { seldom: true as const } : {}
      this.blocks.append({ w: 'if', when, then: branch(expr.then), otherwise: branch(expr.otherwise), ...seldom })
    }
    return results.map(get)
  }
}

/** All of its bits are 0. */
const isZero = (expr: KExpr): boolean => expr.k === 'num' && Object.is(expr.value, 0)

const NAN: KExpr = { k: 'num', value: Number.NaN }

/** What a remainder is taken by: a power of 2; null where it is no such remainder. */
function divisor(expr: KExpr): number | null {
  if (expr.k !== 'call' || expr.fn !== 'mod') return null
  const by = expr.args[1]
  return by?.k === 'num' && by.value >= 1 && by.value <= 2 ** 30 && Number.isInteger(Math.log2(by.value))
    ? by.value
    : null
}

const integerComparisons = { '==': 'eq', '!=': 'ne', '<': 'lt_s', '<=': 'le_s', '>': 'gt_s', '>=': 'ge_s' } as const

const comparisons = { '==': 'eq', '!=': 'ne', '<': 'lt', '<=': 'le', '>': 'gt', '>=': 'ge' } as const

export function at<T>(values: readonly T[], i: number): T {
  const value = values[i]
  if (value === undefined) throw new KernelError('a copy has no value')
  return value
}

/** Both lanes the same. */
export function splat(value: WExpr): WExpr {
  return value.w === 'f64' ? f64x2(value.value) : op('f64x2.splat', value)
}

/** More than a few arithmetic instructions. */
function isDear(expr: KExpr): boolean {
  let dear = false
  walk(expr, (part) => {
    if (part.k === 'call' && !cheapCalls.has(part.fn)) dear = true
    if (part.k === 'reduce' || part.k === 'covariance') dear = true
  })
  return dear
}

const cheapCalls: ReadonlySet<string> = new Set(['abs', 'sqrt', 'round', 'floor', 'ceil', 'min', 'max', 'isNaN'])
