/**
 * A value of a row that is dear is computed once for the row: where loops run in which it does not change, and where more
 * than one operation has it. It becomes scratch over the axes that it has free. Page: docs/kernel-passes/shared-terms.md.
 */
import * as k from '../build.js'
import { printKernelExpr } from '../print.js'
import type { Axis, Buffer, KExpr, KernelOp } from '../types.js'
import { axesOf, buffersRead, buffersWritten, freeAxes, mapChildren } from '../visit.js'
import { costInRows, extentOf } from './cost.js'
import { isInRange } from './in-range.js'
import { RowFacts } from './row-facts.js'
import type { KernelPass, PassContext, PassOutcome, RowProgram } from './types.js'
import { writtenOver } from './written-over.js'

/** A call of a function, or as much arithmetic. */
const DEAR = 10
/** Elements for each row. */
const MOST_ELEMENTS = 2 ** 12

export const sharedTerms: KernelPass = {
  name: 'shared-terms',
  apply: (program, context) => new Sharing(program, context).run(),
}

interface Candidate {
  readonly key: string
  /** Free axes but for the row axis. */
  readonly axes: readonly Axis[]
  readonly row: Axis
  /** Times that it is computed for each of its elements where it stands. */
  readonly times: number
}

class Sharing {
  private readonly facts: RowFacts
  private readonly declared: ReadonlyMap<string, Buffer>
  private readonly buffers: Buffer[] = []
  private readonly applied: string[] = []
  private readonly counts = new Map<string, number>()
  /** Scratch that holds a value, as long as nothing that it was made of is written. */
  private readonly held = new Map<string, { readonly id: string; readonly reads: ReadonlySet<string> }>()

  constructor(
    private readonly program: RowProgram,
    private readonly context: PassContext,
  ) {
    this.facts = new RowFacts(program, context)
    this.declared = new Map(program.buffers.map((b) => [b.id, b]))
  }

  run(): PassOutcome {
    const { program } = this
    for (const op of program.rows)
      for (const value of valuesOf(op))
        this.visit(value, axesOf(op), ({ key }) => {
          this.counts.set(key, (this.counts.get(key) ?? 0) + 1)
          return null
        })
    const rows = program.rows.flatMap((op): readonly KernelOp[] => {
      const made: KernelOp[] = []
      const scope = axesOf(op)
      const own = this.writtenAsItIs(op)
      const share = (value: KExpr): KExpr =>
        this.visit(value, scope, (c, expr) => (c.key === own?.key ? null : this.shared(c, expr, made)))
      const done = withValues(op, share)
      for (const id of buffersWritten(op))
        for (const [key, { id: holder, reads }] of this.held) if (reads.has(id) || holder === id) this.held.delete(key)
      if (own !== null && op.op === 'map') this.held.set(own.key, { id: op.out, reads: buffersRead(op.value) })
      return [...made, done]
    })
    return {
      program: { ...program, rows, buffers: [...program.buffers, ...this.buffers] },
      applied: this.applied,
      declined: [],
    }
  }

  /** The value of a map that fills scratch with it, where nothing holds it yet. */
  private writtenAsItIs(op: KernelOp): Candidate | null {
    if (op.op !== 'map' || this.declared.get(op.out)?.rows !== this.context.rows.table) return null
    const candidate = this.candidate(op.value, op.axes)
    if (candidate === null || this.held.has(candidate.key) || buffersRead(op.value).has(op.out)) return null
    const { row, axes } = candidate
    const places = [row, ...axes]
    const same = op.at.every((index, i) => index.k === 'axis' && index.axis === places[i]?.id)
    return same && op.at.length === places.length && op.axes.length === places.length ? candidate : null
  }

  /** Replaces dear parts, the largest first, by what `change` makes of them; null: look inside. */
  private visit(
    expr: KExpr,
    scope: readonly Axis[],
    change: (candidate: Candidate, expr: KExpr) => KExpr | null,
  ): KExpr {
    if (!this.facts.varies(expr) || expr.k === 'load') return expr
    const candidate = this.candidate(expr, scope)
    const changed = candidate === null ? null : change(candidate, expr)
    if (changed !== null) return changed
    switch (expr.k) {
      case 'reduce':
        return { ...expr, body: this.visit(expr.body, [...scope, expr.axis], change) }
      // what stands behind a condition may never be needed
      case 'select':
        return { ...expr, when: this.visit(expr.when, scope, change) }
      case 'and':
      case 'or':
        return { ...expr, left: this.visit(expr.left, scope, change) }
      case 'mul0': {
        // the first factor that is 0 ends the product
        const args = expr.args.map((arg, i) =>
          i === 0 || isInRange(arg, scope, this.declared, this.program.sizes) ? this.visit(arg, scope, change) : arg,
        )
        return { ...expr, args }
      }
      default:
        return mapChildren(expr, (part) => this.visit(part, scope, change))
    }
  }

  private candidate(expr: KExpr, scope: readonly Axis[]): Candidate | null {
    const { sizes } = this.program
    if (expr.k === 'neg' || costInRows(expr, this.facts, sizes) < DEAR) return null
    const free = freeAxes(expr)
    const row = scope.find((axis) => axis.id === this.context.rows.axis)
    if (row === undefined || !free.has(row.id)) return null
    if (new Set(scope.map((axis) => axis.id)).size !== scope.length) return null
    const axes = scope.filter((axis) => free.has(axis.id) && axis !== row)
    if (axes.some((axis) => axis.ragged !== undefined) || extentOf(axes, sizes) > MOST_ELEMENTS) return null
    // along an axis that is cut short it might not have been computed at all
    if (scope.some((axis) => axis.ragged !== undefined) && !isInRange(expr, scope, this.declared, sizes)) return null
    const key = writtenOver(expr, axes)
    const others = scope.filter((axis) => !free.has(axis.id))
    return { key, axes, row, times: extentOf(others, sizes) }
  }

  private shared({ key, axes, row, times }: Candidate, expr: KExpr, made: KernelOp[]): KExpr | null {
    const at = [row, ...axes].map((axis) => k.axis(axis))
    const known = this.held.get(key)
    if (known !== undefined) return k.load(known.id, ...at)
    if (times < 2 && (this.counts.get(key) ?? 0) < 2) return null
    const id = this.context.fresh('shared')
    const { size, table } = this.context.rows
    this.buffers.push({
      id,
      space: 'scratch',
      type: 'f64',
      shape: [size, ...axes.map((axis) => axis.size)],
      rows: table,
    })
    // dear parts of it are shared in turn
    const inner = mapChildren(expr, (part) =>
      expr.k === 'reduce' || expr.k === 'select'
        ? part
        : this.visit(part, [row, ...axes], (c, e) => this.shared(c, e, made)),
    )
    made.push(k.mapOver(id, [row, ...axes], inner))
    this.held.set(key, { id, reads: buffersRead(expr) })
    this.applied.push(`${id}: ${printKernelExpr(expr)}`)
    return k.load(id, ...at)
  }
}

/** What an operation over rectangular axes computes. */
function valuesOf(op: KernelOp): readonly KExpr[] {
  switch (op.op) {
    case 'map':
    case 'scatterAdd':
    case 'reduce':
      return [op.value]
    case 'contract':
      return op.factors
    default:
      return []
  }
}

function withValues(op: KernelOp, change: (value: KExpr) => KExpr): KernelOp {
  switch (op.op) {
    case 'map':
    case 'scatterAdd':
    case 'reduce':
      return { ...op, value: change(op.value) }
    case 'contract':
      return { ...op, factors: op.factors.map(change) }
    default:
      return op
  }
}
