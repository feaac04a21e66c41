/** Elimination upwards: messages of the buckets of a table, its chains, and what it sends to its parent. */
import { unitLoops } from '../estep/chain-blocks.js'
import type { Bucket, LatentTable, Potential } from '../estep/types.js'
import { k } from '../kernel/index.js'
import type { KExpr, KernelOp } from '../kernel/types.js'
import { bestBuffer, messageBuffer } from './buffers.js'
import { ChainLowering } from './chain.js'
import type { ChainHost } from './chain-places.js'
import { chainTerms, type Source } from './chain-terms.js'
import { DrawChainLowering } from './draw-chain.js'
import type { Draws } from './draws.js'
import type { GivenWeights } from './given-weights.js'
import { MaxChainLowering } from './max-chain.js'
import { type Product, positionOfMaximum } from './max-product.js'
import { need } from './need.js'
import type { PotentialLowering } from './potentials.js'
import type { TableLayout } from './table-layout.js'
import type { TablePosteriors } from './table-posteriors.js'
import { TwoEndsChain } from './two-ends.js'

/** A table once its messages have gone up. */
export interface LoweredUp {
  readonly table: LatentTable
  readonly blockable: boolean
  readonly up: readonly KernelOp[]
  readonly chains: readonly ChainLowering[]
  /** What each bucket sums over, by what it eliminates. */
  readonly combined: ReadonlyMap<string, (axes: ReadonlyMap<string, KExpr>) => KExpr>
  readonly normaliser: string | null
}

export class UpwardPass {
  /** Messages into tables whose children have been lowered. */
  private readonly incoming = new Map<string, Source[]>()

  constructor(
    private readonly layout: TableLayout,
    private readonly potentials: PotentialLowering,
    private readonly posteriors: TablePosteriors,
    private readonly weights: GivenWeights,
    private readonly product: Product,
    private readonly linear: TwoEndsChain[],
    /** Where values are drawn. */
    private readonly draws: Draws | null = null,
  ) {}

