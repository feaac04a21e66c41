import type { Axis, Buffer, KExpr, KernelOp } from '../types.js'
import { axesOf, childrenOf } from '../visit.js'

/** What the columns of a row are in its operations. Columns in neither set are compared between rows: its key. */
export interface RowRoles {
  /** Cells that values are polynomials in. */
  readonly polynomial: ReadonlySet<string>
  /** A number that multiplies all that the row adds to sums. */
  readonly weight: string | null
}

/**
 * How a value of a row depends on its columns, given its key: a polynomial of this degree in the cells, times the weight
 * of the row or not. A value that is always 0 has every degree, written `null`.
 */
export interface Degree {
  readonly cells: 0 | 1 | 2
  readonly weight: 0 | 1
  /** The columns that it depends on, polynomial ones and the weight. */
  readonly from: ReadonlySet<string>
}

/** Why values are no polynomials of degree 2 or less, and the columns that are to blame. */
export class NoPolynomial extends Error {
  constructor(
    message: string,
    /** `constant`: something has to be the same in all rows of one key; `degree`: a product of three; `weight`: other. */
    readonly why: 'constant' | 'degree' | 'weight',
    readonly from: ReadonlySet<string>,
  ) {
    super(message)
  }
}

export const isRowIndex = ([first]: readonly KExpr[], axis: string): boolean =>
  first?.k === 'axis' && first.axis === axis

const NONE: ReadonlySet<string> = new Set()
const CONSTANT: Degree = { cells: 0, weight: 0, from: NONE }

/** The degrees of all values that operations over rows compute; for operations that `rowKey` has a key of. */
export class Degrees {
  private readonly scratch = new Map<string, Degree | null>()
  private known = new WeakMap<KExpr, { readonly degree: Degree | null }>()

  /** @throws NoPolynomial where there are none of 2 or less */
  constructor(
    ops: readonly KernelOp[],
    private readonly buffers: ReadonlyMap<string, Buffer>,
    private readonly rows: { readonly table: string; readonly axis: string },
    private readonly roles: RowRoles,
  ) {
    // degrees of scratch only grow, at most to 2
    for (let before = ''; ; ) {
      for (const op of ops) this.op(op)
      const now = [...this.scratch].map(([id, d]) => `${id} ${d?.cells} ${d?.weight} ${d?.from.size}`).join()
      if (now === before) break
      before = now
      this.known = new WeakMap()
    }
    for (const op of ops) this.checkWritten(op)
  }

  /** Of scratch of a row, or of what is added to a sum; null for scratch that is 0. */
  ofTarget(id: string): 0 | 1 | 2 | null {
    if (this.buffers.get(id)?.space === 'sum') return 2
    const degree = this.scratch.get(id)
    return degree === undefined ? 0 : (degree?.cells ?? null)
  }

  isMagnitude(id: string): boolean {
    return this.buffers.get(id)?.magnitude === true
  }

  /** @throws NoPolynomial */
  of(expr: KExpr): Degree | null {
    const known = this.known.get(expr)
    if (known !== undefined) return known.degree
    const degree = this.compute(expr)
    this.known.set(expr, { degree })
    return degree
  }

  /** Of what is added to a sum: in one of magnitudes |x| counts as x. */
  ofTerm(expr: KExpr, out: string): Degree | null {
    const isSize = expr.k === 'call' && expr.fn === 'abs' && this.isMagnitude(out)
    return isSize ? this.product(expr.args) : this.of(expr)
  }

  ofProduct(factors: readonly KExpr[], out: string): Degree | null {
    return this.multiplied(factors.map((factor) => this.ofTerm(factor, out)))
  }

  private compute(expr: KExpr): Degree | null {
    switch (expr.k) {
      case 'num':
        return expr.value === 0 ? null : CONSTANT
      case 'axis':
      case 'size':
        return CONSTANT
      case 'load':
        return this.load(expr.buffer, expr.at)
      case 'add':
        return this.sum(expr.args)
      case 'sub':
        return this.sum([expr.left, expr.right])
      case 'neg':
        return this.of(expr.of)
      case 'mul':
      case 'mul0':
        return this.product(expr.args)
      case 'div':
        this.constant(expr.right, 'is divided by')
        return this.of(expr.left)
      case 'pow':
        if (expr.exponent === 2) return this.product([expr.base, expr.base])
        return this.constant(expr.base, `is raised to the power of ${expr.exponent}`)
      case 'select':
        this.constant(expr.when, 'decides')
        return this.sum([expr.then, expr.otherwise])
      case 'reduce':
        this.loop(expr.axis)
        return expr.kind === 'sum' ? this.of(expr.body) : this.constant(expr.body, 'has its maximum taken')
      case 'call': {
        const [only] = expr.args
        // rows of one key have the same cells missing
        if (expr.fn === 'isNaN' && only?.k === 'load' && this.isCell(only)) return CONSTANT
        for (const arg of expr.args) this.constant(arg, `has ${expr.fn} taken`)
        return CONSTANT
      }
      case 'compare':
        for (const part of childrenOf(expr)) this.constant(part, 'is compared')
        return CONSTANT
      default:
        for (const part of childrenOf(expr)) this.constant(part, 'decides')
        return CONSTANT
    }
  }

  private isCell({ buffer, at }: KExpr & { readonly k: 'load' }): boolean {
    return this.roles.polynomial.has(buffer) && isRowIndex(at, this.rows.axis)
  }

