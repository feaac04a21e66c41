/** Tables of discrete latents as buffers: axes over their rows and values, positions, the parent's row of a row. */
import type { IndexVar } from '../algebra/types.js'
import { unitLoops } from '../estep/chain-blocks.js'
import { elementOf } from '../estep/places.js'
import type { EStepPlan, LatentTable, Potential } from '../estep/types.js'
import type { DiscreteLatent, Loop } from '../graph/types.js'
import { k } from '../kernel/index.js'
import type { Axis, KExpr } from '../kernel/types.js'
import { tableIdOf } from './buffers.js'
import { extentOf, type Lowerer, type LoweringContext } from './lowerer.js'
import { need } from './need.js'
import { rowAt, rowShape } from './rows.js'

export class TableLayout {
  /** A context without loops. */
  base: LoweringContext = { vars: new Map(), at: 'param' }
  readonly tables: ReadonlyMap<string, LatentTable>
  private readonly latents: ReadonlyMap<string, DiscreteLatent>

  constructor(
    readonly lowerer: Lowerer,
    readonly plan: EStepPlan,
  ) {
    this.tables = new Map(plan.tables.map((t) => [t.id, t]))
    this.latents = new Map(plan.tables.flatMap((t) => t.latents.map((l) => [l.name, l] as const)))
  }

  /** The table whose rows the rows of a table point to. */
  parent(t: LatentTable): LatentTable | undefined {
    return t.parent === null ? undefined : this.tables.get(t.parent.table)
  }

  latent(name: string): DiscreteLatent {
    const l = this.latents.get(name)
    if (l === undefined) throw new Error(`unknown latent ${name}`)
    return l
  }

  low(name: string): KExpr {
    return this.lowerer.expr(this.latent(name).low, this.base)
  }

  /** Axis over the values of an element, in the context of its latent's row. */
  valueAxis(element: string): Axis {
    const l = this.latent(elementOf(element).latent)
    const v: IndexVar = { id: `value ${element}`, name: 'k', from: l.low, to: l.high }
    const extent = extentOf(v)
    const ragged = l.high.kind === 'ref' && l.high.space === 'size' && l.high.index.length > 0
    if (!ragged) return { id: v.id, name: 'k', size: this.lowerer.size(extent) }
    return this.lowerer.axis(v, this.rowContext(l.loops))
  }

  rowContext(loops: readonly Loop[]): LoweringContext {
    let context = this.base
    for (const l of loops) context = this.lowerer.bind(l.index, context)
    return context
  }

  /** The loops of a table bound to 0-based positions. */
  context(loops: readonly Loop[], positions: readonly KExpr[]): LoweringContext {
    const vars = new Map<string, KExpr>()
    loops.forEach((l, i) => {
      vars.set(l.index.id, k.add(need(positions[i]), this.lowerer.expr(l.index.from, { ...this.base, vars })))
    })
    return { ...this.base, vars }
  }

  rowAxes(loops: readonly Loop[]): readonly Axis[] {
    return this.lowerer.loops(
      loops.map((l) => l.index),
      this.base,
    ).axes
  }

  /** Where a row of a table lies in its buffers. */
  rowAt(loops: readonly Loop[], positions: readonly KExpr[]): readonly KExpr[] {
    return rowAt(
      loops.map((l) => l.index),
      positions,
      this.lowerer,
    )
  }

  ownRow(loops: readonly Loop[]): readonly KExpr[] {
    return this.rowAt(
      loops,
      this.rowAxes(loops).map((a) => k.axis(a)),
    )
  }

  /** Positions of the parent's row that a row of the table points to. */
  keyPositions(t: LatentTable, positions: readonly KExpr[]): readonly KExpr[] {
    const { key = [], table } = t.parent ?? { table: '' }
    const parent = this.tables.get(table)
    const context = this.context(unitLoops(t), t.chain === null ? positions : this.sequencePositions(t, positions))
    return key.map((e, i) => {
      const loop = parent?.loops[i]
      return loop === undefined ? this.lowerer.position(e, context) : this.lowerer.along(loop.index, e, context)
    })
  }

  sequencePositions(t: LatentTable, positions: readonly KExpr[]): readonly KExpr[] {
    return positions.length === t.loops.length ? positions.filter((_, i) => i !== t.chain?.position) : positions
  }

  scratch(id: string, loops: readonly Loop[], scope: readonly string[]): string {
    const indices = loops.map((l) => l.index)
    const shape = rowShape(indices, this.lowerer)
    const table = this.tables.get(tableIdOf(loops))
    const blocks = shape.length === indices.length && table !== undefined && this.isBlockable(table)
    return this.lowerer.buffer({
      id,
      space: 'scratch',
      type: 'f64',
      ...(blocks ? { rows: tableIdOf(loops) } : {}),
      shape: [...shape, ...scope.map((s) => this.valueAxis(s).size)],
    })
  }

  /** true where blocks of the rows of a table can be worked on by themselves. */
  isBlockable(t: LatentTable): boolean {
    const own = this.plan.potentials.filter((p) => p.table === t.id)
    return (
      this.plan.factorised === null &&
      t.chain === null &&
      t.parent === null &&
      !this.plan.tables.some((x) => x.parent?.table === t.id) &&
      own.every((p) => p.factors.every((f) => f.direct && this.isLocal(f, t))) &&
      t.loops.length > 0
    )
  }

  /** false for the normaliser of a block that takes more than the rows of this table to compute. */
  private isLocal(f: Potential['factors'][number], t: LatentTable): boolean {
    const block = this.plan.blocks.find((b) => b.id === f.lifted.factor.id)
    return block === undefined || (tableIdOf(block.loops) === t.id && block.factors.every((x) => x.direct))
  }

  isOwn(t: LatentTable, scope: readonly string[]): boolean {
    return scope.some((e) => t.latents.some((l) => l.name === elementOf(e).latent))
  }
}
