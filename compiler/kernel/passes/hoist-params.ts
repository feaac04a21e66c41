/**
 * What no row changes becomes a table, filled once before the rows: each largest part of an expression that is dearer
 * than reading it from memory, over the axes that it has free; and whole operations. A function of table elements at
 * positions that rows choose becomes a table of the function's values, read at those positions:
 *
 *   log θ[k, j, y[n, j]]  →  t[k, j, y[n, j]] with t[k, j, l] = log θ[k, j, l]
 *
 * Page: docs/kernel-passes/hoist-params.md.
 */
import * as k from '../build.js'
import { printKernelExpr } from '../print.js'
import type { Axis, Buffer, KExpr, KernelOp, SizeKey } from '../types.js'
import { buffersWritten, childrenOf, freeAxes, mapChildren, walk } from '../visit.js'
import { costOf, extentOf } from './cost.js'
import { isInRange } from './in-range.js'
import { mapValues, RowFacts } from './row-facts.js'
import type { KernelPass, PassContext, PassOutcome, RowProgram } from './types.js'
import { writtenOver } from './written-over.js'

/** Elements of one table. */
const MOST_ELEMENTS = 2 ** 20

export const hoistParams: KernelPass = {
  name: 'hoist-params',
  apply: (program, context) => new Hoisting(program, context).run(),
}

class Hoisting {
  private readonly facts: RowFacts
  private readonly sizes: ReadonlyMap<SizeKey, number>
  private readonly declared: ReadonlyMap<string, Buffer>
  /** Name of the table of an expression, by how it is written over its axes. */
  private readonly tables = new Map<string, string>()
  private readonly buffers: Buffer[] = []
  private readonly prelude: KernelOp[] = []
  private readonly applied: string[] = []
  private readonly declined = new Set<string>()

  constructor(
    private readonly program: RowProgram,
    private readonly context: PassContext,
  ) {
    this.facts = new RowFacts(program, context)
    this.sizes = program.sizes
    this.declared = new Map(program.buffers.map((b) => [b.id, b]))
  }

  run(): PassOutcome {
    const { program, facts } = this
    const whole = program.rows.filter((op) => !facts.opVaries(op) && this.staysWithin(op))
    for (const op of whole) this.applied.push(`${[...buffersWritten(op)].join(', ')}: the whole operation`)
    this.prelude.push(...whole)
    const moved = new Set(whole)
    const rows = program.rows.filter((op) => !moved.has(op)).map((op) => this.factors(op))
    const done = rows.map((op) => mapValues(op, (value, scope) => this.hoist(value, scope, false)))
    return {
      program: {
        ...program,
        prelude: [...program.prelude, ...this.prelude],
        rows: done,
        buffers: [...program.buffers, ...this.buffers],
      },
      applied: this.applied,
      declined: [...this.declined],
    }
  }

  /** true where what an operation writes is changed by no operation that stays with the rows. */
  private staysWithin(op: KernelOp): boolean {
    return [...buffersWritten(op)].every((id) => !this.facts.bufferVaries(id))
  }

  /** Factors of a contraction that no row changes are one factor. */
  private factors(op: KernelOp): KernelOp {
    if (op.op !== 'contract') return op
    const fixed = op.factors.filter((factor) => !this.facts.varies(factor))
    if (fixed.length < 2) return op
    return { ...op, factors: [...op.factors.filter((factor) => this.facts.varies(factor)), k.mul(...fixed)] }
  }

  private hoist(expr: KExpr, scope: readonly Axis[], guarded: boolean): KExpr {
    if (!this.facts.varies(expr)) return this.fixed(expr, scope, guarded)
    const chosen = this.atChosenPositions(expr, scope, guarded)
    if (chosen !== null) return chosen
    switch (expr.k) {
      case 'load':
        return expr
      case 'add':
      case 'mul': {
        const [fixed, varying] = this.parted(expr.args)
        if (fixed.length < 2) return mapChildren(expr, (arg) => this.hoist(arg, scope, guarded))
        const args = varying.map((arg) => this.hoist(arg, scope, guarded))
        return expr.k === 'add'
          ? k.add(this.hoist(k.add(...fixed), scope, guarded), ...args)
          : k.mul(this.hoist(k.mul(...fixed), scope, guarded), ...args)
      }
      case 'mul0': {
        // the first factor that is 0 ends the product, so what follows it is guarded
        const [fixed, varying] = this.parted(expr.args)
        const parts = fixed.length === 0 ? varying : [k.mul0(...fixed), ...varying]
        const [first] = expr.args
        return k.mul0(...parts.map((arg) => this.hoist(arg, scope, guarded || arg !== first)))
      }
      case 'and':
      case 'or':
        return { ...expr, left: this.hoist(expr.left, scope, guarded), right: this.hoist(expr.right, scope, true) }
      case 'select':
        return {
          ...expr,
          when: this.hoist(expr.when, scope, guarded),
          then: this.hoist(expr.then, scope, true),
          otherwise: this.hoist(expr.otherwise, scope, true),
        }
      case 'reduce':
        return { ...expr, body: this.hoist(expr.body, [...scope, expr.axis], guarded) }
      default:
        return mapChildren(expr, (part) => this.hoist(part, scope, guarded))
    }
  }

  private parted(args: readonly KExpr[]): readonly [readonly KExpr[], readonly KExpr[]] {
    return [args.filter((arg) => !this.facts.varies(arg)), args.filter((arg) => this.facts.varies(arg))]
  }

