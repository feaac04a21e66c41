/**
 * Scaled forward–backward along one chain (Baum, Petrie, Soules and Weiss 1970; Rabiner 1989, section V.A), with the
 * smoothing recursion backwards.
 *
 * With c₀…c_p the values of the elements, P those of the parent's row, Ψ_t the log of the step and E_t the evidence:
 *
 *   pred_t(c₀…c_{p−1}) = Σ_{c_p} α_{t−1}(c₁…c_p) exp Ψ_t(c₀…c_p)        α_t ∝ pred_t exp E_t, Σ α_t = 1
 *   γ_{t−1}(c₁…c_p) = Σ_{c₀} ξ_t,   ξ_t = α_{t−1} exp Ψ_t · γ_t / pred_t
 *
 * and log p of the sequence is the sum of the logs of what normalises α_t. Three arrays of places × states are live: α;
 * pred, which the ratio γ/pred replaces on the way back; and the evidence, which γ replaces. ξ is never stored.
 *
 * Numbers of any size stay apart. α and pred are kept as they are down to a bound and as their (negative) logs below
 * it, ratios up to a bound and as minus their logs above it; what is so kept is worked on in logs. Where the step
 * depends on the place, its density may be of any size, and pred and the ratio are logs throughout.
 */
import type { Expr } from '../algebra/types.js'
import { placedExpr } from '../estep/place.js'
import { elementName, elementOf } from '../estep/places.js'
import type { ChainBlock, LatentTable, PlacedFactor, TableChain } from '../estep/types.js'
import type { Loop } from '../graph/types.js'
import { k } from '../kernel/index.js'
import type { Axis, KExpr, KernelOp } from '../kernel/types.js'
import type { ChainTerms, Source, StepTable } from './chain-terms.js'
import type { Lowerer, LoweringContext } from './lowerer.js'
import { rowAt } from './rows.js'

/** What a chain needs of the E-step around it. */
export interface ChainHost {
  readonly lowerer: Lowerer
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

/** Log of the least α that is kept as it is, and of the largest ratio. */
const KEPT = 600
/** The least pred that is kept as it is: what α lost below e^−KEPT does not show in it. */
const LEAST_PREDICTED = 1e-240
const NEVER = k.num(Number.NEGATIVE_INFINITY)

export class ChainLowering {
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
    const row = rowAt(
      this.table.loops.map((l) => l.index),
      positions,
      this.host.lowerer,
    )
    return k.load(buffer, ...row, ...elements.map((e) => need(values.get(e))))
  }

  /** Where the row of a place lies in its buffers. */
  protected ownRow(): readonly KExpr[] {
    return rowAt(
      this.table.loops.map((l) => l.index),
      this.positions(),
      this.host.lowerer,
    )
  }

