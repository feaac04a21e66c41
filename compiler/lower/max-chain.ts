/**
 * Max-product along one chain with trace-back (Viterbi 1967; Rabiner 1989, section III.B): the sums of forward–backward
 * become maxima. With the names of `chain.ts`, in logs throughout,
 *
 *   s_t(c₀…c_p) = δ_{t−1}(c₁…c_p) + Ψ_t(c₀…c_p)        δ_t(c₀…c_{p−1}) = max_{c_p} s_t + E_t, less its maximum
 *
 * and the log joint density of the best path is the sum of those maxima. In place of the ratio stands the value of what
 * leaves that attains the maximum, the lowest where several do; in place of γ, 1 on the path and 0 beside it. A place
 * is followed from the next one: its elements are those that the next one's best value says.
 */
import { k } from '../kernel/index.js'
import type { Axis, KExpr, KernelOp } from '../kernel/types.js'
import { ChainLowering } from './chain.js'
import type { Values } from './chain-places.js'
import { NEVER, position, positionOfMaximum } from './max-product.js'

export class MaxChainLowering extends ChainLowering {
  /** What becomes of the values that leave, forward. */
  protected readonly over: 'max' | 'logSumExp' = 'max'

  override forward(): readonly KernelOp[] {
    const { host, block } = this
    const states = [...this.window, ...this.parents]
    const at = states.map((a) => k.axis(a))
    const values = this.ownValues()
    const all = [...block.window, ...block.parents, ...block.leaving]
    const allAxes = [...states, ...this.leaving]
    const allAt = allAxes.map((a) => k.axis(a))
    const scores = host.scratch(`scores ${block.id}`, [], all)
    const predicted = host.scratch(`predicted ${block.id}`, [], this.states)
    const joint = host.scratch(`joint ${block.id}`, [], this.states)
    const norm = host.scratch(`norm ${block.id}`, [], block.parents)
    const ofParents = this.parents.map((a) => k.axis(a))
    const normaliser = k.load(norm, ...ofParents)
    const own = k.load(joint, ...at)
    const steps: KernelOp[] = [
      { op: 'map', out: scores, axes: allAxes, at: allAt, value: this.score(values) },
      {
        op: 'reduce',
        kind: this.over,
        out: predicted,
        axes: states,
        over: this.leaving,
        at,
        value: k.load(scores, ...allAt),
      },
      ...this.chosenLeaving(states, scores, allAt, predicted, at),
      {
        op: 'map',
        out: joint,
        axes: states,
        at,
        value: k.add(k.load(predicted, ...at), this.load(this.gamma, this.positions(), this.states, values)),
      },
      { op: 'reduce', kind: this.over, out: norm, axes: this.parents, over: this.window, at: ofParents, value: own },
      // impossible data: every path is as good as any other
      this.store(
        this.alpha,
        states,
        k.select(k.compare('==', normaliser, k.num(NEVER)), k.num(0), k.sub(own, normaliser)),
      ),
      {
        op: 'scatterAdd',
        out: this.total.buffer,
        axes: this.parents,
        at: [...this.sequenceRow(), ...ofParents],
        value: normaliser,
      },
    ]
    return [
      { op: 'fill', out: this.free, value: 0 },
      ...this.stepTables(),
      ...this.evidence(),
      { op: 'fill', out: this.total.buffer, value: 0 },
      this.alongSequences(steps, false),
    ]
  }

  /** s: before the first place the absent elements have their first value. */
  private score(values: Values): KExpr {
    const positions = this.positions()
    const previous = this.load(this.alpha, this.beforePositions(positions), this.states, this.before(values))
    const absent = this.absent([...this.block.window.filter(this.lagged), ...this.block.leaving], values)
    return k.select(
      this.isFirst(positions),
      k.select(absent, this.logStep(positions, values), k.num(NEVER)),
      k.add(previous, this.logStep(positions, values)),
    )
  }

  override backward(): readonly KernelOp[] {
    const { host, block } = this
    const positions = this.positions()
    const values = this.ownValues()
    const states = [...this.window, ...this.parents]
    const here = positions[this.chain.position] ?? k.num(0)
    const last = k.compare('==', here, k.sub(this.length(), k.num(1)))
    const end = host.scratch(`end ${block.id}`, [], block.parents)
    const ofParents = this.parents.map((a) => k.axis(a))
    const alpha = this.load(this.alpha, positions, this.states, values)
    const ends = k.compare('==', this.at(this.window), k.load(end, ...ofParents))
    const atEnd = block.parents.length === 0 ? ends : k.mul(this.parentAt(values), ends)
    return [
      this.alongSequences(
        [...this.chosenEnd(end, alpha), this.store(this.gamma, states, k.select(last, atEnd, this.fromNext(values)))],
        true,
      ),
    ]
  }

  /** The value of what leaves that the path takes, for each of what stays. */
  protected chosenLeaving(
    states: readonly Axis[],
    scores: string,
    allAt: readonly KExpr[],
    predicted: string,
    at: readonly KExpr[],
  ): readonly KernelOp[] {
    const best = positionOfMaximum(this.leaving, k.load(scores, ...allAt), k.load(predicted, ...at))
    return [this.store(this.ratio, states, best)]
  }

  /** The values at the last place: the maximum of δ is 0. */
  protected chosenEnd(end: string, alpha: KExpr): readonly KernelOp[] {
    const at = this.parents.map((a) => k.axis(a))
    return [{ op: 'map', out: end, axes: this.parents, at, value: positionOfMaximum(this.window, alpha, k.num(0)) }]
  }

  private at(axes: readonly Axis[]): KExpr {
    return position(
      axes,
      axes.map((a) => k.axis(a)),
    )
  }

  /** 1 where all elements lie on the best path, at a place that is not the first. */
  protected override pair(positions: readonly KExpr[], values: Values): KExpr {
    const leaving = this.block.leaving.map((e) => values.get(e) ?? k.num(0))
    return k.mul(
      this.load(this.gamma, positions, this.states, values),
      k.compare('==', position(this.leaving, leaving), this.load(this.ratio, positions, this.states, values)),
    )
  }

  /**
   * A beginning for the other factors of q, where it is factorised: γ as products of the weights, and of what leaves the value
   * of the largest weight. Elsewhere starts are made where latents are summed out.
   */
  override given(): readonly KernelOp[] {
    if (!this.host.isFactor) return []
    const rows = this.rowAxes()
    const positions = rows.map((a) => k.axis(a))
    const { id, leaving } = this.block
    const states = [...this.window, ...this.parents]
    const loops = this.table.loops
    const weights = this.host.scratch(`given leaving ${id}`, loops, leaving)
    const top = this.host.scratch(`given top ${id}`, loops, [])
    const [row, own] = [this.rowAt(positions), this.leaving.map((a) => k.axis(a))]
    const values = this.ownValues()
    const best = positionOfMaximum(this.leaving, k.load(weights, ...row, ...own), k.load(top, ...row))
    return [
      {
        op: 'map',
        out: weights,
        axes: [...rows, ...this.leaving],
        at: [...row, ...own],
        value: k.mul(...leaving.map((e) => this.givenShare(e, values, positions))),
      },
      {
        op: 'reduce',
        kind: 'max',
        out: top,
        axes: rows,
        over: this.leaving,
        at: row,
        value: k.load(weights, ...row, ...own),
      },
      this.givenStored(this.ratio, rows, states, best),
      this.givenStored(this.gamma, rows, states, this.givenGamma(values, positions)),
    ]
  }
}
