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
import { elementName, elementOf } from '../estep/places.js'
import { k } from '../kernel/index.js'
import type { Axis, KExpr, KernelOp } from '../kernel/types.js'
import { ChainPlaces, type Values } from './chain-places.js'
import { need } from './need.js'
import { rowAt } from './rows.js'

/** Log of the least α that is kept as it is, and of the largest ratio. */
const KEPT = 600
/** The least pred that is kept as it is: what α lost below e^−KEPT does not show in it. */
const LEAST_PREDICTED = 1e-240
const NEVER = k.num(Number.NEGATIVE_INFINITY)

export class ChainLowering extends ChainPlaces {
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
    const row = this.rowAt(positions)
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
        at: [...this.rowAt(at), ...states.map((a) => k.axis(a))],
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
    const rows = this.rowAxes()
    const positions = rows.map((a) => k.axis(a))
    const values = this.ownValues()
    const states = [...this.window, ...this.parents]
    const weight = this.givenArriving(values, positions)
    const shares = this.block.window.map((e) => this.givenShare(e, values, positions))
    return [
      { op: 'fill', out: this.free, value: 1 },
      ...this.tables.flatMap((t): KernelOp[] => [
        { op: 'fill', out: t.plain, value: 1 },
        { op: 'fill', out: t.log, value: 0 },
      ]),
      this.givenStored(this.alpha, rows, states, k.mul(...shares)),
      this.givenStored(this.ratio, rows, states, this.varies ? k.call('log', weight) : weight),
      this.givenStored(this.gamma, rows, states, this.givenGamma(values, positions)),
    ]
  }

  protected rowAxes(): readonly Axis[] {
    const loops = this.table.loops.map((l) => l.index)
    return this.host.lowerer.loops(loops, { vars: new Map(), at: 'param' }).axes
  }

  /** The part of an element's weights that is at a value; before the first place all of it is at the first value. */
  protected givenShare(e: string, values: Values, positions: readonly KExpr[]): KExpr {
    const { latent, lag } = elementOf(e)
    const there = positions.map((p, i) => (i === this.chain.position ? k.add(p, k.num(-lag)) : p))
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

  private givenArriving(values: Values, positions: readonly KExpr[]): KExpr {
    const at = (e: string): KExpr => this.host.given(e, need(values.get(e)), positions)
    return k.mul(...this.block.window.filter((e) => !this.lagged(e)).map(at), ...this.block.parents.map(at))
  }

  protected givenGamma(values: Values, positions: readonly KExpr[]): KExpr {
    const before = this.block.window.filter(this.lagged).map((e) => this.givenShare(e, values, positions))
    return k.mul(this.givenArriving(values, positions), ...before)
  }

  protected givenStored(buffer: string, rows: readonly Axis[], states: readonly Axis[], value: KExpr): KernelOp {
    return {
      op: 'map',
      out: buffer,
      axes: [...rows, ...states],
      at: [...this.rowAt(rows.map((a) => k.axis(a))), ...states.map((a) => k.axis(a))],
      value,
    }
  }
}