  protected store(buffer: string, axes: readonly Axis[], value: KExpr): KernelOp {
    const row = rowAt(
      this.table.loops.map((l) => l.index),
      this.positions(),
      this.host.lowerer,
    )
    return { op: 'map', out: buffer, axes, at: [...row, ...axes.map((a) => k.axis(a))], value }
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

  private plainStep(positions: readonly KExpr[], values: Values): KExpr {
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

  // -- numbers kept as they are or as logs ---------------------------------------------------------------------------

  private readonly logOfAlpha = (x: KExpr): KExpr =>
    k.select(k.compare('>', x, k.num(0)), k.call('log', x), k.select(k.compare('==', x, k.num(0)), NEVER, x))

  private readonly logOfRatio = (x: KExpr): KExpr =>
    this.varies ? x : k.select(k.compare('<', x, k.num(0)), k.neg(x), k.call('log', x))

  // -- forward -------------------------------------------------------------------------------------------------------

  /** Fills α and pred, and the log-normalisers. */
  forward(): readonly KernelOp[] {
    const { host, block } = this
    const out: KernelOp[] = [{ op: 'fill', out: this.free, value: 0 }, ...this.stepTables(), ...this.evidence()]
    out.push({ op: 'fill', out: this.total.buffer, value: 0 })
    const states = [...this.window, ...this.parents]
    const plain = host.scratch(`plain ${block.id}`, [], this.states)
    const joint = host.scratch(`joint ${block.id}`, [], this.states)
    const norm = host.scratch(`norm ${block.id}`, [], block.parents)
    const at = states.map((a) => k.axis(a))
    const positions = this.positions()
    const values = this.ownValues()
    const steps: KernelOp[] = []
    if (!this.varies) steps.push({ op: 'map', out: plain, axes: states, at, value: this.plainPrediction() })
    const predicted = k.load(plain, ...at)
    const kept = this.varies
      ? this.logPrediction()
      : k.select(k.compare('>', predicted, k.num(LEAST_PREDICTED)), predicted, this.logPrediction())
    steps.push(this.store(this.ratio, states, kept))
    const stored = this.load(this.ratio, positions, this.states, values)
    const log = this.varies ? stored : k.select(k.compare('>', stored, k.num(0)), k.call('log', stored), stored)
    steps.push({
      op: 'map',
      out: joint,
      axes: states,
      at,
      value: k.add(log, this.load(this.gamma, positions, this.states, values)),
    })
    const ofParents = this.parents.map((a) => k.axis(a))
    steps.push({
      op: 'reduce',
      kind: 'logSumExp',
      out: norm,
      axes: this.parents,
      over: this.window,
      at: ofParents,
      value: k.load(joint, ...at),
    })
    const normaliser = k.load(norm, ...ofParents)
    const share = k.sub(k.load(joint, ...at), normaliser)
    const alpha = k.select(
      k.compare('>', share, k.num(-KEPT)),
      k.call('exp', share),
      k.select(k.compare('==', share, NEVER), k.num(0), share),
    )
    // impossible data leave no mass
    steps.push(this.store(this.alpha, states, k.select(k.compare('==', normaliser, NEVER), k.num(0), alpha)))
    steps.push({
      op: 'scatterAdd',
      out: this.total.buffer,
      axes: this.parents,
      at: [...this.sequenceRow(), ...ofParents],
      value: normaliser,
    })
    return [...out, this.alongSequences(steps, false)]
  }

  protected sequenceRow(): readonly KExpr[] {
    return rowAt(
      this.chain.sequences.map((l) => l.index),
      this.sequences.map((a) => k.axis(a)),
      this.host.lowerer,
    )
  }

  protected alongSequences(steps: readonly KernelOp[], reverse: boolean): KernelOp {
    const along: KernelOp = { op: 'scan', axis: this.axis, reverse, carry: [], step: steps }
    return this.sequences.reduceRight<KernelOp>(
      (inner, axis) => ({ op: 'scan', axis, reverse: false, carry: [], step: [inner] }),
      along,
    )
  }

  /** The evidence of each place, in the array that the posterior takes over. */
  protected evidence(): readonly KernelOp[] {
    const { local } = this.terms
    const { axes: rows, context } = this.host.lowerer.loops(
      this.table.loops.map((l) => l.index),
      this.host.base,
    )
    const states = [...this.window, ...this.parents]
    const values = this.ownValues()
    const positions = rows.map((a) => k.axis(a))
    const parts = [
      ...local.direct.map((f) => this.logDensity(f, positions, values)),
      ...local.sources.map((s) => this.load(s.buffer, positions, s.scope, values)),
    ]
    const row = rowAt(
      this.table.loops.map((l) => l.index),
      positions,
      this.host.lowerer,
    )
    const out: KernelOp[] = [
      parts.length === 0
        ? { op: 'fill', out: this.gamma, value: 0 }
        : {
            op: 'map',
            out: this.gamma,
            axes: [...rows, ...states],
            at: [...row, ...states.map((a) => k.axis(a))],
            value: k.add(...parts),
          },
    ]
    for (const f of local.keyed) {
      const { axes, context: inner } = this.host.lowerer.loops(
        f.lifted.factor.loops.map((l) => l.index),
        { ...context, vars: new Map() },
      )
      const own = this.host.withValues(f, inner, (e) => need(values.get(e)))
      const at = this.table.loops.map((l, i) => this.host.lowerer.along(l.index, need(f.row[i]), inner))
      out.push({
        op: 'scatterAdd',
        out: this.gamma,
        axes: [...axes, ...states],
        at: [
          ...rowAt(
            this.table.loops.map((l) => l.index),
            at,
            this.host.lowerer,
          ),
          ...states.map((a) => k.axis(a)),
        ],
        value: this.host.lowerer.expr(f.lifted.expr, own),
      })
    }
    return out
  }

  /** Σ over what leaves of α × step, without what α lost. */
  private plainPrediction(): KExpr {
    const positions = this.positions()
    const values = this.ownValues()
    const previous = this.load(
      this.alpha,
      this.beforePositions(positions),
      this.states,
      this.before(this.summedLeaving(values)),
    )
    const sum = this.overLeaving('sum', (v) =>
      k.mul(k.select(k.compare('>', previous, k.num(0)), previous, k.num(0)), this.plainStep(positions, v)),
    )
    const first = this.firstLeaving(values)
    return k.select(
      this.isFirst(positions),
      k.select(this.absent(this.block.window.filter(this.lagged), values), this.plainStep(positions, first), k.num(0)),
      sum,
    )
  }

  private logPrediction(): KExpr {
    const positions = this.positions()
    const values = this.ownValues()
    const previous = this.load(
      this.alpha,
      this.beforePositions(positions),
      this.states,
      this.before(this.summedLeaving(values)),
    )
    const sum = this.overLeaving('logSumExp', (v) => k.add(this.logOfAlpha(previous), this.logStep(positions, v)))
    const first = this.firstLeaving(values)
    return k.select(
      this.isFirst(positions),
      k.select(this.absent(this.block.window.filter(this.lagged), values), this.logStep(positions, first), NEVER),
      sum,
    )
  }

  protected firstLeaving(values: Values): Values {
    return new Map([...values, ...this.block.leaving.map((e) => [e, k.num(0)] as const)])
  }

  protected summedLeaving(values: Values): Values {
    return new Map([...values, ...this.block.leaving.map((e) => [e, k.axis(`sum ${e}`)] as const)])
  }

  protected overLeaving(kind: 'sum' | 'logSumExp', body: (values: Values) => KExpr): KExpr {
    const inner = body(this.summedLeaving(this.ownValues()))
    return this.block.leaving.reduceRight<KExpr>((e, element, i) => {
      const axis = { ...need(this.leaving[i]), id: `sum ${element}` }
      return kind === 'sum' ? k.sum(axis, e) : k.logSumExp(axis, e)
    }, inner)
  }

  // -- backward ------------------------------------------------------------------------------------------------------

  /**
   * Fills γ and the ratios, once the parent's posterior is known. `filtered`: γ is left at α, the posterior given what was
   * seen up to the place.
   */
  backward(filtered = false): readonly KernelOp[] {
    const positions = this.positions()
    const values = this.ownValues()
    const states = [...this.window, ...this.parents]
    const here = need(positions[this.chain.position])
    const last = k.compare('==', here, k.sub(this.length(), k.num(1)))
    const alpha = this.load(this.alpha, positions, this.states, values)
    const end = k.call('exp', this.logOfAlpha(alpha))
    const parent = this.block.parents.length === 0 ? null : this.parentAt(values)
    const atEnd = parent === null ? end : k.mul0(parent, end)
    const inner = this.fromNext(values)
    const gamma = this.load(this.gamma, positions, this.states, values)
    const predicted = this.load(this.ratio, positions, this.states, values)
    const logRatio = k.sub(k.call('log', gamma), predicted)
    const kept = this.varies
      ? k.select(k.compare('>', gamma, k.num(0)), logRatio, NEVER)
      : k.select(
          k.compare('>', gamma, k.num(0)),
          k.select(
            k.compare('>', predicted, k.num(0)),
            k.div(gamma, predicted),
            k.select(k.compare('>', logRatio, k.num(0)), k.neg(logRatio), k.call('exp', logRatio)),
          ),
          k.num(0),
        )
    return [
      this.alongSequences(
        [
          this.store(this.gamma, states, filtered ? atEnd : k.select(last, atEnd, inner)),
          this.store(this.ratio, states, kept),
        ],
        true,
      ),
    ]
  }

  /** γ of a place from the next one: what is here lies one step back there, and the newest values are summed out. */
  protected fromNext(values: Values): KExpr {
    const next = new Map(this.block.parents.map((e) => [e, need(values.get(e))]))
    for (const e of this.block.window) {
      const { latent, lag } = elementOf(e)
      next.set(elementName(latent, lag + 1), need(values.get(e)))
      if (lag === 0) next.set(e, k.axis(`sum ${e}`))
    }
    const pairs = this.pair(
      this.positions().map((p, i) => (i === this.chain.position ? k.add(p, k.num(1)) : p)),
      next,
    )
    return this.block.window
      .filter((e) => !this.lagged(e))
      .reduceRight<KExpr>((e, element) => k.sum({ ...this.host.valueAxis(element), id: `sum ${element}` }, e), pairs)
  }

  protected parentAt(values: Values): KExpr {
    return this.host.parent(new Map(this.block.parents.map((e) => [e, need(values.get(e))])), this.positions())
  }

  /** ξ: the joint posterior of all elements at a place that is not the first. */
  protected pair(positions: readonly KExpr[], values: Values): KExpr {
    const alpha = this.load(this.alpha, this.beforePositions(positions), this.states, this.before(values))
    const ratio = this.load(this.ratio, positions, this.states, values)
    const logs = k.call('exp', k.add(this.logOfAlpha(alpha), this.logStep(positions, values), this.logOfRatio(ratio)))
    if (this.varies) return logs
    return k.select(
      k.and(k.compare('>=', alpha, k.num(0)), k.compare('>=', ratio, k.num(0))),
      k.mul(alpha, ratio, this.plainStep(positions, values)),
      logs,
    )
  }

  // -- what is read of the posterior ---------------------------------------------------------------------------------

  /**
   * Posterior probability that elements have the given values at a row.
   *
   * @param anyPlace the row may be the first of its sequence
   */
  query(fixed: Values, positions: readonly KExpr[], anyPlace: boolean): KExpr {
    const { window, leaving, parents } = this.block
    const inWindow = [...fixed.keys()].every((e) => !leaving.includes(e))
    const all = inWindow ? [...window, ...parents] : [...window, ...leaving, ...parents]
    const values = new Map(all.map((e) => [e, fixed.get(e) ?? k.axis(`sum ${e}`)]))
    const joint = inWindow
      ? this.load(this.gamma, positions, this.states, values)
      : anyPlace
        ? k.select(
            this.isFirst(positions),
            k.select(this.absent(leaving, values), this.load(this.gamma, positions, this.states, values), k.num(0)),
            this.pair(positions, values),
          )
        : this.pair(positions, values)
    return all
      .filter((e) => !fixed.has(e))
      .reduceRight<KExpr>((e, element) => k.sum({ ...this.host.valueAxis(element), id: `sum ${element}` }, e), joint)
  }

  /** The buffer that holds the marginals of a latent as they are, where there is one. */
  marginalBuffer(latent: string): string | null {
    return this.states.length === 1 && this.states[0] === latent ? this.gamma : null
  }

  // -- a start's posterior -------------------------------------------------------------------------------------------

  /** γ and ξ as products of the weights handed in. */
  given(): readonly KernelOp[] {
    const { axes: rows } = this.host.lowerer.loops(
      this.table.loops.map((l) => l.index),
      { vars: new Map(), at: 'param' },
    )
    const positions = rows.map((a) => k.axis(a))
    const values = this.ownValues()
    const states = [...this.window, ...this.parents]
    const back = (by: number): readonly KExpr[] =>
      positions.map((p, i) => (i === this.chain.position ? k.add(p, k.num(-by)) : p))
    const share = (e: string): KExpr => {
      const { latent, lag } = elementOf(e)
      const there = back(lag)
      const own = this.host.given(latent, need(values.get(e)), there)
      const axis = { ...this.host.valueAxis(latent), id: `sum ${e}` }
      const sum = k.sum(axis, this.host.given(latent, k.axis(axis), there))
      const part = k.select(k.compare('>', sum, k.num(0)), k.div(own, sum), k.num(0))
      if (lag === 0) return part
      return k.select(
        k.compare('>=', need(positions[this.chain.position]), k.num(lag)),
        part,
        k.compare('==', need(values.get(e)), k.num(0)),
      )
    }
    const ofParents = this.block.parents.map((e) => this.host.given(e, need(values.get(e)), positions))
    const arriving = this.block.window.filter((e) => !this.lagged(e))
    const weight = k.mul(...arriving.map((e) => this.host.given(e, need(values.get(e)), positions)), ...ofParents)
    const stored = (buffer: string, value: KExpr): KernelOp => ({
      op: 'map',
      out: buffer,
      axes: [...rows, ...states],
      at: [
        ...rowAt(
          this.table.loops.map((l) => l.index),
          positions,
          this.host.lowerer,
        ),
        ...states.map((a) => k.axis(a)),
      ],
      value,
    })
    return [
      { op: 'fill', out: this.free, value: 1 },
      ...this.tables.flatMap((t): KernelOp[] => [
        { op: 'fill', out: t.plain, value: 1 },
        { op: 'fill', out: t.log, value: 0 },
      ]),
      stored(this.alpha, k.mul(...this.block.window.map(share))),
      stored(this.ratio, this.varies ? k.call('log', weight) : weight),
      stored(this.gamma, k.mul(weight, ...this.block.window.filter(this.lagged).map(share))),
    ]
  }
}

/** exp of a log density; of a logarithm what it is of. */
const exp = (e: KExpr): KExpr => {
  const [of] = e.k === 'call' && e.fn === 'log' ? e.args : []
  return of ?? k.call('exp', e)
}

function need<T>(x: T | undefined): T {
  if (x === undefined) throw new Error('missing part of a lowered chain')
  return x
}
