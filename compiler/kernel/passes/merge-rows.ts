import * as k from '../build.js'
import type { Axis, Buffer, KExpr, KernelOp, SizeKey } from '../types.js'
import { axesOf, buffersWritten, expressionsOf, freeAxes, mapAxis, mapChildren, walk } from '../visit.js'
import { type DataArrays, DataCache } from './data-cache.js'
import { distinctRows, takeRows } from './distinct-rows.js'
import { rewriteOp } from './rewrite-op.js'
import { rowKey, rowStride } from './row-key.js'
import type { FewerRows, PassContext, RowProgram } from './types.js'

export type MergedRows = FewerRows<'merged'>

/** Merging pays where at most this share of the rows are distinct. */
export const WORTH_MERGING = 0.7

/**
 * One row for all that are equal. Given the params, the posterior of a row's unit and what it adds to a sum are functions
 * of the data of that row (`rowKey`), so Σ_n f(x_n) = Σ_p m_p f(x_p) over the distinct rows p, with m_p how often p occurs.
 * Sums that passes leave are the same up to rounding; scratch is that of the distinct rows.
 */
export function mergeRows(
  program: RowProgram,
  context: PassContext,
  data: DataArrays,
  cache: DataCache = new DataCache(),
  worth: number = WORTH_MERGING,
): MergedRows {
  const key = rowKey(program.rows, program.buffers, context.rows)
  if (key.kind === 'declined') return key
  const of = program.sizes.get(key.axis.size) ?? 0
  const columns = new Map<string, { readonly buffer: Buffer; readonly values: Float64Array | Int32Array }>()
  for (const id of key.columns) {
    const buffer = program.buffers.find((b) => b.id === id)
    const values = data.get(id)
    if (buffer === undefined || values === undefined) return { kind: 'declined', declined: `${id} is not bound` }
    if (program.sizes.get(buffer.shape[0] ?? '') !== of)
      return { kind: 'declined', declined: `${id} is not as long as its table` }
    columns.set(id, { buffer, values })
  }
  const stride = (b: Buffer): number => rowStride(b, program.sizes)
  const names = [...columns.keys()].join()
  const found = cache.made(
    `distinct ${of} ${worth} ${names}`,
    [...columns.values()].map(({ values }) => values),
    () =>
      distinctRows(
        [...columns.values()].map(({ buffer, values }) => ({ values, stride: stride(buffer) })),
        of,
        Math.floor(worth * of),
      ),
  )
  if (found === null) return { kind: 'declined', declined: `more than ${worth} of the ${of} rows are distinct` }

  const size: SizeKey = context.fresh(`merged ${context.rows.table}`)
  const times = context.fresh('times')
  const merged = new Map([...columns.keys()].map((id) => [id, context.fresh(`merged ${id}`)]))
  const added: Buffer[] = [{ id: times, space: 'data', type: 'f64', shape: [size] }]
  const arrays = new Map<string, Float64Array | Int32Array>([[times, found.times]])
  for (const [id, { buffer, values }] of columns) {
    const own = merged.get(id) ?? id
    added.push({ ...buffer, id: own, shape: [size, ...buffer.shape.slice(1)] })
    const take = (): Float64Array | Int32Array => takeRows({ values, stride: stride(buffer) }, found.first)
    arrays.set(own, cache.made(`rows ${id} of ${names}`, [values, found.first], take))
  }
  const writer = new Writer({ ...key.axis, size }, merged, times, program.buffers, context, program.rows)
  const rows = program.rows.flatMap((op) => writer.op(op))
  const sizes = new Map(program.sizes).set(size, found.first.length)
  const original = new Map([...merged].map(([id, own]) => [own, id]))
  const own = (b: Buffer): Buffer =>
    b.space === 'scratch' && b.rows === context.rows.table ? { ...b, shape: [size, ...b.shape.slice(1)] } : b
  return {
    kind: 'merged',
    program: { ...program, rows, sizes, buffers: [...program.buffers, ...writer.copies].map(own).concat(added) },
    context: {
      rows: { ...context.rows, size },
      sizes: new Map(context.sizes).set(size, found.first.length),
      fresh: (prefix) => context.fresh(prefix),
      isComplete: (buffer) => context.isComplete(original.get(buffer) ?? buffer),
    },
    data: arrays,
    rows: found.first.length,
    of,
  }
}

/** Operations over merged rows: their data in place of the rows', and each term of a sum as often as it occurs. */
class Writer {
  readonly copies: Buffer[] = []
  /** Scratch times the number of rows, by the scratch, where it has just been made. */
  private readonly weighted = new Map<string, string>()
  private readonly names = new Map<string, string>()
  /** What sums over rows read in more terms than it has elements. */
  private readonly repeated = new Set<string>()

  constructor(
    private readonly axis: Axis,
    private readonly merged: ReadonlyMap<string, string>,
    private readonly times: string,
    private readonly buffers: readonly Buffer[],
    private readonly context: PassContext,
    ops: readonly KernelOp[],
  ) {
    for (const op of ops) {
      if ((op.op !== 'contract' && op.op !== 'scatterAdd') || !this.addsOverRows(op)) continue
      for (const expr of expressionsOf(op))
        walk(expr, (part) => {
          if (part.k === 'load' && op.axes.length > freeAxes(part).size) this.repeated.add(part.buffer)
        })
    }
  }

