import { KernelError } from '../../kernel/kernel-error.js'
import type { Axis, KExpr, KFunction } from '../../kernel/types.js'
import { childrenOf, walk } from '../../kernel/visit.js'
import { type BindingTable, helperFor } from './bindings.js'
import { BlockStack, type Motion } from './blocks.js'
import { FactTable } from './facts.js'
import {
  type JsBinary,
  type JsExpr,
  jsBinary,
  jsMath,
  jsName,
  jsNumber,
  type JsStatement,
  jsSum,
} from './js-ast.js'

export type ReduceKind = 'sum' | 'max' | 'logSumExp'

const NEGATIVE_INFINITY = jsNumber(Number.NEGATIVE_INFINITY)
const NOTHING: ReadonlySet<string> = new Set()

/**
 * Scalar expressions to JavaScript. Each value is made in the outermost block where it can be (`BlockStack.target`);
 * within an operation a value that is written more than once is made once.
 */
export class ExprLowering {
  readonly blocks = new BlockStack()
  readonly #facts = new FactTable()
  readonly #table: BindingTable
  #occurrences = new Map<string, number>()

  constructor(table: BindingTable) {
    this.#table = table
  }

  /** Counts what occurs more than once in the expressions of the next operation. */
  announce(exprs: readonly KExpr[]): void {
    this.#occurrences = new Map()
    for (const expr of exprs) {
      walk(expr, (part) => {
        const key = this.#facts.of(part).key
        this.#occurrences.set(key, (this.#occurrences.get(key) ?? 0) + 1)
      })
    }
  }

  lower(expr: KExpr): JsExpr {
    switch (expr.k) {
      case 'num':
        return jsNumber(expr.value)
      case 'axis':
        return this.blocks.variable(expr.axis)
      case 'size':
        return this.#table.size(expr.size)
      default:
        return this.#lowerMoved(expr)
    }
  }

  #lowerMoved(expr: KExpr): JsExpr {
    const facts = this.#facts.of(expr)
    const known = this.blocks.recall(facts.key)
    if (known !== null) return known
    const target = this.blocks.target(facts)
    const moved = target < this.blocks.depth
    return this.blocks.at(target, () => {
      const value = this.#build(expr)
      const keep = moved || expr.k === 'reduce' || (this.#occurrences.get(facts.key) ?? 0) > 1
      if (!keep) return value
      const bound = this.blocks.bind(value)
      this.blocks.remember(facts.key, bound, facts.reads)
      return bound
    })
  }

  /** A value that may be written twice without being computed twice. */
  atom(expr: KExpr): JsExpr {
    return this.blocks.bind(this.lower(expr))
  }

