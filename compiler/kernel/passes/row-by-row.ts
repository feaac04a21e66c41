/**
 * Where rows read tables, or add to sums, at keys of their own, they are taken one after another, and the values of a row
 * lie side by side: two rows have nothing in common there, and the values of one row lie next to each other in the table.
 * Page: docs/kernel-passes/row-by-row.md.
 */
import type { Axis, Buffer, KExpr, KernelOp } from '../types.js'
import { buffersReadByOp, buffersWritten, childrenOf, freeAxes, walk } from '../visit.js'
import type { KernelPass, PassContext, RowProgram } from './types.js'

type Loops = KernelOp & { readonly op: 'map' | 'reduce' | 'contract' | 'scatterAdd' }

/** Values of a row that are written out side by side. */
const MOST_VALUES = 8

export const rowByRow: KernelPass = {
  name: 'row-by-row',
  apply(program, context) {
    const finder = new Finder(program, context)
    const rows: KernelOp[] = []
    const applied: string[] = []
    let at = 0
    while (at < program.rows.length) {
      const group = finder.groupFrom(at)
      if (group === null) {
        rows.push(...program.rows.slice(at, at + 1))
        at++
        continue
      }
      const { steps, aside, next } = group
      const axis = finder.rowAxis(steps)
      rows.push({ op: 'scan', axis, reverse: false, carry: [], step: steps.map((op) => withoutAxis(op, axis.id)) })
      rows.push(...aside)
      applied.push([...new Set(steps.map((op) => op.out))].join(', '))
      at = next
    }
    if (applied.length === 0) return { program, applied, declined: [] }
    return { program: { ...program, rows }, applied, declined: [] }
  },
}

interface Group {
  readonly steps: readonly Loops[]
  /** Operations between the steps that may as well follow them. */
  readonly aside: readonly KernelOp[]
  /** The first operation after all of these. */
  readonly next: number
}

class Finder {
  private readonly buffers: ReadonlyMap<string, Buffer>
  /** Scratch with some values for each row that only steps read and write, repetitions apart. */
  private readonly scratch: ReadonlySet<string>

  constructor(
    private readonly program: RowProgram,
    private readonly context: PassContext,
  ) {
    this.buffers = new Map(program.buffers.map((b) => [b.id, b]))
    this.scratch = this.scratchOfSteps()
  }

  rowAxis(steps: readonly Loops[]): Axis {
    const { axis } = this.context.rows
    const own = steps.flatMap((op) => op.axes).find((one) => one.id === axis)
    return own ?? { id: axis, name: axis, size: this.context.rows.size }
  }

  /** The operations from here on that can go along row by row; null where none of them is keyed. */
  groupFrom(at: number): Group | null {
    const { rows } = this.program
    const steps: Loops[] = []
    const aside: KernelOp[] = []
    let found = { steps: 0, aside: 0, next: at }
    for (let i = at; i < rows.length; i++) {
      const op = rows[i] as KernelOp
      if (this.isStep(op, this.scratch) && aside.every((other) => areIndependent(op, other))) steps.push(op)
      else if (steps.length === 0) return null
      else aside.push(op)
      if (steps.at(-1) === op) found = { steps: steps.length, aside: aside.length, next: i + 1 }
    }
    const taken = steps.slice(0, found.steps)
    if (!taken.some((op) => this.isKeyed(op))) return null
    return { steps: taken, aside: aside.slice(0, found.aside), next: found.next }
  }

  private isStep(op: KernelOp, scratch: ReadonlySet<string>): op is Loops {
    if (op.op !== 'reduce') return this.isOfValues(op, scratch)
    // a sum over the values of a row
    if (op.kind !== 'sum' || op.value.k !== 'load') return false
    const [row, ...more] = op.axes
    return row?.id === this.context.rows.axis && more.length === 0 && scratch.has(op.value.buffer)
  }

  private scratchOfSteps(): ReadonlySet<string> {
    const { rows, buffers } = this.program
    let found = new Set(buffers.filter((b) => this.isValues(b)).map((b) => b.id))
    for (;;) {
      const others = rows.filter((op) => op.op !== 'repeat' && !this.isStep(op, found))
      const spoilt = new Set(others.flatMap((op) => [...buffersReadByOp(op), ...buffersWritten(op)]))
      const left = new Set([...found].filter((id) => !spoilt.has(id)))
      if (left.size === found.size) return left
      found = left
    }
  }

  /** Rows and a few values; whatever depends on the value has it as its last index. `scratch`: of the row, no other. */
  private isOfValues(op: KernelOp, scratch: ReadonlySet<string>): op is Loops {
    if (op.op !== 'map' && op.op !== 'contract' && op.op !== 'scatterAdd') return false
    const [row, value, ...more] = op.axes
    if (row?.id !== this.context.rows.axis || value === undefined || more.length > 0) return false
    if (row.ragged !== undefined || value.ragged !== undefined) return false
    const extent = this.program.sizes.get(value.size) ?? Infinity
    if (extent < 2 || extent > MOST_VALUES || !this.lies(op.out, op.at, value.id, scratch)) return false
    if (op.op === 'map' && this.buffers.get(op.out)?.rows !== this.context.rows.table) return false
    let fits = true
    for (const expr of op.op === 'contract' ? op.factors : [op.value])
      walk(expr, (part) => {
        if (part.k === 'load' && !this.lies(part.buffer, part.at, value.id, scratch)) fits = false
        if (part.k === 'reduce' || part.k === 'covariance' || (part.k === 'call' && part.fn !== 'abs')) fits = false
        if (part.k === 'axis' && part.axis === value.id && part === expr) fits = false
      })
    return fits
  }

  private lies(id: string, at: readonly KExpr[], value: string, scratch: ReadonlySet<string>): boolean {
    const buffer = this.buffers.get(id)
    if (buffer === undefined || (buffer.type !== 'f64' && at.some((index) => freeAxes(index).has(value)))) return false
    if (!at.some((index) => freeAxes(index).has(value))) return true
    const last = at.at(-1)
    const isLast = last?.k === 'axis' && last.axis === value
    if (!isLast || at.slice(0, -1).some((index) => freeAxes(index).has(value))) return false
    return buffer.rows !== this.context.rows.table || scratch.has(id)
  }

  /** It reads a table, or adds to a sum, at a position that the row's data says. */
  private isKeyed(op: Loops): boolean {
    const isKey = (index: KExpr): boolean => index.k !== 'axis' && freeAxes(index).has(this.context.rows.axis)
    let keyed = op.at.some(isKey)
    const visit = (expr: KExpr): void => {
      if (expr.k === 'load' && expr.at.length > 1 && expr.at.some(isKey)) keyed = true
      for (const part of childrenOf(expr)) visit(part)
    }
    for (const expr of op.op === 'contract' ? op.factors : [op.value]) visit(expr)
    return keyed
  }

  private isValues(buffer: Buffer): boolean {
    return buffer.space === 'scratch' && buffer.rows === this.context.rows.table && buffer.shape.length === 2
  }
}

/** Neither reads what the other writes, nor do they write the same. */
function areIndependent(a: KernelOp, b: KernelOp): boolean {
  const [written, other] = [buffersWritten(a), buffersWritten(b)]
  const meets = (ids: ReadonlySet<string>, set: ReadonlySet<string>): boolean => [...ids].some((id) => set.has(id))
  return !meets(written, other) && !meets(buffersReadByOp(a), other) && !meets(buffersReadByOp(b), written)
}

const withoutAxis = (op: Loops, axis: string): Loops => ({ ...op, axes: op.axes.filter(({ id }) => id !== axis) })
