import type { Axis, KExpr } from '../../kernel/types.js'
import { walk } from '../../kernel/visit.js'
import { FactTable } from '../facts.js'
import type { BindingTable } from './bindings.js'
import { type JsBinary, type JsExpr, type JsStatement, jsBinary, jsName, jsNumber, jsSum } from './js-ast.js'
import { JsBlocks } from './js-blocks.js'
import { lowerCall, lowerPower } from './lower-call.js'
import { lowerElement } from './lower-position.js'
import { lowerReduction } from './lower-reduction.js'
import { depthOf, type Lowering } from './lowering.js'

const NOTHING: ReadonlySet<string> = new Set()

/**
 * Scalar expressions to JavaScript. Each value is made in the outermost block where it can be (`BlockStack.target`);
 * within an operation a value that is written more than once is made once.
 */
export class ExprLowering implements Lowering {
  readonly blocks = new JsBlocks()
  readonly facts = new FactTable()
  readonly table: BindingTable
  #occurrences = new Map<string, number>()

  constructor(table: BindingTable) {
    this.table = table
  }

  /** Counts what occurs more than once in the expressions of the next operation. */
  announce(exprs: readonly KExpr[]): void {
    this.#occurrences = new Map()
    for (const expr of exprs) {
      walk(expr, (part) => {
        const key = this.facts.of(part).key
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
        return this.table.size(expr.size)
      default:
        return this.#lowerMoved(expr)
    }
  }

  #lowerMoved(expr: KExpr): JsExpr {
    const facts = this.facts.of(expr)
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
        return lowerElement(this, expr.buffer, expr.at)
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
        return lowerPower(this, expr.base, expr.exponent)
      case 'call':
        return lowerCall(this, expr.fn, expr.args)
      case 'reduce':
        return lowerReduction(this, expr.kind, [expr.axis], expr.body)
      case 'covariance': {
        const args = [jsName(this.table.sparse(expr.of)), this.lower(expr.row), this.lower(expr.column)]
        return { js: 'helper', name: this.table.helper('sparseCovariance'), args }
      }
      case 'select':
        return this.#branches(this.condition(expr.when), expr.then, expr.otherwise)
      case 'compare':
      case 'and':
      case 'or':
      case 'not':
        return { js: 'conditional', when: this.condition(expr), yes: jsNumber(1), no: jsNumber(0) }
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
        this.blocks.append({ js: 'if', when, yes: [...right.statements, assign], no: [] })
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
      return { js: 'conditional', when, yes: left.value, no: right.value }
    }
    const name = this.blocks.fresh('a')
    const assign = (value: JsExpr): JsStatement => ({ js: 'assign', operator: '=', target: jsName(name), value })
    this.blocks.append({ js: 'let', name, value: jsNumber(0) })
    this.blocks.append({
      js: 'if',
      when,
      yes: [...left.statements, assign(left.value)],
      no: [...right.statements, assign(right.value)],
    })
    return jsName(name)
  }

  /** Factors that can be made further out are multiplied there. */
  #product(args: readonly KExpr[]): JsExpr {
    const here = this.blocks.depth
    const depths = args.map((arg) => depthOf(this, arg))
    const outer = args.filter((_, i) => (depths[i] ?? here) < here)
    const inner = args.filter((_, i) => (depths[i] ?? here) >= here)
    const apart = outer.length > 1 && inner.length > 0
    const factors = apart ? [{ k: 'mul' as const, args: outer }, ...inner] : args
    const [first, ...rest] = factors.map((factor) => this.lower(factor))
    if (first === undefined) return jsNumber(1)
    return rest.reduce((product, factor) => jsBinary('*', product, factor), first)
  }

  #guardedProduct(args: readonly KExpr[]): JsExpr {
    const factors = args.map((arg) => this.atom(arg))
    const [first, ...rest] = factors
    if (first === undefined) return jsNumber(1)
    const product = rest.reduce((left, right) => jsBinary('*', left, right), first)
    const isZero = (factor: JsExpr): JsExpr => jsBinary('===', factor, jsNumber(0))
    const anyZero = rest.reduce((any, factor) => jsBinary('||', any, isZero(factor)), isZero(first))
    return { js: 'conditional', when: anyZero, yes: jsNumber(0), no: product }
  }

  /** A loop over an axis; `build` fills its body. */
  loop(axis: Axis, writes: ReadonlySet<string>, build: () => void, reverse = false): void {
    const variable = this.blocks.fresh('i')
    const ragged = axis.ragged
    const from = ragged === undefined ? this.table.from(axis) : jsNumber(0)
    const to =
      ragged === undefined
        ? this.table.to(axis)
        : this.blocks.bind(this.lower({ k: 'load', buffer: ragged.sizes, at: [ragged.at] }))
    const { statements } = this.blocks.within('loop', axis.id, jsName(variable), writes, build)
    this.blocks.append({ js: 'for', variable, from, to, reverse, body: statements })
  }

  loops(axes: readonly Axis[], writes: ReadonlySet<string>, build: () => void): void {
    const [axis, ...rest] = axes
    if (axis === undefined) build()
    else this.loop(axis, writes, () => this.loops(rest, writes, build))
  }
}

function toNumber(condition: JsExpr): JsExpr {
  return { js: 'conditional', when: condition, yes: jsNumber(1), no: jsNumber(0) }
}

function comparison(operator: (KExpr & { readonly k: 'compare' })['operator']): JsBinary {
  if (operator === '==') return '==='
  return operator === '!=' ? '!==' : operator
}