  op(op: KernelOp): readonly KernelOp[] {
    const before: KernelOp[] = []
    const out = this.weigh(rewriteOp(op, { expr: this.expr, axis: this.loop }), before)
    for (const id of buffersWritten(out)) this.weighted.delete(id)
    return [...before, out]
  }

  private readonly loop = (axis: Axis): Axis => {
    const own = axis.id === this.axis.id ? { ...axis, size: this.axis.size } : mapAxis(axis, this.expr)
    const sizes = own.ragged && this.isRow([own.ragged.at]) ? this.merged.get(own.ragged.sizes) : undefined
    return own.ragged === undefined || sizes === undefined ? own : { ...own, ragged: { ...own.ragged, sizes } }
  }

  private readonly expr = (expr: KExpr): KExpr => {
    const own = mapChildren(expr, this.expr)
    if (own.k === 'reduce') return { ...own, axis: this.loop(own.axis) }
    if (own.k !== 'load' || !this.isRow(own.at)) return own
    return { ...own, buffer: this.merged.get(own.buffer) ?? own.buffer }
  }

  private isRow([first]: readonly KExpr[]): boolean {
    return first?.k === 'axis' && first.axis === this.axis.id
  }

  /** Terms of sums over rows times m; `before` takes what has to be made for it, null inside recurrences. */
  private weigh(op: KernelOp, before: KernelOp[] | null): KernelOp {
    switch (op.op) {
      case 'scan':
      case 'repeat':
        return { ...op, step: op.step.map((step) => this.weigh(step, null)) }
      case 'gather': {
        const from = this.isRow(op.at) ? this.merged.get(op.from) : undefined
        return from === undefined ? op : { ...op, from }
      }
      case 'small': {
        const own = (id: string): string => (this.isRow(op.at) ? (this.merged.get(id) ?? id) : id)
        const { rightHandSide: right } = op
        return { ...op, matrix: own(op.matrix), ...(right === undefined ? {} : { rightHandSide: own(right) }) }
      }
      case 'contract':
        if (!this.addsOverRows(op)) return op
        return { ...op, factors: this.times0(op.factors, axesOf(op), before) }
      case 'scatterAdd':
        if (!this.addsOverRows(op)) return op
        return { ...op, value: this.timesM(op.value, axesOf(op), before) }
      default:
        return op
    }
  }

  private addsOverRows(op: KernelOp & { readonly out: string }): boolean {
    const out = this.buffers.find((b) => b.id === op.out)
    return out?.space === 'sum' && axesOf(op).some((a) => a.id === this.axis.id)
  }

  /** m · expr, with m where it is multiplied least often. */
  private timesM(expr: KExpr, axes: readonly Axis[], before: KernelOp[] | null): KExpr {
    switch (expr.k) {
      case 'num':
        return expr.value === 0 ? expr : k.mul(this.m(), expr)
      case 'neg':
        return k.neg(this.timesM(expr.of, axes, before))
      case 'select':
        return k.select(expr.when, this.timesM(expr.then, axes, before), this.timesM(expr.otherwise, axes, before))
      case 'mul':
      case 'mul0':
        return { ...expr, args: this.times0(expr.args, axes, before) }
      default:
        return this.copied(expr, axes, before) ?? k.mul(this.m(), expr)
    }
  }

  /** m with the first factor that is a copy of scratch, or else in front. */
  private times0(factors: readonly KExpr[], axes: readonly Axis[], before: KernelOp[] | null): readonly KExpr[] {
    for (const [i, factor] of factors.entries()) {
      const own = this.copied(factor, axes, before)
      if (own !== null) return factors.with(i, own)
    }
    return [this.m(), ...factors]
  }

  private m(): KExpr {
    return k.load(this.times, k.axis(this.axis))
  }

  /** Scratch that the term reads, from a copy that is m times it: made once where terms, of this sum or another, are more than its elements. */
  private copied(factor: KExpr, axes: readonly Axis[], before: KernelOp[] | null): KExpr | null {
    if (before === null || factor.k !== 'load' || !this.isRow(factor.at)) return null
    const source = this.buffers.find((b) => b.id === factor.buffer)
    if (source?.space !== 'scratch' || source.rows !== this.context.rows.table) return null
    const known = this.weighted.get(source.id)
    if (known !== undefined) return { ...factor, buffer: known }
    if (axes.length <= freeAxes(factor).size && !this.repeated.has(source.id)) return null
    const copy = this.names.get(source.id) ?? this.copy(source)
    const loops = [
      this.axis,
      ...source.shape.slice(1).map((size): Axis => {
        const id = this.context.fresh('copied')
        return { id, name: id, size }
      }),
    ]
    before.push(k.mapOver(copy, loops, k.mul(this.m(), k.load(source.id, ...loops.map((a) => k.axis(a))))))
    this.weighted.set(source.id, copy)
    return { ...factor, buffer: copy }
  }

  private copy(source: Buffer): string {
    const id = this.context.fresh(`times ${source.id}`)
    this.names.set(source.id, id)
    this.copies.push({ ...source, id })
    return id
  }
}