  #build(expr: KExpr): JsExpr {
    switch (expr.k) {
      case 'num':
      case 'axis':
      case 'size':
        return this.lower(expr)
      case 'load':
        return this.element(expr.buffer, expr.at)
      case 'add':
        return jsSum(expr.args.map((arg) => this.lower(arg)))
      case 'mul':
        return this.#product(expr.args)
      case 'mul0':
        return this.#guardedProduct(expr.args)
      case 'sub':
        return jsBinary('-', this.lower(expr.left), this.lower(expr.right))
      case 'div':
        return jsBinary('/', this.lower(expr.left), this.lower(expr.right))
      case 'neg':
        return { js: 'unary', operator: '-', of: this.lower(expr.of) }
      case 'pow':
        return this.#power(expr.base, expr.exponent)
      case 'call':
        return this.#call(expr.fn, expr.args)
      case 'reduce':
        return this.reduction(expr.kind, [expr.axis], expr.body)
      case 'select':
        return this.#branches(this.condition(expr.when), expr.then, expr.otherwise)
      case 'compare':
      case 'and':
      case 'or':
      case 'not':
        return { js: 'conditional', when: this.condition(expr), then: jsNumber(1), otherwise: jsNumber(0) }
    }
  }

  /** An expression as a JavaScript condition. */
  condition(expr: KExpr): JsExpr {
    switch (expr.k) {
      case 'compare':
        return jsBinary(comparison(expr.operator), this.lower(expr.left), this.lower(expr.right))
      case 'not':
        return { js: 'unary', operator: '!', of: this.condition(expr.of) }
      case 'and':
      case 'or': {
        const left = this.condition(expr.left)
        const right = this.#inBranch(() => this.condition(expr.right))
        if (right.statements.length === 0) return jsBinary(expr.k === 'and' ? '&&' : '||', left, right.value)
        const name = this.blocks.fresh('a')
        this.blocks.append({ js: 'let', name, value: toNumber(left) })
        const target = jsName(name)
        const isOne = jsBinary('!==', target, jsNumber(0))
        const when: JsExpr = expr.k === 'and' ? isOne : { js: 'unary', operator: '!', of: isOne }
        const assign: JsStatement = { js: 'assign', operator: '=', target, value: toNumber(right.value) }
        this.blocks.append({ js: 'if', when, then: [...right.statements, assign], otherwise: [] })
        return isOne
      }
      default:
        return jsBinary('!==', this.lower(expr), jsNumber(0))
    }
  }

  #inBranch<T>(build: () => T): { readonly statements: readonly JsStatement[]; readonly value: T } {
    return this.blocks.within('branch', null, null, NOTHING, build)
  }

  #branches(when: JsExpr, then: KExpr, otherwise: KExpr): JsExpr {
    const left = this.#inBranch(() => this.lower(then))
    const right = this.#inBranch(() => this.lower(otherwise))
    if (left.statements.length + right.statements.length === 0) {
      return { js: 'conditional', when, then: left.value, otherwise: right.value }
    }
    const name = this.blocks.fresh('a')
    const assign = (value: JsExpr): JsStatement => ({ js: 'assign', operator: '=', target: jsName(name), value })
    this.blocks.append({ js: 'let', name, value: jsNumber(0) })
    this.blocks.append({
      js: 'if',
      when,
      then: [...left.statements, assign(left.value)],
      otherwise: [...right.statements, assign(right.value)],
    })
    return jsName(name)
  }

  /** Factors that can be made further out are multiplied there. */
  #product(args: readonly KExpr[]): JsExpr {
    const here = this.blocks.depth
    const depths = args.map((arg) => this.#depthOf(arg))
    const outer = args.filter((_, i) => (depths[i] ?? here) < here)
    const inner = args.filter((_, i) => (depths[i] ?? here) >= here)
    const apart = outer.length > 1 && inner.length > 0
    const factors = apart ? [{ k: 'mul' as const, args: outer }, ...inner] : args
    const [first, ...rest] = factors.map((factor) => this.lower(factor))
    if (first === undefined) return jsNumber(1)
    return rest.reduce((product, factor) => jsBinary('*', product, factor), first)
  }

  /** Depth at which a part would be made; loop variables count for the loop that binds them, numbers for nothing. */
  #depthOf(expr: KExpr): number {
    return this.blocks.target(this.#facts.of(expr))
  }

  #guardedProduct(args: readonly KExpr[]): JsExpr {
    const factors = args.map((arg) => this.atom(arg))
    const [first, ...rest] = factors
    if (first === undefined) return jsNumber(1)
    const product = rest.reduce((left, right) => jsBinary('*', left, right), first)
    const isZero = (factor: JsExpr): JsExpr => jsBinary('===', factor, jsNumber(0))
    const anyZero = rest.reduce((any, factor) => jsBinary('||', any, isZero(factor)), isZero(first))
    return { js: 'conditional', when: anyZero, then: jsNumber(0), otherwise: product }
  }

  #power(base: KExpr, exponent: number): JsExpr {
    switch (exponent) {
      case 0:
        return jsNumber(1)
      case 1:
        return this.lower(base)
      case -1:
        return jsBinary('/', jsNumber(1), this.lower(base))
      case 0.5:
        return jsMath('sqrt', this.lower(base))
      case -0.5:
        return jsBinary('/', jsNumber(1), jsMath('sqrt', this.lower(base)))
    }
    if (exponent !== 2 && exponent !== 3 && exponent !== -2) {
      return jsMath('pow', this.lower(base), jsNumber(exponent))
    }
    const factor = this.atom(base)
    const square = jsBinary('*', factor, factor)
    if (exponent === 3) return jsBinary('*', square, factor)
    return exponent === 2 ? square : jsBinary('/', jsNumber(1), square)
  }

  #call(fn: KFunction, args: readonly KExpr[]): JsExpr {
    const helper = helperFor(fn)
    if (helper !== null) {
      return { js: 'helper', name: this.#table.helper(helper), args: args.map((arg) => this.lower(arg)) }
    }
    switch (fn) {
      case 'isNaN': {
        const [of] = args
        if (of === undefined) throw new KernelError('isNaN has no argument')
        const value = this.atom(of)
        return { js: 'conditional', when: jsBinary('!==', value, value), then: jsNumber(1), otherwise: jsNumber(0) }
      }
      case 'power':
        return jsMath('pow', ...args.map((arg) => this.lower(arg)))
      case 'exp':
      case 'log':
      case 'log1p':
      case 'expm1':
      case 'abs':
      case 'sqrt':
      case 'round':
      case 'floor':
      case 'ceil':
      case 'min':
      case 'max':
      case 'cos':
      case 'sin':
        return jsMath(fn, ...args.map((arg) => this.lower(arg)))
      default:
        throw new KernelError(`no code for ${fn}`)
    }
  }

  /** `buffer[at]`, as a value or as the target of an assignment. */
  element(buffer: string, at: readonly KExpr[]): JsExpr {
    return { js: 'element', array: this.#table.array(buffer), at: this.position(buffer, at) }
  }

  /** Flat position: parts of it that belong to outer loops are added up there. */
  position(buffer: string, at: readonly KExpr[]): JsExpr {
    const declared = this.#table.declared(buffer)
    if (declared.shape.length !== at.length) {
      throw new KernelError(`buffer ${buffer} has rank ${declared.shape.length}, not ${at.length}`)
    }
    const terms = at
      .map((index, dim) => ({ index, dim, depth: this.#depthOf(index) }))
      .filter(({ index }) => !(index.k === 'num' && index.value === 0))
      .sort((left, right) => left.depth - right.depth)
    let sum: JsExpr[] = []
    if (declared.space === 'scratch' && declared.rows !== undefined) {
      sum = [this.#table.bufferInteger('origin', buffer)]
    }
    let key = `position ${JSON.stringify(buffer)}`
    const reads = new Set<string>()
    for (let i = 0; i < terms.length; ) {
      const depth = terms[i]?.depth ?? 0
      const from = i
      while (i < terms.length && terms[i]?.depth === depth) i++
      const group = terms.slice(from, i)
      for (const { index, dim } of group) {
        const facts = this.#facts.of(index)
        key += ` ${dim}:${facts.key}`
        for (const id of facts.reads) reads.add(id)
      }
      sum = [this.#partialPosition(buffer, sum, group, depth, at.length, key, new Set(reads))]
    }
    return sum[0] ?? jsNumber(0)
  }

  #partialPosition(
    buffer: string,
    sum: readonly JsExpr[],
    group: readonly { readonly index: KExpr; readonly dim: number }[],
    depth: number,
    rank: number,
    key: string,
    reads: ReadonlySet<string>,
  ): JsExpr {
    const build = (): JsExpr => {
      const parts = group.map(({ index, dim }) => {
        const value = this.#integer(index)
        return dim === rank - 1 ? value : jsMath('imul', value, this.#table.stride(buffer, dim))
      })
      const all = [...sum, ...parts]
      return all.length === 1 ? jsSum(all) : jsBinary('|', jsSum(all), jsNumber(0))
    }
    if (depth === this.blocks.depth) return build()
    return this.blocks.recall(key) ?? this.blocks.at(depth, () => {
      const bound = this.blocks.bind(build())
      this.blocks.remember(key, bound, reads)
      return bound
    })
  }

  #integer(index: KExpr): JsExpr {
    const value = this.lower(index)
    return this.#isInteger(index) ? value : jsBinary('|', value, jsNumber(0))
  }

  #isInteger(expr: KExpr): boolean {
    switch (expr.k) {
      case 'axis':
      case 'size':
        return true
      case 'num':
        return Number.isInteger(expr.value)
      case 'load':
        return this.#table.declared(expr.buffer).type === 'i32'
      case 'add':
      case 'sub':
        return childrenOf(expr).every((part) => this.#isInteger(part))
      default:
        return false
    }
  }

  /** A loop over an axis; `build` fills its body. */
  loop(axis: Axis, writes: ReadonlySet<string>, build: () => void, reverse = false): void {
    const variable = this.blocks.fresh('i')
    const ragged = axis.ragged
    const from = ragged === undefined ? this.#table.from(axis) : jsNumber(0)
    const to =
      ragged === undefined
        ? this.#table.to(axis)
        : this.blocks.bind(this.lower({ k: 'load', buffer: ragged.sizes, at: [ragged.at] }))
    const { statements } = this.blocks.within('loop', axis.id, variable, writes, build)
    this.blocks.append({ js: 'for', variable, from, to, reverse, body: statements })
  }

  loops(axes: readonly Axis[], writes: ReadonlySet<string>, build: () => void): void {
    const [axis, ...rest] = axes
    if (axis === undefined) build()
    else this.loop(axis, writes, () => this.loops(rest, writes, build))
  }

  /** Sum, maximum or log-sum-exp of `body` over `axes`, in an accumulator of the current block. */
  reduction(kind: ReduceKind, axes: readonly Axis[], body: KExpr): JsExpr {
    switch (kind) {
      case 'sum':
        return this.#sum(axes, () => this.lower(body))
      case 'max':
        return this.#maximum(axes, body)
      case 'logSumExp':
        return isCheap(body) ? this.#logSumExpTwice(axes, body) : this.#logSumExpOnce(axes, body)
    }
  }

  #accumulator(start: JsExpr): JsExpr {
    const name = this.blocks.fresh('a')
    this.blocks.append({ js: 'let', name, value: start })
    return jsName(name)
  }

  #sum(axes: readonly Axis[], body: () => JsExpr): JsExpr {
    const target = this.#accumulator(jsNumber(0))
    this.loops(axes, NOTHING, () => {
      const value = body()
      this.blocks.append({ js: 'assign', operator: '+=', target, value })
    })
    return target
  }

  #maximum(axes: readonly Axis[], body: KExpr): JsExpr {
    const target = this.#accumulator(NEGATIVE_INFINITY)
    this.loops(axes, NOTHING, () => {
      const value = this.atom(body)
      const when = jsBinary('||', jsBinary('>', value, target), jsBinary('!==', value, value))
      this.blocks.append({ js: 'if', when, then: [{ js: 'assign', operator: '=', target, value }], otherwise: [] })
    })
    return target
  }

  /** The maximum first, then the sum: for a body that costs next to nothing. */
  #logSumExpTwice(axes: readonly Axis[], body: KExpr): JsExpr {
    const most = this.#maximum(axes, body)
    const sum = this.#sum(axes, () => jsMath('exp', jsBinary('-', this.lower(body), most)))
    const infinite = jsBinary(
      '||',
      jsBinary('===', most, NEGATIVE_INFINITY),
      jsBinary('===', most, jsNumber(Number.POSITIVE_INFINITY)),
    )
    const value = jsBinary('+', most, jsMath('log', sum))
    return { js: 'conditional', when: infinite, then: most, otherwise: value }
  }

  /** Maximum and sum together, the sum rescaled where the maximum moves. */
  #logSumExpOnce(axes: readonly Axis[], body: KExpr): JsExpr {
    const most = this.#accumulator(NEGATIVE_INFINITY)
    const sum = this.#accumulator(jsNumber(0))
    const assign = (operator: '=' | '+=', target: JsExpr, value: JsExpr): JsStatement => ({
      js: 'assign',
      operator,
      target,
      value,
    })
    this.loops(axes, NOTHING, () => {
      const value = this.atom(body)
      const below = jsMath('exp', jsBinary('-', value, most))
      const rescale = jsMath('exp', jsBinary('-', most, value))
      const larger = [
        assign('=', sum, jsBinary('+', jsBinary('*', sum, rescale), jsNumber(1))),
        assign('=', most, value),
      ]
      const finite = jsBinary('!==', value, NEGATIVE_INFINITY)
      const equal: JsStatement[] = [{ js: 'if', when: finite, then: [assign('+=', sum, jsNumber(1))], otherwise: [] }]
      const otherwise: JsStatement[] = [
        { js: 'if', when: jsBinary('===', value, most), then: equal, otherwise: larger },
      ]
      this.blocks.append({ js: 'if', when: jsBinary('<', value, most), then: [assign('+=', sum, below)], otherwise })
    })
    const value = jsBinary('+', most, jsMath('log', sum))
    return { js: 'conditional', when: jsBinary('===', most, NEGATIVE_INFINITY), then: most, otherwise: value }
  }

  motionOf(expr: KExpr): Motion {
    return this.#facts.of(expr)
  }
}

function toNumber(condition: JsExpr): JsExpr {
  return { js: 'conditional', when: condition, then: jsNumber(1), otherwise: jsNumber(0) }
}

function comparison(operator: (KExpr & { readonly k: 'compare' })['operator']): JsBinary {
  if (operator === '==') return '==='
  return operator === '!=' ? '!==' : operator
}

/** A few loads and arithmetic: no calls, loops or branches. */
function isCheap(body: KExpr): boolean {
  let nodes = 0
  let dear = false
  walk(body, (part) => {
    nodes += 1
    if (part.k === 'call' || part.k === 'reduce' || part.k === 'select' || part.k === 'pow') dear = true
  })
  return !dear && nodes <= 8
}
