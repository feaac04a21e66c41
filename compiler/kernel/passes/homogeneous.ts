import * as k from '../build.js'
import type { Axis, KExpr, KernelOp } from '../types.js'
import { mapAxis, mapChildren } from '../visit.js'
import { type Degrees, isRowIndex, type RowRoles } from './degrees.js'

type Load = KExpr & { readonly k: 'load' }

/** A polynomial column: x = own + centre · unit. */
export interface Cells {
  readonly own: string
  readonly centre: string
}

/** What stands for the columns of a row in rewritten operations. */
export interface HomogeneousNames {
  readonly axis: Axis
  readonly roles: RowRoles
  readonly cells: ReadonlyMap<string, Cells>
  /** Columns of the key. */
  readonly key: ReadonlyMap<string, string>
  /** The column that stands for the constant 1, and its square. */
  readonly unit: string
  readonly square: string
}

/** Part of a sum with its degree; null: 0, of any degree. */
interface Part {
  readonly value: KExpr
  readonly degree: 0 | 1 | 2 | null
}

/**
 * Operations over rows as homogeneous polynomials of their cells and of a unit that stands for 1: what is added up has one
 * degree, that of the largest part, and sums over rows have degree 2. At unit 1 they compute what they did.
 */
export class Homogeneous {
  constructor(
    private readonly degrees: Degrees,
    private readonly names: HomogeneousNames,
  ) {}

  op(op: KernelOp): KernelOp {
    switch (op.op) {
      case 'scan':
        return { ...op, axis: this.loop(op.axis), step: op.step.map((step) => this.op(step)) }
      case 'repeat':
        return { ...op, step: op.step.map((step) => this.op(step)) }
      case 'map':
        return { ...op, ...this.loops(op), at: op.at.map(this.expr), value: this.raised(op.value, op.out) }
      case 'scatterAdd':
        return { ...op, ...this.loops(op), at: op.at.map(this.expr), value: this.raised(op.value, op.out) }
      case 'reduce': {
        const over = op.over.map(this.loop)
        return { ...op, ...this.loops(op), over, at: op.at.map(this.expr), value: this.raised(op.value, op.out) }
      }
      case 'contract': {
        const degree = this.degrees.ofProduct(op.factors, op.out)
        const factors = op.factors.map((factor) => this.term(factor, op.out))
        const missing = degree === null ? 0 : (this.degrees.ofTarget(op.out) ?? 0) - degree.cells
        const units = missing === 0 ? [] : [this.unit(missing)]
        return { ...op, ...this.loops(op), at: op.at.map(this.expr), factors: [...factors, ...units] }
      }
      case 'gather': {
        const { out } = op
        const from: KExpr = { k: 'load', buffer: op.from, at: op.at }
        return { op: 'map', out, ...this.loops(op), at: op.axes.map((a) => k.axis(a)), value: this.raised(from, out) }
      }
      case 'small': {
        const own = (id: string): string => (this.isRow(op.at) ? (this.names.key.get(id) ?? id) : id)
        const right = op.rightHandSide
        return {
          ...op,
          ...this.loops(op),
          at: op.at.map(this.expr),
          matrix: own(op.matrix),
          ...(right === undefined ? {} : { rightHandSide: own(right) }),
        }
      }
      case 'fill':
      case 'rng':
      case 'sparseGaussian':
        return op
    }
  }

  private loops(op: { readonly axes: readonly Axis[] }): { readonly axes: readonly Axis[] } {
    return { axes: op.axes.map(this.loop) }
  }

  private readonly loop = (axis: Axis): Axis => {
    const { names } = this
    const own = axis.id === names.axis.id ? { ...axis, size: names.axis.size } : mapAxis(axis, this.expr)
    const sizes = own.ragged !== undefined && this.isRow([own.ragged.at]) ? names.key.get(own.ragged.sizes) : undefined
    return own.ragged === undefined || sizes === undefined ? own : { ...own, ragged: { ...own.ragged, sizes } }
  }

  private isRow(at: readonly KExpr[]): boolean {
    return isRowIndex(at, this.names.axis.id)
  }

  /** Unit to the power of 1 or 2. */
  private unit(power: number): KExpr {
    return k.load(power === 1 ? this.names.unit : this.names.square, k.axis(this.names.axis))
  }

