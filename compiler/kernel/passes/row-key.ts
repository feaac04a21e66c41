import type { Axis, Buffer, KExpr, KernelOp, SizeKey } from '../types.js'
import { axesOf, childrenOf } from '../visit.js'

/**
 * What a row's unit depends on, given the params: the data buffers whose row n is read at row n, in the order in which
 * they are met. Rows with equal values there have equal posteriors and add equal terms to every sum.
 */
export type RowKey =
  | { readonly kind: 'key'; readonly axis: Axis; readonly columns: readonly string[] }
  | { readonly kind: 'declined'; readonly declined: string }

/**
 * The key of the rows of `rows.axis`, where
 *
 * - the axis stands only as first index of data and of scratch of that row: no other row is read, and the number of a row
 *   is no value (nor position in a param, a state or a start's responsibilities, which differ from row to row);
 * - what rows leave behind is added up over them in sums. A scalar that they share while they iterate (`until`) is no
 *   result: that it is not 0 holds for some row of equal ones when it holds for one.
 */
export function rowKey(
  ops: readonly KernelOp[],
  buffers: readonly Buffer[],
  rows: { readonly table: string; readonly axis: string },
): RowKey {
  try {
    return new Reader(buffers, rows).key(ops)
  } catch (error) {
    if (error instanceof Decline) return { kind: 'declined', declined: error.message }
    throw error
  }
}

class Decline extends Error {}

class Reader {
  private readonly buffers: ReadonlyMap<string, Buffer>
  private readonly columns = new Set<string>()
  /** Scratch that rows share and add to. */
  private readonly shared = new Set<string>()
  private readonly loaded = new Set<string>()
  private axis: Axis | null = null

  constructor(
    buffers: readonly Buffer[],
    private readonly rows: { readonly table: string; readonly axis: string },
  ) {
    this.buffers = new Map(buffers.map((b) => [b.id, b]))
  }

  key(ops: readonly KernelOp[]): RowKey {
    for (const op of ops) this.op(op)
    for (const id of this.shared) if (this.loaded.has(id)) throw new Decline(`rows read ${id}, which other rows add to`)
    if (this.axis === null || this.columns.size === 0) throw new Decline('no data is read row by row')
    return { kind: 'key', axis: this.axis, columns: [...this.columns] }
  }

  private op(op: KernelOp): void {
    for (const axis of axesOf(op)) this.loop(axis, op)
    switch (op.op) {
      case 'sparseGaussian':
      case 'rng':
        throw new Decline(op.op === 'rng' ? 'random numbers are drawn for each row' : 'rows are coupled')
      case 'fill':
        if (this.space(op.out) !== 'scratch') throw new Decline(`${op.out} is set, not added to`)
        return
      case 'repeat':
      case 'scan':
        for (const step of op.step) this.op(step)
        return
      case 'contract':
        for (const factor of op.factors) this.expr(factor)
        break
      case 'small':
        for (const id of [op.matrix, op.rightHandSide]) if (id !== undefined) this.load(id, op.at)
        break
      case 'gather':
        this.load(op.from, op.at)
        break
      case 'map':
      case 'scatterAdd':
      case 'reduce':
        this.expr(op.value)
    }
    this.written(op, op.op === 'gather' ? op.axes.map((a): KExpr => ({ k: 'axis', axis: a.id })) : op.at)
  }

  /** What an operation leaves: a place of its row, a sum over rows, or something that has nothing to do with rows. */
  private written(op: KernelOp & { readonly out: string }, at: readonly KExpr[]): void {
    const { out } = op
    const overRows = axesOf(op).some((axis) => axis.id === this.rows.axis)
    const ownRow = this.isOwnRow(at)
    if (this.isRowScratch(out)) {
      if (!overRows || !ownRow) throw new Decline(`another row's ${out} is written`)
    } else if (ownRow) {
      throw new Decline(`each row has its own ${out}`)
    }
    for (const index of ownRow ? at.slice(1) : at) this.expr(index)
    if (ownRow) return
    const adds = op.op === 'contract' || op.op === 'scatterAdd'
    switch (this.space(out)) {
      case 'sum':
        if (!adds || !overRows) throw new Decline(`${out} is no sum over rows`)
        return
      case 'scratch':
        if (!overRows || (op.op === 'reduce' && op.kind === 'max')) return
        if (!adds) throw new Decline(`rows share ${out}`)
        this.shared.add(out)
        return
      default:
        throw new Decline(`${out} is written`)
    }
  }

  private loop(axis: Axis, op: KernelOp): void {
    if (axis.ragged !== undefined) this.load(axis.ragged.sizes, [axis.ragged.at])
    if (axis.id !== this.rows.axis) return
    if (op.op === 'scan') throw new Decline('rows follow on one another')
    if (op.op === 'reduce' && op.over.includes(axis) && op.kind !== 'max') throw new Decline('rows are coupled')
    if (axis.ragged !== undefined || (this.axis !== null && this.axis.size !== axis.size))
      throw new Decline('loops over rows have several extents')
    this.axis = axis
  }

  private expr(expr: KExpr): void {
    if (expr.k === 'axis' && expr.axis === this.rows.axis) throw new Decline('the number of a row is used as a value')
    if (expr.k === 'reduce') {
      if (expr.axis.id === this.rows.axis) throw new Decline('rows are coupled')
      if (expr.axis.ragged !== undefined) this.load(expr.axis.ragged.sizes, [expr.axis.ragged.at])
      this.expr(expr.body)
      return
    }
    if (expr.k === 'load') {
      this.load(expr.buffer, expr.at)
      return
    }
    for (const part of childrenOf(expr)) this.expr(part)
  }

  private load(id: string, at: readonly KExpr[]): void {
    this.loaded.add(id)
    if (!this.isOwnRow(at)) {
      if (this.isRowScratch(id)) throw new Decline(`another row's ${id} is read`)
      for (const index of at) this.expr(index)
      return
    }
    for (const index of at.slice(1)) this.expr(index)
    if (this.space(id) === 'data') this.columns.add(id)
    else if (!this.isRowScratch(id)) throw new Decline(`each row has its own ${id}`)
  }

  private isOwnRow([first]: readonly KExpr[]): boolean {
    return first?.k === 'axis' && first.axis === this.rows.axis
  }

  private isRowScratch(id: string): boolean {
    const buffer = this.buffers.get(id)
    return buffer?.space === 'scratch' && buffer.rows === this.rows.table
  }

  private space(id: string): Buffer['space'] | null {
    return this.buffers.get(id)?.space ?? null
  }
}

/** Elements of one row of a buffer whose first extent runs over rows. */
export function rowStride(buffer: Buffer, sizes: ReadonlyMap<SizeKey, number>): number {
  return buffer.shape.slice(1).reduce((product, key) => product * (sizes.get(key) ?? 0), 1)
}
