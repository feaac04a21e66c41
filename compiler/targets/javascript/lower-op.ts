import type { Axis, Buffer, KExpr, KernelOp } from '../../kernel/types.js'
import { buffersWritten, expressionsOf, freeAxes } from '../../kernel/visit.js'
import type { LoopOp } from '../loop-op.js'
import type { BindingTable, HelperBinding } from './bindings.js'
import { joinLoops } from './join-loops.js'
import type { JsExpr, JsStatement } from './js-ast.js'
import { jsName, jsNumber } from './js-ast.js'
import { ExprLowering } from './lower-expr.js'
import { lowerElement, lowerPosition } from './lower-position.js'
import { lowerReduction } from './lower-reduction.js'
import { type Scheduled, schedule } from './schedule.js'

const NOTHING: ReadonlySet<string> = new Set()

/** One scheduled group of operations as the body of a function. */
export function lowerScheduled(
  scheduled: Scheduled,
  table: BindingTable,
  buffers: ReadonlyMap<string, Buffer>,
): readonly JsStatement[] {
  const lowering = new OpLowering(table, buffers)
  return lowering.exprs.blocks.within('top', null, null, NOTHING, () => lowering.scheduled(scheduled)).statements
}

class OpLowering {
  readonly exprs: ExprLowering
  readonly #table: BindingTable
  readonly #buffers: ReadonlyMap<string, Buffer>

  constructor(table: BindingTable, buffers: ReadonlyMap<string, Buffer>) {
    this.exprs = new ExprLowering(table)
    this.#table = table
    this.#buffers = buffers
  }

  scheduled(scheduled: Scheduled): void {
    switch (scheduled.kind) {
      case 'fill':
        this.#fill(scheduled.op)
        return
      case 'scan':
        this.#scan(scheduled.op)
        return
      case 'repeat':
        this.#repeat(scheduled.op)
        return
      case 'sparse':
        this.#sparse(scheduled.op)
        return
      case 'loops':
        this.#group(scheduled.axis, scheduled.ops)
    }
  }