  /** A part that no row changes: a table where it is worth one, else as it is, with tables for its parts. */
  private fixed(expr: KExpr, scope: readonly Axis[], guarded: boolean): KExpr {
    if (!isDear(expr, this.sizes)) return expr
    const axes = freeOf(expr, scope)
    // an axis that is cut short stands where it is longer in a table
    const anywhere = guarded || axes.some((axis) => axis.ragged !== undefined)
    if (anywhere && !isInRange(expr, scope, this.declared, this.sizes)) {
      this.declined.add(`${printKernelExpr(expr)}: a guard keeps its positions inside their buffers`)
      return this.within(expr, scope)
    }
    if (extentOf(axes, this.sizes) > MOST_ELEMENTS) {
      this.declined.add(`${printKernelExpr(expr)}: its table would have more than ${MOST_ELEMENTS} elements`)
      return expr
    }
    const full = axes.map(rectangular)
    return k.load(this.table(expr, full), ...full.map((axis) => k.axis(axis)))
  }

  /** Parts of what is not moved whole: guarded like it. */
  private within(expr: KExpr, scope: readonly Axis[]): KExpr {
    if (expr.k === 'load') return expr
    const inner = expr.k === 'reduce' ? [...scope, expr.axis] : scope
    return mapChildren(expr, (part) => this.fixed(part, inner, true))
  }

  /**
   * A value that rows change only by the positions at which it reads fixed buffers: a table over these positions. They
   * stand for new axes; the table is no longer than the rows that read it.
   */
  private atChosenPositions(expr: KExpr, scope: readonly Axis[], guarded: boolean): KExpr | null {
    if (!isDear(expr, this.sizes) || !this.variesByPositions(expr)) return null
    const chosen = new Map<string, { readonly axis: Axis; readonly index: KExpr }>()
    let fits = true
    const abstracted = (part: KExpr): KExpr => {
      if (part.k !== 'load') return mapChildren(part, abstracted)
      const shape = this.declared.get(part.buffer)?.shape ?? []
      const at = part.at.map((index, i) => {
        if (!this.facts.varies(index)) return index
        const size = shape[i] ?? ''
        const key = printKernelExpr(index)
        const known = chosen.get(key)
        if (known !== undefined && known.axis.size !== size) fits = false
        const axis = known?.axis ?? { id: this.context.fresh('level'), name: 'l', size }
        chosen.set(key, { axis, index })
        return k.axis(axis)
      })
      return k.load(part.buffer, ...at)
    }
    const value = abstracted(expr)
    const added = [...chosen.values()]
    const axes = [...freeOf(value, scope).map(rectangular), ...added.map((one) => one.axis)]
    const rows = this.sizes.get(this.context.rows.size) ?? 0
    const positions = extentOf(
      added.map((one) => one.axis),
      this.sizes,
    )
    // positions of a reduction inside are bound there
    if (!fits || added.some(({ index }) => !isWithin(index, scope))) return null
    if (positions > rows || extentOf(axes, this.sizes) > MOST_ELEMENTS) return null
    if (
      (guarded || scope.some((axis) => axis.ragged !== undefined)) &&
      !isInRange(value, axes, this.declared, this.sizes)
    )
      return null
    const indices = new Map(added.map(({ axis, index }) => [axis.id, index]))
    return k.load(this.table(value, axes), ...axes.map((axis) => indices.get(axis.id) ?? k.axis(axis)))
  }

  /** true where everything that rows change in an expression is a position of a load from a fixed buffer. */
  private variesByPositions(expr: KExpr): boolean {
    if (!this.facts.varies(expr)) return true
    if (expr.k === 'load')
      return !this.facts.bufferVaries(expr.buffer) && this.declared.get(expr.buffer)?.space !== 'data'
    if (expr.k === 'axis' || expr.k === 'covariance' || expr.k === 'reduce') return false
    return childrenOf(expr).every((part) => this.variesByPositions(part))
  }

  private table(value: KExpr, axes: readonly Axis[]): string {
    const key = writtenOver(value, axes)
    const known = this.tables.get(key)
    if (known !== undefined) return known
    const id = this.context.fresh('fixed')
    this.tables.set(key, id)
    this.buffers.push({ id, space: 'derived', type: 'f64', shape: axes.map((axis) => axis.size) })
    this.prelude.push(k.mapOver(id, axes, value))
    this.applied.push(`${id}: ${printKernelExpr(value)}`)
    return id
  }
}

/** Axes that an expression has free, outermost first; of two with one name the inner one is meant. */
function freeOf(expr: KExpr, scope: readonly Axis[]): readonly Axis[] {
  const free = freeAxes(expr)
  return scope.filter((axis, i) => free.has(axis.id) && !scope.slice(i + 1).some((inner) => inner.id === axis.id))
}

const rectangular = ({ id, name, size }: Axis): Axis => ({ id, name, size })

function isWithin(expr: KExpr, scope: readonly Axis[]): boolean {
  return [...freeAxes(expr)].every((id) => scope.some((axis) => axis.id === id))
}

/** Dearer than a load; of axes and numbers alone only where a function is called. */
function isDear(expr: KExpr, sizes: ReadonlyMap<SizeKey, number>): boolean {
  let loads = false
  walk(expr, (part) => {
    if (part.k === 'load') loads = true
  })
  return costOf(expr, sizes) >= (loads ? 1 : 4)
}