  /** What is written to a buffer, with its degree. */
  private raised(value: KExpr, out: string): KExpr {
    const degree = this.degrees.ofTerm(value, out)?.cells ?? null
    return this.times(this.term(value, out), degree, this.degrees.ofTarget(out) ?? degree)
  }

  private term(value: KExpr, out: string): KExpr {
    if (value.k !== 'call' || value.fn !== 'abs' || !this.degrees.isMagnitude(out)) return this.expr(value)
    return { ...value, args: value.args.map(this.expr) }
  }

  private times(value: KExpr, from: 0 | 1 | 2 | null, to: 0 | 1 | 2 | null): KExpr {
    const missing = from === null || to === null ? 0 : to - from
    return missing === 0 ? value : k.mul(this.unit(missing), value)
  }

  private degree(expr: KExpr): 0 | 1 | 2 | null {
    return this.degrees.of(expr)?.cells ?? null
  }

  /** An expression with its own degree. */
  private readonly expr = (expr: KExpr): KExpr => {
    switch (expr.k) {
      case 'add':
      case 'sub':
      case 'neg':
        return this.sum(this.parts(expr))
      case 'load':
        return this.cells(expr) === undefined ? this.load(expr) : this.sum(this.parts(expr))
      case 'call': {
        const [only] = expr.args
        if (expr.fn !== 'isNaN' || only?.k !== 'load') return mapChildren(expr, this.expr)
        return { ...expr, args: [this.load(only)] }
      }
      case 'select': {
        const most = this.degree(expr)
        const branch = (part: KExpr): KExpr => this.times(this.expr(part), this.degree(part), most)
        return k.select(this.expr(expr.when), branch(expr.then), branch(expr.otherwise))
      }
      case 'reduce':
        return { ...expr, axis: this.loop(expr.axis), body: this.expr(expr.body) }
      case 'mul':
        return k.mul(...expr.args.map(this.expr))
      case 'mul0':
        return k.mul0(...expr.args.map(this.expr))
      default:
        return mapChildren(expr, this.expr)
    }
  }

  private cells({ buffer, at }: Load): Cells | undefined {
    return this.isRow(at) ? this.names.cells.get(buffer) : undefined
  }

  /** A load, of a polynomial column less its centre. */
  private load(expr: Load): KExpr {
    const at = expr.at.map(this.expr)
    if (!this.isRow(expr.at)) return { ...expr, at }
    if (expr.buffer === this.names.roles.weight) return k.num(1)
    const { cells, key } = this.names
    return { ...expr, buffer: cells.get(expr.buffer)?.own ?? key.get(expr.buffer) ?? expr.buffer, at }
  }

  /** What is added, each with its degree; cells as x − c and c, so that c and what is taken off it are put together. */
  private parts(expr: KExpr): readonly Part[] {
    switch (expr.k) {
      case 'add':
        return expr.args.flatMap((arg) => this.parts(arg))
      case 'sub':
        return [...this.parts(expr.left), ...this.negative(expr.right)]
      case 'neg':
        return this.negative(expr.of)
      case 'load': {
        const cells = this.cells(expr)
        if (cells === undefined) break
        const own = this.load(expr)
        if (own.k !== 'load') break
        return [
          { value: own, degree: 1 },
          { value: { ...own, buffer: cells.centre }, degree: 0 },
        ]
      }
    }
    return [{ value: this.expr(expr), degree: this.degree(expr) }]
  }

  private negative(expr: KExpr): readonly Part[] {
    return this.parts(expr).map((part) => ({ ...part, value: k.neg(part.value) }))
  }

  private sum(parts: readonly Part[]): KExpr {
    const degrees = parts.flatMap(({ degree }) => (degree === null ? [] : [degree]))
    const most = degrees.includes(2) ? 2 : degrees.includes(1) ? 1 : 0
    const levels = ([2, 1, 0] as const).map((degree) => {
      const own = parts.filter((part) => (part.degree ?? most) === degree).map(({ value }) => value)
      return own.length === 0 ? k.num(0) : this.times(k.add(...own), degree, most)
    })
    return k.add(...levels)
  }
}
