/** What the recursions along a chain have in common: its arrays, the row of a place, values of elements, and the step. */
import type { Expr } from '../algebra/types.js'
import { placedExpr } from '../estep/place.js'
import { elementName, elementOf } from '../estep/places.js'
import type { ChainBlock, LatentTable, PlacedFactor, TableChain } from '../estep/types.js'
import type { Loop } from '../graph/types.js'
import { k } from '../kernel/index.js'
import type { Axis, KExpr, KernelOp } from '../kernel/types.js'
import type { ChainTerms, Source, StepTable } from './chain-terms.js'
import type { Lowerer, LoweringContext } from './lowerer.js'
import { need } from './need.js'
import { rowAt } from './rows.js'

/** What a chain needs of the E-step around it. */
export interface ChainHost {
  readonly lowerer: Lowerer
  /** The chain is a factor of q, or a part of one. */
  readonly isFactor: boolean
  /** A context without loops. */
  readonly base: LoweringContext
  valueAxis(element: string): Axis
  scratch(id: string, loops: readonly Loop[], scope: readonly string[]): string
  /** The loops of a table bound to 0-based positions. */
  context(loops: readonly Loop[], positions: readonly KExpr[]): LoweringContext
  /** The context with the values of a factor's variables. */
  withValues(f: PlacedFactor, context: LoweringContext, value: (element: string) => KExpr): LoweringContext
  /** A factor's log density summed over the loops beyond its row. */
  summed(f: PlacedFactor): Expr
  /** Posterior of values of the parent's elements, at the row that a row of the table points to. */
  parent(fixed: ReadonlyMap<string, KExpr>, positions: readonly KExpr[]): KExpr
  /** Weight of a value in a start's posterior, for a latent of the table or of its parent. */
  given(element: string, value: KExpr, positions: readonly KExpr[]): KExpr
}

/** Values of elements, by name. */
export type Values = ReadonlyMap<string, KExpr>

export abstract class ChainPlaces {
  protected readonly window: readonly Axis[]
  protected readonly leaving: readonly Axis[]
  protected readonly parents: readonly Axis[]
  protected readonly sequences: readonly Axis[]
  protected readonly axis: Axis
  protected readonly tables: readonly { readonly of: StepTable; readonly plain: string; readonly log: string }[]
  /** The step depends on the place. */
  protected readonly varies: boolean
  protected readonly alpha: string
  protected readonly ratio: string
  protected readonly gamma: string
  /** 1 under a start's posterior, where the step does not count. */
  protected readonly free: string
  /** Log-normaliser of each sequence, for each value of the parents' elements. */
  readonly total: Source

  constructor(
    protected readonly host: ChainHost,
    protected readonly table: LatentTable,
    protected readonly chain: TableChain,
    protected readonly block: ChainBlock,
    protected readonly terms: ChainTerms,
  ) {
    const { id } = block
    this.window = block.window.map((e) => host.valueAxis(e))
    this.leaving = block.leaving.map((e) => host.valueAxis(e))
    this.parents = block.parents.map((e) => host.valueAxis(e))
    const loops = host.lowerer.loops(
      table.loops.map((l) => l.index),
      { vars: new Map(), at: 'param' },
    ).axes
    this.sequences = loops.filter((_, i) => i !== chain.position)
    const axis = loops[chain.position]
    if (axis === undefined) throw new Error('a chain without an axis')
    this.axis = axis
    const states = [...block.window, ...block.parents]
    this.varies = terms.step.direct.length + terms.step.sources.length > 0
    this.alpha = host.scratch(`alpha ${id}`, table.loops, states)
    this.ratio = host.scratch(`ratio ${id}`, table.loops, states)
    this.gamma = host.scratch(`post ${id}`, table.loops, states)
    this.free = host.scratch(`free ${id}`, [], [])
    this.total = { buffer: host.scratch(`msg ${id}`, chain.sequences, block.parents), scope: block.parents }
    this.tables = terms.step.tables.map((of, i) => ({
      of,
      plain: host.scratch(`step ${i + 1} ${id}`, of.loops, of.elements),
      log: host.scratch(`log step ${i + 1} ${id}`, of.loops, of.elements),
    }))
  }

  // -- positions and values ------------------------------------------------------------------------------------------

  /** Positions of a row along the loops of the table, `at` along the chain. */
  protected positions(at: KExpr = k.axis(this.axis)): readonly KExpr[] {
    const out: KExpr[] = this.sequences.map((a) => k.axis(a))
    out.splice(this.chain.position, 0, at)
    return out
  }

  protected load(buffer: string, positions: readonly KExpr[], elements: readonly string[], values: Values): KExpr {
    return k.load(buffer, ...this.rowAt(positions), ...elements.map((e) => need(values.get(e))))
  }

  /** Where the row at these positions lies in the buffers of the table. */
  protected rowAt(positions: readonly KExpr[]): readonly KExpr[] {
    return rowAt(
      this.table.loops.map((l) => l.index),
      positions,
      this.host.lowerer,
    )
  }

  protected ownRow(): readonly KExpr[] {
    return this.rowAt(this.positions())
  }

