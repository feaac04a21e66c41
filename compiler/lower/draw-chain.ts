/**
 * A path drawn from the posterior along one chain: sums forward, draws backward (Frühwirth-Schnatter 1994; Rabiner 1989,
 * section III). With the names of `chain.ts`, in logs throughout,
 *
 *   s_t(c₀…c_p) = α_{t−1}(c₁…c_p) + Ψ_t(c₀…c_p)        α_t(c₀…c_{p−1}) = log Σ_{c_p} exp s_t + E_t, less its log sum
 *
 * What leaves is drawn given what stays: P(c_p | c₀…c_{p−1}, data) ∝ exp s_t, and the last elements from α. The largest
 * of s_t + Gumbel is such a draw (Yellott 1977), so paths are traced back as under max-product, with the drawn value in
 * place of the best one. The draw of a place does not depend on the later values that it is read for.
 */
import { k } from '../kernel/index.js'
import type { Axis, KExpr, KernelOp } from '../kernel/types.js'
import type { Draws } from './draws.js'
import { MaxChainLowering } from './max-chain.js'
import { position, positionOfMaximum } from './max-product.js'

export class DrawChainLowering extends MaxChainLowering {
  protected override readonly over = 'logSumExp'
  private readonly leavingNoise: (row: KExpr, part: KExpr) => KExpr
  private readonly endNoise: (row: KExpr, part: KExpr) => KExpr

  constructor(
    private readonly draws: Draws,
    ...chain: ConstructorParameters<typeof MaxChainLowering>
  ) {
    super(...chain)
    this.leavingNoise = draws.stream('gumbelDraw')
    this.endNoise = draws.stream('gumbelDraw')
  }

  protected override chosenLeaving(states: readonly Axis[], scores: string, at: readonly KExpr[]): readonly KernelOp[] {
    return this.chosen('leaving', states, this.leaving, k.load(scores, ...at), this.leavingNoise, (value) =>
      this.store(this.ratio, states, value),
    )
  }

  protected override chosenEnd(end: string, alpha: KExpr): readonly KernelOp[] {
    return this.chosen('end', this.parents, this.window, alpha, this.endNoise, (value) => ({
      op: 'map',
      out: end,
      axes: this.parents,
      at: this.parents.map((a) => k.axis(a)),
      value,
    }))
  }

  /** The position of the largest of a log weight and its noise over axes, put where `keep` says. */
  private chosen(
    what: string,
    given: readonly Axis[],
    axes: readonly Axis[],
    logWeight: KExpr,
    noise: (row: KExpr, part: KExpr) => KExpr,
    keep: (value: KExpr) => KernelOp,
  ): readonly KernelOp[] {
    const { host, block } = this
    const elements = (list: readonly Axis[]): readonly string[] => list.map((a) => a.id.replace(/^value /, ''))
    const noisy = host.scratch(`noisy ${what} ${block.id}`, [], [...elements(given), ...elements(axes)])
    const top = host.scratch(`top ${what} ${block.id}`, [], elements(given))
    const at = given.map((a) => k.axis(a))
    const all = [...given, ...axes]
    const allAt = all.map((a) => k.axis(a))
    const own = position(
      axes,
      axes.map((a) => k.axis(a)),
    )
    const row = this.draws.row(this.alpha, this.ownRow())
    return [
      { op: 'map', out: noisy, axes: all, at: allAt, value: k.add(logWeight, noise(row, own)) },
      { op: 'reduce', kind: 'max', out: top, axes: given, over: axes, at, value: k.load(noisy, ...allAt) },
      keep(positionOfMaximum(axes, k.load(noisy, ...allAt), k.load(top, ...at))),
    ]
  }
}
