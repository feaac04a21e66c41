/** E-step plan → kernel operations: potentials, elimination upwards, joint posteriors downwards. */
import { mul } from '../algebra/build.js'
import type { Expr, IndexVar, Indicator } from '../algebra/types.js'
import { substituteIndex } from '../algebra/visit.js'
import { unitLoops } from '../estep/chain-blocks.js'
import { placedExpr } from '../estep/place.js'
import { elementOf } from '../estep/places.js'
import { weightOf } from '../estep/plan.js'
import type { Bucket, EStepPlan, LatentTable, PlacedFactor, Potential } from '../estep/types.js'
import type { DiscreteLatent, Loop } from '../graph/types.js'
import { k } from '../kernel/index.js'
import type { Axis, KExpr, KernelOp } from '../kernel/types.js'
import {
  addToObjective,
  bestBuffer,
  givenBuffer,
  marginalBuffer,
  meanBuffer,
  messageBuffer,
  postBuffer,
  tableIdOf,
} from './buffers.js'

import { type ChainHost, ChainLowering } from './chain.js'
import { chainTerms, type Source } from './chain-terms.js'
import { type ReadCells, readCells } from './indicators.js'

import { extentOf, type Lowerer, type LoweringContext } from './lowerer.js'
import { MaxChainLowering } from './max-chain.js'
import { type Product, positionOfMaximum } from './max-product.js'
import { rowAt, rowShape } from './rows.js'

export interface LoweredTable {
  readonly table: LatentTable
  /** true where blocks of its rows can be worked on by themselves. */
  readonly blockable: boolean
  readonly up: readonly KernelOp[]
  readonly down: readonly KernelOp[]
  readonly given: readonly KernelOp[]
  readonly objective: readonly KernelOp[]
  readonly marginals: readonly KernelOp[]
  readonly normaliser: string | null
}

/** A table once its messages have gone up. */
interface LoweredUp {
  readonly table: LatentTable
  readonly blockable: boolean
  readonly up: readonly KernelOp[]
  readonly chains: readonly ChainLowering[]
  /** What each bucket sums over, by what it eliminates. */
  readonly combined: ReadonlyMap<string, (axes: ReadonlyMap<string, KExpr>) => KExpr>
  readonly normaliser: string | null
}

export class EStepLowering {
  private empty: LoweringContext = { vars: new Map(), at: 'param' }
  private readonly latents: ReadonlyMap<string, DiscreteLatent>
  private readonly tables: ReadonlyMap<string, LatentTable>
  private readonly incoming = new Map<string, Source[]>()
  private readonly chainLowerings = new Map<string, ChainLowering>()
  readonly lowered = new Map<string, LoweredTable>()

  constructor(
    private readonly lowerer: Lowerer,
    private readonly plan: EStepPlan,
    private readonly product: Product = 'sum',
    /** Posteriors along chains are those given the data up to a place. */
    private readonly filtered = false,
  ) {
    this.tables = new Map(plan.tables.map((t) => [t.id, t]))
    this.latents = new Map(plan.tables.flatMap((t) => t.latents.map((l) => [l.name, l] as const)))
  }

  /** How factors of a factorised posterior read the others. */
  reading(posterior: Pick<LoweringContext, 'probability' | 'expect'>): void {
    if (this.plan.factorised !== null) this.empty = { ...this.empty, ...posterior }
  }

  run(): readonly LoweredTable[] {
    // posteriors are read from parents, which come after their children; chains can be read once they are made
    const order = this.plan.factorised === null ? this.plan.tables : chainsFirst(this.plan)
    const upwards = order.map((t) => this.lowerUp(t))
    for (const u of upwards) this.lowered.set(u.table.id, this.lowerDown(u))
    return [...this.lowered.values()]
  }

  /** Posterior of indicators: the joint table of the bucket or the chain that holds them all, other values summed out. */
  readonly probability = (of: readonly Indicator[], context: LoweringContext): KExpr =>
    k.mul(...independent(of, this.plan).map((together) => this.joint(together, context)))