  protected store(buffer: string, axes: readonly Axis[], value: KExpr): KernelOp {
    return { op: 'map', out: buffer, axes, at: [...this.ownRow(), ...axes.map((a) => k.axis(a))], value }
  }

  /** The values of all elements at their own axes. */
  protected ownValues(): Map<string, KExpr> {
    const { window, leaving, parents } = this.block
    return new Map([
      ...window.map((e, i) => [e, k.axis(need(this.window[i]))] as const),
      ...leaving.map((e, i) => [e, k.axis(need(this.leaving[i]))] as const),
      ...parents.map((e, i) => [e, k.axis(need(this.parents[i]))] as const),
    ])
  }

  /** Values at the place before: what lay back n + 1 steps lies back n. */
  protected before(values: Values): Map<string, KExpr> {
    const { window, parents } = this.block
    const earlier = (e: string): string => {
      const { latent, lag } = elementOf(e)
      return elementName(latent, lag + 1)
    }
    return new Map([
      ...window.map((e) => [e, need(values.get(earlier(e)))] as const),
      ...parents.map((e) => [e, need(values.get(e))] as const),
    ])
  }

  protected beforePositions(positions: readonly KExpr[]): readonly KExpr[] {
    return positions.map((p, i) => (i === this.chain.position ? k.add(p, k.num(-1)) : p))
  }

  protected isFirst(positions: readonly KExpr[]): KExpr {
    return k.compare('==', need(positions[this.chain.position]), k.num(0))
  }

  protected length(): KExpr {
    const { ragged, size } = this.axis
    return ragged === undefined ? k.size(size) : k.load(ragged.sizes, ragged.at)
  }

  /** Before the first place the absent elements have all their mass at their first value. */
  protected absent(elements: readonly string[], values: Values): KExpr {
    return k.and(...elements.map((e) => k.compare('==', need(values.get(e)), k.num(0))))
  }

  protected readonly lagged = (e: string): boolean => elementOf(e).lag > 0

  protected get states(): readonly string[] {
    return [...this.block.window, ...this.block.parents]
  }

  // -- the step ------------------------------------------------------------------------------------------------------

  protected tableAt(
    t: (typeof this.tables)[number],
    buffer: string,
    positions: readonly KExpr[],
    values: Values,
  ): KExpr {
    const at = t.of.loops.map((l) => need(positions[this.table.loops.indexOf(l)]))
    return k.load(buffer, ...at, ...t.of.elements.map((e) => need(values.get(e))))
  }

  protected where(t: StepTable, positions: readonly KExpr[], then: KExpr, otherwise: KExpr): KExpr {
    const when = this.host.lowerer.guard(t.when, this.host.context(this.table.loops, positions))
    return k.select(when, then, otherwise)
  }

  protected plainStep(positions: readonly KExpr[], values: Values): KExpr {
    return k.mul(
      ...this.tables.map((t) => this.where(t.of, positions, this.tableAt(t, t.plain, positions, values), k.num(1))),
    )
  }

  protected logStep(positions: readonly KExpr[], values: Values): KExpr {
    const { direct, sources } = this.terms.step
    const alike = this.tables.map((t) =>
      this.where(t.of, positions, this.tableAt(t, t.log, positions, values), k.num(0)),
    )
    if (!this.varies) return k.add(...alike)
    const varying = [
      ...direct.map((f) => this.logDensity(f, positions, values)),
      ...sources.map((s) => this.load(s.buffer, positions, s.scope, values)),
    ]
    return k.select(k.compare('==', k.load(this.free), k.num(0)), k.add(...alike, ...varying), k.num(0))
  }

  protected logDensity(f: PlacedFactor, positions: readonly KExpr[], values: Values): KExpr {
    const context = this.host.withValues(f, this.host.context(this.table.loops, positions), (e) => need(values.get(e)))
    return this.host.lowerer.expr(placedExpr({ ...f, lifted: { ...f.lifted, expr: this.host.summed(f) } }), context)
  }

  protected stepTables(): readonly KernelOp[] {
    return this.tables.flatMap((t) => {
      const { axes: rows, context } = this.host.lowerer.loops(
        t.of.loops.map((l) => l.index),
        this.host.base,
      )
      const axes = t.of.elements.map((e) => this.host.valueAxis(e))
      const values = new Map(t.of.elements.map((e, i) => [e, k.axis(need(axes[i]))]))
      const logs = t.of.factors.map((f) =>
        this.host.lowerer.expr(
          this.host.summed(f),
          this.host.withValues(f, context, (e) => need(values.get(e))),
        ),
      )
      const at = [...rows, ...axes].map((a) => k.axis(a))
      const all = [...rows, ...axes]
      return [
        { op: 'map', out: t.log, axes: all, at, value: k.add(...logs) },
        { op: 'map', out: t.plain, axes: all, at, value: k.mul(...logs.map(exp)) },
      ] satisfies KernelOp[]
    })
  }
}

/** exp of a log density; of a logarithm what it is of. */
const exp = (e: KExpr): KExpr => {
  const [of] = e.k === 'call' && e.fn === 'log' ? e.args : []
  return of ?? k.call('exp', e)
}