  #fill(op: KernelOp & { readonly op: 'fill' }): void {
    this.exprs.blocks.append({
      js: 'fill',
      array: this.#table.array(op.out),
      value: op.value,
      from: this.#table.bufferInteger('fillFrom', op.out),
      to: this.#table.bufferInteger('fillTo', op.out),
    })
    this.exprs.blocks.written(op.out)
  }

  #scan(op: KernelOp & { readonly op: 'scan' }): void {
    this.exprs.announce([])
    const steps = (): void => {
      for (const step of schedule(op.step, this.#buffers)) this.scheduled(step)
    }
    const written = buffersWritten(op)
    this.exprs.loop(op.axis, written, steps, op.reverse)
    for (const id of written) this.exprs.blocks.written(id)
  }

  #repeat(op: KernelOp & { readonly op: 'repeat' }): void {
    const { blocks } = this.exprs
    const written = buffersWritten(op)
    const variable = blocks.fresh('i')
    const loop = blocks.within('loop', null, jsName(variable), new Set([...written, op.until]), () => {
      const when = this.exprs.condition({ k: 'load', buffer: op.until, at: [] })
      const { statements } = blocks.within('branch', null, null, NOTHING, () => {
        for (const step of schedule(op.step, this.#buffers)) this.scheduled(step)
      })
      blocks.append({ js: 'if', when, yes: statements, no: [] })
    })
    blocks.append({
      js: 'for',
      variable,
      from: jsNumber(0),
      to: jsNumber(op.times),
      reverse: false,
      body: loop.statements,
    })
    for (const id of written) blocks.written(id)
  }

  #sparse(op: KernelOp & { readonly op: 'sparseGaussian' }): void {
    const state = jsName(this.#table.sparse(op.covariance))
    const array = (id: string): JsExpr => jsName(this.#table.array(id))
    const call = (helper: HelperBinding, ...args: readonly JsExpr[]): void => {
      this.exprs.blocks.append({ js: 'call', call: { js: 'helper', name: this.#table.helper(helper), args } })
    }
    call('sparseBegin', state, this.#table.size(op.order))
    for (const { rows, columns, values } of op.entries) {
      const count = this.#table.bufferInteger('fillTo', values)
      call('sparseEntries', state, array(rows), array(columns), array(values), count)
    }
    call('sparseSolve', state, array(op.linear), array(op.mean), array(op.logdet))
    if (op.draw !== undefined) call('sparseDraw', state, array(op.draw))
  }

  #group(axis: Axis | null, ops: readonly LoopOp[]): void {
    if (axis === null) this.#members(ops, 0, false)
    else this.exprs.loop(axis, new Set(ops.map((op) => op.out)), () => this.#members(ops, 1, false))
  }

  /**
   * Operations inside the loops of their first `depth` axes. Neighbours share further loops where that saves work;
   * `announced`: what they have in common is counted already.
   */
  #members(ops: readonly LoopOp[], depth: number, announced: boolean): void {
    for (const run of joinLoops(ops, depth, this.exprs.facts)) {
      const axis = run[0]?.axes[depth]
      if (!announced) this.exprs.announce(run.flatMap(expressionsOf))
      if (run.length > 1 && axis !== undefined) {
        this.exprs.loop(axis, new Set(run.map((op) => op.out)), () => this.#members(run, depth + 1, true))
        continue
      }
      for (const op of run) {
        this.#op(op, op.axes.slice(depth))
        this.exprs.blocks.written(op.out)
      }
    }
  }

  /** One operation, inside the loops of its axes that are not in `axes`. */
  #op(op: LoopOp, axes: readonly Axis[]): void {
    const writes = new Set([op.out])
    switch (op.op) {
      case 'map':
        this.exprs.loops(axes, writes, () => this.#store('=', op.out, op.at, () => this.exprs.lower(op.value)))
        return
      case 'reduce':
        this.exprs.loops(axes, writes, () =>
          this.#store('=', op.out, op.at, () => lowerReduction(this.exprs, op.kind, op.over, op.value)),
        )
        return
      case 'contract':
        this.#accumulate(op.out, op.at, axes, { k: 'mul', args: op.factors })
        return
      case 'scatterAdd':
        this.#accumulate(op.out, op.at, axes, op.value)
        return
      case 'small':
        this.exprs.loops(axes, writes, () => this.#small(op))
    }
  }

  /** Loops inside the last one that the position depends on add up in a local variable. */
  #accumulate(out: string, at: readonly KExpr[], axes: readonly Axis[], value: KExpr): void {
    const named = new Set(at.flatMap((index) => [...freeAxes(index)]))
    let split = axes.length
    while (split > 0 && !named.has(axes[split - 1]?.id ?? '')) split--
    const facts = [value, ...at].map((expr) => this.exprs.facts.of(expr))
    if (facts.some(({ reads }) => reads.has(out))) split = axes.length
    const inner = axes.slice(split)
    this.exprs.loops(axes.slice(0, split), new Set([out]), () => {
      const sum = (): JsExpr =>
        inner.length === 0 ? this.exprs.lower(value) : lowerReduction(this.exprs, 'sum', inner, value)
      this.#store('+=', out, at, sum)
    })
  }

  #store(operator: '=' | '+=', out: string, at: readonly KExpr[], make: () => JsExpr): void {
    const value = make()
    const target = lowerElement(this.exprs, out, at)
    this.exprs.blocks.append({ js: 'assign', operator, target, value })
  }

  #small(op: KernelOp & { readonly op: 'small' }): void {
    const corner = (id: string): JsExpr => {
      const rank = this.#table.declared(id).shape.length
      const zeros = Array.from({ length: rank - op.at.length }, (): KExpr => ({ k: 'num', value: 0 }))
      return lowerPosition(this.exprs, id, [...op.at, ...zeros])
    }
    const right = op.rightHandSide
    const args: readonly JsExpr[] = [
      this.#table.size(op.order),
      jsName(this.#table.array(op.matrix)),
      corner(op.matrix),
      right === undefined ? { js: 'null' } : jsName(this.#table.array(right)),
      right === undefined ? jsNumber(0) : corner(right),
      jsName(this.#table.array(op.out)),
      corner(op.out),
    ]
    this.exprs.blocks.append({ js: 'call', call: { js: 'helper', name: this.#table.helper(op.kind), args } })
  }
}