  lower(t: LatentTable): LoweredUp {
    const up: KernelOp[] = []
    const rows = this.layout.rowAxes(t.loops)
    const rowAt = this.layout.ownRow(t.loops)
    const potentials = this.layout.plan.potentials.filter((p) => p.table === t.id)
    const eliminated = new Set(t.buckets.map((b) => b.eliminate))
    // in a chain the buckets are those of single rows, and the chain takes the other factors as they are
    const own = t.chain === null ? potentials : potentials.filter((p) => p.scope.some((s) => eliminated.has(s)))
    const sources: Source[] = own.map((p) => ({ buffer: this.potentials.potential(t, p, up), scope: p.scope }))
    sources.push(...(this.incoming.get(t.id) ?? []))
    const blockable = this.layout.isBlockable(t)

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
        const buffer = this.layout.scratch(`sum ${t.id} ${b.eliminate}`, t.loops, b.scope)
        const axes = b.scope.map((s) => this.layout.valueAxis(s))
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
      const message = this.layout.scratch(messageBuffer(b), t.loops, rest)
      const axes = rest.map((s) => this.layout.valueAxis(s))
      const over = this.layout.valueAxis(b.eliminate)
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
      const chosen = this.product === 'max' ? { value: total(at), top: message } : this.noisy(t, b, total(at), up)
      if (chosen !== null)
        up.push({
          op: 'map',
          out: this.layout.scratch(bestBuffer(b), t.loops, rest),
          axes: [...rows, ...axes],
          at: [...rowAt, ...axes.map((a) => k.axis(a))],
          value: positionOfMaximum([over], chosen.value, k.load(chosen.top, ...rowAt, ...axes.map((a) => k.axis(a)))),
        })
      if (rest.length === 0) normalisers.push(message)
      else live = [...live, { buffer: message, scope: rest }]
    }
    const chains = t.chain === null ? [] : this.chains(t, potentials, live, up)
    if (t.chain !== null) {
      const loose = live.filter((s) => !this.layout.isOwn(t, s.scope))
      live = [...loose.map((s) => this.overPlaces(t, s, up)), ...chains.map((c) => c.total)]
      const summed = normalisers.splice(0).map((buffer) => this.overPlaces(t, { buffer, scope: [] }, up).buffer)
      normalisers.push(...summed, ...live.filter((s) => s.scope.length === 0).map((s) => s.buffer))
      live = live.filter((s) => s.scope.length > 0)
    }
    if (t.parent !== null) this.sendUp(t, live, up)
    return { table: t, blockable, up, chains, combined, normaliser: this.normaliser(t, normalisers, up) }
  }

  /**
   * Log weights with Gumbel noise, the largest of which is a draw of what is eliminated given the rest (Yellott 1977), and
   * the largest; null where nothing is drawn. One of the rest's values is read, so that all may have the same noise.
   */
  private noisy(
    t: LatentTable,
    b: Bucket,
    logWeight: KExpr,
    up: KernelOp[],
  ): { readonly value: KExpr; readonly top: string } | null {
    if (this.draws === null) return null
    const { layout } = this
    const noisy = layout.scratch(`noisy ${t.id} ${b.eliminate}`, t.loops, b.scope)
    const top = layout.scratch(`top ${t.id} ${b.eliminate}`, t.loops, b.scope.slice(1))
    const [rows, rowAt] = [layout.rowAxes(t.loops), layout.ownRow(t.loops)]
    const axes = b.scope.map((s) => layout.valueAxis(s))
    const [over, ...rest] = axes
    if (over === undefined) throw new Error('a bucket without a scope')
    const at = [...rowAt, ...axes.map((a) => k.axis(a))]
    const noise = this.draws.stream('gumbelDraw')(this.draws.row(noisy, rowAt), k.axis(over))
    up.push(
      { op: 'map', out: noisy, axes: [...rows, ...axes], at, value: k.add(logWeight, noise) },
      {
        op: 'reduce',
        kind: 'max',
        out: top,
        axes: [...rows, ...rest],
        over: [over],
        at: [...rowAt, ...rest.map((a) => k.axis(a))],
        value: k.load(noisy, ...at),
      },
    )
    return { value: k.load(noisy, ...at), top }
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
      isFactor: this.layout.plan.factorised !== null,
      lowerer: this.layout.lowerer,
      base: this.layout.base,
      valueAxis: (e) => this.layout.valueAxis(e),
      scratch: (id, loops, scope) => this.layout.scratch(id, loops, scope),
      context: (loops, positions) => this.layout.context(loops, positions),
      withValues: (f, context, value) => this.potentials.withValues(f, context, value),
      summed: (f) => this.potentials.summed(f),
      parent: (fixed, positions) => this.posteriors.parentQuery(t, fixed, positions),
      given: (e, value, positions) => this.weights.at(t, e, value, positions),
    }
    return chain.blocks.map((block) => {
      const terms = chainTerms(chain, block, rest, live, (p) => ({
        buffer: this.potentials.potential(t, p, up),
        scope: p.scope,
      }))
      const states = [...block.window, ...block.leaving, ...block.parents].map((e) => host.valueAxis(e))
      const isLinear = this.product === 'linear' && TwoEndsChain.accepts(terms, states)
      const Chain = this.product === 'max' ? MaxChainLowering : isLinear ? TwoEndsChain : ChainLowering
      const lowering =
        this.draws === null
          ? new Chain(host, t, chain, block, terms)
          : new DrawChainLowering(this.draws, host, t, chain, block, terms)
      if (lowering instanceof TwoEndsChain) this.linear.push(lowering)
      this.posteriors.chains.set(block.id, lowering)
      up.push(...lowering.forward())
      return lowering
    })
  }

  /** Σ of a message over the places of each sequence. */
  private overPlaces(t: LatentTable, s: Source, up: KernelOp[]): Source {
    const id = this.layout.scratch(`along ${s.buffer}`, unitLoops(t), s.scope)
    const axes = s.scope.map((e) => this.layout.valueAxis(e))
    const values = axes.map((a) => k.axis(a))
    const rows = this.layout.rowAxes(t.loops)
    const sequence = this.layout.sequencePositions(
      t,
      rows.map((a) => k.axis(a)),
    )
    up.push({ op: 'fill', out: id, value: 0 })
    up.push({
      op: 'scatterAdd',
      out: id,
      axes: [...rows, ...axes],
      at: [...this.layout.rowAt(unitLoops(t), sequence), ...values],
      value: k.load(s.buffer, ...this.layout.ownRow(t.loops), ...values),
    })
    return { buffer: id, scope: s.scope }
  }

  private sendUp(t: LatentTable, messages: readonly Source[], up: KernelOp[]): void {
    const parent = this.layout.parent(t)
    if (t.parent === null || parent === undefined) return
    const loops = unitLoops(t)
    const rows = this.layout.rowAxes(loops)
    const context = this.layout.rowContext(loops)
    const key = this.layout.keyPositions(
      t,
      rows.map((a) => k.axis(a)),
    )
    for (const m of messages) {
      const id = this.layout.scratch(`in ${parent.id} ${m.buffer}`, parent.loops, m.scope)
      const axes = m.scope.map((s) => this.layout.valueAxis(s))
      up.push({ op: 'fill', out: id, value: 0 })
      const load = k.load(m.buffer, ...this.layout.ownRow(loops), ...axes.map((a) => k.axis(a)))
      up.push({
        op: 'scatterAdd',
        out: id,
        axes: [...rows, ...axes],
        at: [...this.layout.rowAt(parent.loops, key), ...axes.map((a) => k.axis(a))],
        value: t.weight === null ? load : k.mul0(this.layout.lowerer.expr(t.weight, context), load),
      })
      this.incoming.set(parent.id, [...(this.incoming.get(parent.id) ?? []), { buffer: id, scope: m.scope }])
    }
  }

  private normaliser(t: LatentTable, parts: readonly string[], up: KernelOp[]): string | null {
    const [first] = parts
    if (first === undefined) return null
    if (parts.length === 1) return first
    const loops = unitLoops(t)
    const at = this.layout.ownRow(loops)
    const id = this.layout.scratch(`norm ${t.id}`, loops, [])
    up.push({
      op: 'map',
      out: id,
      axes: this.layout.rowAxes(loops),
      at,
      value: k.add(...parts.map((p) => k.load(p, ...at))),
    })
    return id
  }
}