  private load(id: string, at: readonly KExpr[]): Degree | null {
    for (const index of at) this.constant(index, 'is a position')
    if (!isRowIndex(at, this.rows.axis)) return CONSTANT
    if (this.roles.polynomial.has(id)) return { cells: 1, weight: 0, from: new Set([id]) }
    if (this.roles.weight === id) return { cells: 0, weight: 1, from: new Set([id]) }
    return this.isRowScratch(id) ? (this.scratch.get(id) ?? null) : CONSTANT
  }

  private sum(parts: readonly KExpr[]): Degree | null {
    return parts.map((part) => this.of(part)).reduce(joined, null)
  }

  private product(parts: readonly KExpr[]): Degree | null {
    return this.multiplied(parts.map((part) => this.of(part)))
  }

  private multiplied(parts: readonly (Degree | null)[]): Degree | null {
    let [cells, weight] = [0, 0]
    const from = new Set<string>()
    for (const part of parts) {
      if (part === null) return null
      cells += part.cells
      weight += part.weight
      for (const id of part.from) from.add(id)
    }
    if (cells > 2) throw new NoPolynomial(`${named(from)} enter products of ${cells}`, 'degree', from)
    if (weight > 1) throw new NoPolynomial(`${this.roles.weight} is multiplied by itself`, 'weight', from)
    return { cells: cells === 0 ? 0 : cells === 1 ? 1 : 2, weight: weight === 0 ? 0 : 1, from }
  }

  /** @throws NoPolynomial where rows of one key may differ in it */
  private constant(expr: KExpr, what: string): Degree {
    const degree = this.of(expr)
    if (degree !== null && (degree.cells > 0 || degree.weight > 0))
      throw new NoPolynomial(`what depends on ${named(degree.from)} ${what}`, 'constant', degree.from)
    return CONSTANT
  }

  private loop(axis: Axis): void {
    if (axis.ragged === undefined) return
    this.constant({ k: 'load', buffer: axis.ragged.sizes, at: [axis.ragged.at] }, 'is an extent')
  }

  private op(op: KernelOp): void {
    for (const axis of axesOf(op)) this.loop(axis)
    switch (op.op) {
      case 'scan':
      case 'repeat':
        for (const step of op.step) this.op(step)
        return
      case 'map':
        this.written(op.out, op.at, this.of(op.value))
        return
      case 'gather':
        this.written(op.out, [], this.load(op.from, op.at))
        return
      case 'reduce':
        if (op.kind !== 'sum') this.constant(op.value, 'has its maximum taken')
        this.written(op.out, op.at, this.of(op.value))
        return
      case 'contract':
        this.written(op.out, op.at, this.ofProduct(op.factors, op.out))
        return
      case 'scatterAdd':
        this.written(op.out, op.at, this.ofTerm(op.value, op.out))
        return
      case 'small': {
        const right = op.rightHandSide
        for (const id of [op.matrix, ...(right === undefined || !this.roles.polynomial.has(right) ? [] : [right])])
          this.constant({ k: 'load', buffer: id, at: op.at }, 'is a matrix')
        this.written(op.out, op.at, right === undefined ? CONSTANT : this.load(right, op.at))
        return
      }
      case 'fill':
        if (op.value !== 0) this.written(op.out, [], CONSTANT)
        else if (!this.scratch.has(op.out)) this.written(op.out, [], null)
        return
      case 'rng':
      case 'sparseGaussian':
        throw new NoPolynomial(`rows are no functions of their columns`, 'degree', NONE)
    }
  }

  private written(out: string, at: readonly KExpr[], degree: Degree | null): void {
    for (const index of at) this.constant(index, 'is a position')
    if (this.buffers.get(out)?.space === 'sum') {
      const weight = this.roles.weight === null ? 0 : 1
      if (degree !== null && degree.weight !== weight)
        throw new NoPolynomial(`${this.roles.weight} does not multiply what is added to ${out}`, 'weight', degree.from)
      return
    }
    if (this.isRowScratch(out)) {
      this.scratch.set(out, joined(this.scratch.get(out) ?? null, degree))
      return
    }
    if (degree !== null && degree.cells + degree.weight > 0)
      throw new NoPolynomial(`what depends on ${named(degree.from)} is shared by rows`, 'constant', degree.from)
  }

  /** What no unit can be put into has the degree of what it is written to. */
  private checkWritten(op: KernelOp): void {
    if (op.op === 'scan' || op.op === 'repeat') for (const step of op.step) this.checkWritten(step)
    const isFixed =
      (op.op === 'fill' && op.value !== 0) || (op.op === 'reduce' && op.kind !== 'sum') || op.op === 'small'
    if (!isFixed || !this.isRowScratch(op.out)) return
    const right = op.op === 'small' ? op.rightHandSide : undefined
    const own = right === undefined ? CONSTANT : this.load(right, op.op === 'small' ? op.at : [])
    const degree = this.scratch.get(op.out)
    if (own === null || degree == null || degree.cells === own.cells) return
    throw new NoPolynomial(`what depends on ${named(degree.from)} is written over numbers`, 'constant', degree.from)
  }

  private isRowScratch(id: string): boolean {
    const buffer = this.buffers.get(id)
    return buffer?.space === 'scratch' && buffer.rows === this.rows.table
  }
}

function joined(a: Degree | null, b: Degree | null): Degree | null {
  if (a === null || b === null) return a ?? b
  if (a.weight !== b.weight)
    throw new NoPolynomial('terms with and without the weight are added', 'weight', new Set([...a.from, ...b.from]))
  return { cells: a.cells > b.cells ? a.cells : b.cells, weight: a.weight, from: new Set([...a.from, ...b.from]) }
}

const named = (ids: ReadonlySet<string>): string => [...ids].join(', ')