  private joint(of: readonly Indicator[], context: LoweringContext): KExpr {
    const cells: ReadCells = readCells(of, this.plan)
    const { table } = cells
    const fixed = new Map(
      of.map(
        (i, n) =>
          [need(cells.elements[n]), k.add(this.lowerer.expr(i.value, context), k.neg(this.low(i.latent)))] as const,
      ),
    )
    const positions = table.loops.map((l, i) => this.lowerer.along(l.index, need(cells.row[i]), context))
    return this.query(table, fixed, positions, false)
  }

  /** Means of counts: their buffer at the row. */
  readonly mean = (latent: string, index: readonly Expr[], context: LoweringContext): KExpr =>
    k.load(meanBuffer(latent), ...index.map((e) => this.lowerer.position(e, context)))

  private latent(name: string): DiscreteLatent {
    const l = this.latents.get(name)
    if (l === undefined) throw new Error(`unknown latent ${name}`)
    return l
  }

  private low(name: string): KExpr {
    return this.lowerer.expr(this.latent(name).low, this.empty)
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

  private rowContext(loops: readonly Loop[]): LoweringContext {
    let context = this.empty
    for (const l of loops) context = this.lowerer.bind(l.index, context)
    return context
  }

  /** The loops of a table bound to 0-based positions. */
  context(loops: readonly Loop[], positions: readonly KExpr[]): LoweringContext {
    const vars = new Map<string, KExpr>()
    loops.forEach((l, i) => {
      vars.set(l.index.id, k.add(need(positions[i]), this.lowerer.expr(l.index.from, { ...this.empty, vars })))
    })
    return { ...this.empty, vars }
  }

  private rowAxes(loops: readonly Loop[]): readonly Axis[] {
    return this.lowerer.loops(
      loops.map((l) => l.index),
      this.empty,
    ).axes
  }

  /** Where a row of a table lies in its buffers. */
  private rowAt(loops: readonly Loop[], positions: readonly KExpr[]): readonly KExpr[] {
    return rowAt(
      loops.map((l) => l.index),
      positions,
      this.lowerer,
    )
  }

  private ownRow(loops: readonly Loop[]): readonly KExpr[] {
    return this.rowAt(
      loops,
      this.rowAxes(loops).map((a) => k.axis(a)),
    )
  }

  /** Positions of the parent's row that a row of the table points to. */
  private keyPositions(t: LatentTable, positions: readonly KExpr[]): readonly KExpr[] {
    const { key = [], table } = t.parent ?? { table: '' }
    const parent = this.tables.get(table)
    const context = this.context(unitLoops(t), t.chain === null ? positions : this.sequencePositions(t, positions))
    return key.map((e, i) => {
      const loop = parent?.loops[i]
      return loop === undefined ? this.lowerer.position(e, context) : this.lowerer.along(loop.index, e, context)
    })
  }

  private sequencePositions(t: LatentTable, positions: readonly KExpr[]): readonly KExpr[] {
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

  private marginal(
    buffer: string,
    scope: readonly string[],
    fixed: ReadonlyMap<string, KExpr>,
    row: readonly KExpr[],
  ): KExpr {
    const others = scope.filter((s) => !fixed.has(s))
    const at = scope.map((s) => fixed.get(s) ?? k.axis(`sum ${s}`))
    const load = k.load(buffer, ...row, ...at)
    return others.reduceRight<KExpr>((e, s) => k.sum({ ...this.valueAxis(s), id: `sum ${s}` }, e), load)
  }

  private lowerUp(t: LatentTable): LoweredUp {
    const up: KernelOp[] = []
    const rows = this.rowAxes(t.loops)
    const rowAt = this.ownRow(t.loops)
    const potentials = this.plan.potentials.filter((p) => p.table === t.id)
    const eliminated = new Set(t.buckets.map((b) => b.eliminate))
    // in a chain the buckets are those of single rows, and the chain takes the other factors as they are
    const own = t.chain === null ? potentials : potentials.filter((p) => p.scope.some((s) => eliminated.has(s)))
    const sources: Source[] = own.map((p) => ({ buffer: this.potential(t, p, up), scope: p.scope }))
    sources.push(...(this.incoming.get(t.id) ?? []))
    const blockable = this.isBlockable(t)

    let live = sources
    const normalisers: string[] = []
    const combined = new Map<string, (axes: ReadonlyMap<string, KExpr>) => KExpr>()
    for (const b of t.buckets) {
      const inputs = live.filter((s) => s.scope.includes(b.eliminate))
      live = live.filter((s) => !inputs.includes(s))
      const load = (s: Source, at: ReadonlyMap<string, KExpr>): KExpr =>
        k.load(s.buffer, ...rowAt, ...s.scope.map((x) => need(at.get(x))))
      let total: (at: ReadonlyMap<string, KExpr>) => KExpr
      const only = inputs[0]
      if (inputs.length === 1 && only !== undefined) total = (at) => load(only, at)
      else {
        const buffer = this.scratch(`sum ${t.id} ${b.eliminate}`, t.loops, b.scope)
        const axes = b.scope.map((s) => this.valueAxis(s))
        const at = new Map(b.scope.map((s, i) => [s, k.axis(need(axes[i]))]))
        up.push({
          op: 'map',
          out: buffer,
          axes: [...rows, ...axes],
          at: [...rowAt, ...axes.map((a) => k.axis(a))],
          value: k.add(...inputs.map((s) => load(s, at))),
        })
        total = (x) => k.load(buffer, ...rowAt, ...b.scope.map((s) => need(x.get(s))))
      }
      combined.set(b.eliminate, total)
      const rest = b.scope.slice(1)
      const message = this.scratch(messageBuffer(b), t.loops, rest)
      const axes = rest.map((s) => this.valueAxis(s))
      const over = this.valueAxis(b.eliminate)
      const at = new Map([
        ...rest.map((s, i) => [s, k.axis(need(axes[i]))] as const),
        [b.eliminate, k.axis(over)] as const,
      ])
      up.push({
        op: 'reduce',
        kind: this.product === 'max' ? 'max' : 'logSumExp',
        out: message,
        axes: [...rows, ...axes],
        over: [over],
        at: [...rowAt, ...axes.map((a) => k.axis(a))],
        value: total(at),
      })
      if (this.product === 'max')
        up.push({
          op: 'map',
          out: this.scratch(bestBuffer(b), t.loops, rest),
          axes: [...rows, ...axes],
          at: [...rowAt, ...axes.map((a) => k.axis(a))],
          value: positionOfMaximum([over], total(at), k.load(message, ...rowAt, ...axes.map((a) => k.axis(a)))),
        })
      if (rest.length === 0) normalisers.push(message)
      else live = [...live, { buffer: message, scope: rest }]
    }
    const chains = t.chain === null ? [] : this.chains(t, potentials, live, up)
    if (t.chain !== null) {
      const loose = live.filter((s) => !this.isOwn(t, s.scope))
      live = [...loose.map((s) => this.overPlaces(t, s, up)), ...chains.map((c) => c.total)]
      const summed = normalisers.splice(0).map((buffer) => this.overPlaces(t, { buffer, scope: [] }, up).buffer)
      normalisers.push(...summed, ...live.filter((s) => s.scope.length === 0).map((s) => s.buffer))
      live = live.filter((s) => s.scope.length > 0)
    }
    if (t.parent !== null) this.sendUp(t, live, up)
    return { table: t, blockable, up, chains, combined, normaliser: this.normaliser(t, normalisers, up) }
  }

  private lowerDown({ table: t, blockable, up, chains, combined, normaliser }: LoweredUp): LoweredTable {
    return {
      table: t,
      blockable,
      up,
      down: [...chains.flatMap((c) => c.backward(this.filtered)), ...this.down(t, combined)],
      given: [...chains.flatMap((c) => c.given()), ...this.given(t)],
      objective: normaliser === null ? [] : this.objectiveOf(t, normaliser),
      marginals: this.marginals(t),
      normaliser,
    }
  }

  /** true where blocks of the rows of a table can be worked on by themselves. */
  private isBlockable(t: LatentTable): boolean {
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

  private isOwn(t: LatentTable, scope: readonly string[]): boolean {
    return scope.some((e) => t.latents.some((l) => l.name === elementOf(e).latent))
  }

  private chains(
    t: LatentTable,
    potentials: readonly Potential[],
    live: readonly Source[],
    up: KernelOp[],
  ): readonly ChainLowering[] {
    const { chain } = t
    if (chain === null) return []
    const eliminated = new Set(t.buckets.map((b) => b.eliminate))
    const rest = potentials.filter((p) => !p.scope.some((s) => eliminated.has(s)))
    const host: ChainHost = {
      lowerer: this.lowerer,
      base: this.empty,
      valueAxis: (e) => this.valueAxis(e),
      scratch: (id, loops, scope) => this.scratch(id, loops, scope),
      context: (loops, positions) => this.context(loops, positions),
      withValues: (f, context, value) => this.withValues(f, context, value),
      summed: (f) => this.summed(f),
      parent: (fixed, positions) => this.parentQuery(t, fixed, positions),
      given: (e, value, positions) => this.givenAt(t, e, value, positions),
    }
    const Chain = this.product === 'max' ? MaxChainLowering : ChainLowering
    return chain.blocks.map((block) => {
      const terms = chainTerms(chain, block, rest, live, (p) => ({ buffer: this.potential(t, p, up), scope: p.scope }))
      const lowering = new Chain(host, t, chain, block, terms)
      this.chainLowerings.set(block.id, lowering)
      up.push(...lowering.forward())
      return lowering
    })
  }

  /** Σ of a message over the places of each sequence. */
  private overPlaces(t: LatentTable, s: Source, up: KernelOp[]): Source {
    const id = this.scratch(`along ${s.buffer}`, unitLoops(t), s.scope)
    const axes = s.scope.map((e) => this.valueAxis(e))
    const values = axes.map((a) => k.axis(a))
    const rows = this.rowAxes(t.loops)
    const sequence = this.sequencePositions(
      t,
      rows.map((a) => k.axis(a)),
    )
    up.push({ op: 'fill', out: id, value: 0 })
    up.push({
      op: 'scatterAdd',
      out: id,
      axes: [...rows, ...axes],
      at: [...this.rowAt(unitLoops(t), sequence), ...values],
      value: k.load(s.buffer, ...this.ownRow(t.loops), ...values),
    })
    return { buffer: id, scope: s.scope }
  }

  /** ψ[row, values] = Σ of the factors over that scope. */
  private potential(t: LatentTable, p: Potential, out: KernelOp[]): string {
    const id = this.scratch(`psi ${t.id} ${p.scope.join(',')}`, t.loops, p.scope)
    const scopeAxes = p.scope.map((s) => this.valueAxis(s))
    const ownValue = (e: string): KExpr => k.axis(`value ${e}`)
    const rows = this.rowAxes(t.loops)
    const direct = p.factors.filter((f) => f.direct)
    const values = direct.map((f) => {
      const context = this.withValues(f, this.rowContext(t.loops), ownValue)
      return this.lowerer.expr(placedExpr({ ...f, lifted: { ...f.lifted, expr: this.summed(f) } }), context)
    })
    out.push(
      values.length === 0
        ? { op: 'fill', out: id, value: 0 }
        : {
            op: 'map',
            out: id,
            axes: [...rows, ...scopeAxes],
            at: [...this.ownRow(t.loops), ...scopeAxes.map((a) => k.axis(a))],
            value: k.add(...values),
          },
    )
    for (const f of p.factors.filter((x) => !x.direct)) {
      const { axes, context } = this.lowerer.loops(
        f.lifted.factor.loops.map((l) => l.index),
        this.empty,
      )
      const inner = this.withValues(f, context, ownValue)
      const positions = t.loops.map((l, i) => this.lowerer.along(l.index, need(f.row[i]), inner))
      out.push({
        op: 'scatterAdd',
        out: id,
        axes: [...axes, ...scopeAxes],
        at: [...this.rowAt(t.loops, positions), ...scopeAxes.map((a) => k.axis(a))],
        value: this.lowerer.expr(weighted(f), inner),
      })
    }
    return id
  }

  private withValues(f: PlacedFactor, context: LoweringContext, value: (element: string) => KExpr): LoweringContext {
    return {
      ...context,
      vars: new Map([
        ...context.vars,
        ...f.lifted.variables.map(
          (v, i) => [v.value.id, k.add(value(need(f.elements[i])), this.low(v.latent.name))] as const,
        ),
      ]),
    }
  }

  /** A factor's log density summed over the loops beyond its row. */
  private summed(f: PlacedFactor): Expr {
    return f.extraLoops.reduceRight<Expr>((e, l) => ({ kind: 'sum', index: l.index, body: e }), weighted(f))
  }

  private sendUp(t: LatentTable, messages: readonly Source[], up: KernelOp[]): void {
    const parent = t.parent === null ? undefined : this.tables.get(t.parent.table)
    if (t.parent === null || parent === undefined) return
    const loops = unitLoops(t)
    const rows = this.rowAxes(loops)
    const context = this.rowContext(loops)
    const key = this.keyPositions(
      t,
      rows.map((a) => k.axis(a)),
    )
    for (const m of messages) {
      const id = this.scratch(`in ${parent.id} ${m.buffer}`, parent.loops, m.scope)
      const axes = m.scope.map((s) => this.valueAxis(s))
      up.push({ op: 'fill', out: id, value: 0 })
      const load = k.load(m.buffer, ...this.ownRow(loops), ...axes.map((a) => k.axis(a)))
      up.push({
        op: 'scatterAdd',
        out: id,
        axes: [...rows, ...axes],
        at: [...this.rowAt(parent.loops, key), ...axes.map((a) => k.axis(a))],
        value: t.weight === null ? load : k.mul0(this.lowerer.expr(t.weight, context), load),
      })
      this.incoming.set(parent.id, [...(this.incoming.get(parent.id) ?? []), { buffer: id, scope: m.scope }])
    }
  }

  private normaliser(t: LatentTable, parts: readonly string[], up: KernelOp[]): string | null {
    const [first] = parts
    if (first === undefined) return null
    if (parts.length === 1) return first
    const loops = unitLoops(t)
    const at = this.ownRow(loops)
    const id = this.scratch(`norm ${t.id}`, loops, [])
    up.push({
      op: 'map',
      out: id,
      axes: this.rowAxes(loops),
      at,
      value: k.add(...parts.map((p) => k.load(p, ...at))),
    })
    return id
  }

  private objectiveOf(t: LatentTable, normaliser: string): readonly KernelOp[] {
    const loops = unitLoops(t)
    const rows = this.rowAxes(loops)
    const context = this.rowContext(loops)
    const weight = weightOf(loops)
    const log = k.load(normaliser, ...this.ownRow(loops))
    return addToObjective(rows, weight === null ? log : k.mul0(this.lowerer.expr(weight, context), log))
  }

  /** P(eliminated, rest) = P(eliminated | rest) · P(rest), from the last eliminated to the first. */
  private down(
    t: LatentTable,
    combined: ReadonlyMap<string, (at: ReadonlyMap<string, KExpr>) => KExpr>,
  ): readonly KernelOp[] {
    const out: KernelOp[] = []
    const rows = this.rowAxes(t.loops)
    const rowAt = this.ownRow(t.loops)
    for (const b of [...t.buckets].reverse()) {
      const id = this.scratch(postBuffer(b), t.loops, b.scope)
      const axes = b.scope.map((s) => this.valueAxis(s))
      const at = new Map(b.scope.map((s, i) => [s, k.axis(need(axes[i]))]))
      const rest = b.scope.slice(1)
      const conditional = this.conditional(b, at, rowAt, need(combined.get(b.eliminate)))
      const outer = rest.length === 0 ? null : this.restMarginal(t, b, at)
      out.push({
        op: 'map',
        out: id,
        axes: [...rows, ...axes],
        at: [...rowAt, ...axes.map((a) => k.axis(a))],
        value: outer === null ? conditional : k.mul0(outer, conditional),
      })
    }
    return out
  }

  /** P(eliminated | rest): under max-product 1 at the best value, the lowest where several are. */
  private conditional(
    b: Bucket,
    at: ReadonlyMap<string, KExpr>,
    rowAt: readonly KExpr[],
    combined: (at: ReadonlyMap<string, KExpr>) => KExpr,
  ): KExpr {
    const rest = b.scope.slice(1).map((s) => need(at.get(s)))
    if (this.product === 'max')
      return k.compare('==', need(at.get(b.eliminate)), k.load(bestBuffer(b), ...rowAt, ...rest))
    const total = combined(at)
    const message = k.load(messageBuffer(b), ...rowAt, ...rest)
    // below e^NEGLIGIBLE a probability is 0: denormal numbers would round to 0 in one place and not in another
    return k.select(
      k.compare('>', total, k.add(message, k.num(NEGLIGIBLE))),
      k.call('exp', k.sub(total, message)),
      k.num(0),
    )
  }

  /** P(rest of the scope): from the bucket that took the message, from the chain, or from the parent's row. */
  private restMarginal(t: LatentTable, b: Bucket, at: ReadonlyMap<string, KExpr>): KExpr {
    const fixed = new Map(b.scope.slice(1).map((s) => [s, need(at.get(s))]))
    const positions = this.rowAxes(t.loops).map((a) => k.axis(a))
    return this.query(t, fixed, positions, true, t.buckets.slice(t.buckets.indexOf(b) + 1))
  }

  /**
   * Posterior probability that elements of a table and of its parent have the given values at a row: from the first of
   * the buckets that holds them, from a chain, or from the parent's row.
   */
  private query(
    t: LatentTable,
    fixed: ReadonlyMap<string, KExpr>,
    positions: readonly KExpr[],
    anyPlace: boolean,
    buckets: readonly Bucket[] = t.buckets,
  ): KExpr {
    const names = [...fixed.keys()]
    const bucket =
      buckets.find((b) => names.length === 1 && b.eliminate === names[0]) ??
      buckets.find((b) => names.every((n) => b.scope.includes(n)))
    if (bucket !== undefined)
      return this.marginal(postBuffer(bucket), bucket.scope, fixed, this.rowAt(t.loops, positions))
    if (!this.isOwn(t, names)) return this.parentQuery(t, fixed, positions)
    const block = t.chain?.blocks.find((b) => {
      const known = [...b.window, ...b.leaving, ...b.parents]
      return names.every((n) => known.includes(n))
    })
    const lowering = block === undefined ? undefined : this.chainLowerings.get(block.id)
    if (lowering === undefined) throw new Error(`no clique holds ${names.join(', ')}`)
    return lowering.query(fixed, positions, anyPlace)
  }

  private parentQuery(t: LatentTable, fixed: ReadonlyMap<string, KExpr>, positions: readonly KExpr[]): KExpr {
    const parent = t.parent === null ? undefined : this.tables.get(t.parent.table)
    if (parent === undefined) throw new Error('message without a receiver')
    return this.query(parent, fixed, this.keyPositions(t, positions), true)
  }

  /** A start's posterior: the product of the weights handed in. */
  private given(t: LatentTable): readonly KernelOp[] {
    if (this.product === 'max') return []
    const rows = this.rowAxes(t.loops)
    const positions = rows.map((a) => k.axis(a))
    return t.buckets.map((b): KernelOp => {
      const id = this.scratch(postBuffer(b), t.loops, b.scope)
      const axes = b.scope.map((s) => this.valueAxis(s))
      return {
        op: 'map',
        out: id,
        axes: [...rows, ...axes],
        at: [...this.ownRow(t.loops), ...axes.map((a) => k.axis(a))],
        value: k.mul(...b.scope.map((s, i) => this.givenAt(t, s, k.axis(need(axes[i])), positions))),
      }
    })
  }

  /** Weight of a value in a start's posterior; before the first place all of it is at the first value. */
  private givenAt(t: LatentTable, element: string, value: KExpr, positions: readonly KExpr[]): KExpr {
    const { latent, lag } = elementOf(element)
    const isOwn = t.latents.some((l) => l.name === latent)
    const parent = t.parent === null ? undefined : this.tables.get(t.parent.table)
    const home = isOwn ? t : parent
    if (home === undefined) throw new Error(`${latent} is no latent of the table or of its parent`)
    const row = isOwn ? positions : this.keyPositions(t, positions)
    if (lag === 0) return k.load(this.givenBuffer(latent), ...this.rowAt(home.loops, row), value)
    const along = need(row[home.chain?.position ?? -1])
    const back = row.map((p) => (p === along ? k.add(p, k.num(-lag)) : p))
    return k.select(
      k.compare('>=', along, k.num(lag)),
      k.load(this.givenBuffer(latent), ...this.rowAt(home.loops, back), value),
      k.compare('==', value, k.num(0)),
    )
  }

  private givenBuffer(name: string): string {
    const l = this.latent(name)
    return this.lowerer.buffer({
      id: givenBuffer(name),
      space: 'given',
      type: 'f64',
      shape: [
        ...rowShape(
          l.loops.map((x) => x.index),
          this.lowerer,
        ),
        this.valueAxis(name).size,
      ],
    })
  }

  /** The entropy of the posterior of a table without a chain, added to the objective: −Σ P log P(eliminated | rest). */
  entropy(t: LatentTable): readonly KernelOp[] {
    const rows = this.rowAxes(t.loops)
    const rowAt = this.ownRow(t.loops)
    const weight = this.copies(t)
    return t.buckets.flatMap((b) => {
      const axes = b.scope.map((s): Axis => ({ ...this.valueAxis(s), id: `entropy ${s}` }))
      const joint = k.load(postBuffer(b), ...rowAt, ...axes.map((a) => k.axis(a)))
      const fixed = new Map(b.scope.slice(1).map((s, i) => [s, k.axis(need(axes[i + 1]))]))
      const rest = this.marginal(postBuffer(b), b.scope, fixed, rowAt)
      const term = k.select(
        k.compare('>', joint, k.num(0)),
        k.mul(joint, b.scope.length === 1 ? k.call('log', joint) : k.call('log', k.div(joint, rest))),
        k.num(0),
      )
      const whole = axes.reduceRight<KExpr>((e, a) => k.sum(a, e), k.neg(term))
      return addToObjective(
        rows,
        weight === null ? whole : k.mul0(this.lowerer.expr(weight, this.rowContext(t.loops)), whole),
      )
    })
  }

  /** How many copies a row of a table stands for: its weights, times those of the rows that it points to. */
  private copies(t: LatentTable): Expr | null {
    const own = weightOf(t.loops)
    const parent = t.parent === null ? undefined : this.tables.get(t.parent.table)
    if (t.parent === null || parent === undefined) return own
    const shared = new Set(t.loops.map((l) => l.index.id))
    const by = new Map(parent.loops.map((l, i) => [l.index.id, t.parent?.key[i] ?? l.index.from]))
    const above = weightOf(parent.loops.filter((l) => !shared.has(l.index.id)))
    if (above === null) return own
    const moved = substituteIndex(above, by)
    return own === null ? moved : mul(own, moved)
  }

  private marginals(t: LatentTable): readonly KernelOp[] {
    const rows = this.rowAxes(t.loops)
    return t.latents
      .filter((l) => this.marginalOf(t, l.name) === marginalBuffer(l.name))
      .map((l): KernelOp => {
        const axis = this.valueAxis(l.name)
        const id = this.scratch(marginalBuffer(l.name), t.loops, [l.name])
        const positions = rows.map((a) => k.axis(a))
        return {
          op: 'map',
          out: id,
          axes: [...rows, axis],
          at: [...this.ownRow(t.loops), k.axis(axis)],
          value: this.query(t, new Map([[l.name, k.axis(axis)]]), positions, true),
        }
      })
  }

  /** Buffer of a latent's marginals. */
  marginalOf(t: LatentTable, latent: string): string {
    for (const b of t.chain?.blocks ?? []) {
      const held = this.chainLowerings.get(b.id)?.marginalBuffer(latent) ?? null
      if (held !== null) return held
    }
    return marginalBuffer(latent)
  }
}

/** Indicators by the factor of q that holds their latents: these are independent of each other. */
function independent(of: readonly Indicator[], plan: EStepPlan): readonly (readonly Indicator[])[] {
  if (plan.factorised === null) return [of]
  return plan.factorised.factors
    .map((f) => of.filter((i) => f.latents.includes(i.latent)))
    .filter((together) => together.length > 0)
}

/** Tables by factors of q, those with chains first; within a factor children before parents. */
function chainsFirst(plan: EStepPlan): readonly LatentTable[] {
  const groups = (plan.factorised?.factors ?? []).map((f) => plan.tables.filter((t) => f.tables.includes(t.id)))
  const hasChain = (ts: readonly LatentTable[]): boolean => ts.some((t) => t.chain !== null)
  return [...groups.filter(hasChain), ...groups.filter((g) => !hasChain(g))].flat()
}

/** A factor's log density times the weights of the loops beyond its row. */
function weighted(f: PlacedFactor): Expr {
  const w = weightOf(f.extraLoops)
  return w === null ? f.lifted.expr : mul(w, f.lifted.expr)
}

/** Log of the smallest posterior probability that is told from 0. */
const NEGLIGIBLE = -300

function need<T>(x: T | undefined): T {
  if (x === undefined) throw new Error('missing part of a lowered table')
  return x
}
