/** E-step plan → kernel operations: elimination upwards, joint posteriors downwards. */
import type { Expr, Indicator } from '../algebra/types.js'
import { unitLoops } from '../estep/chain-blocks.js'
import { weightOf } from '../estep/plan.js'
import type { Bucket, EStepPlan, LatentTable } from '../estep/types.js'
import { k } from '../kernel/index.js'
import type { KExpr, KernelOp } from '../kernel/types.js'
import { addToObjective, bestBuffer, marginalBuffer, meanBuffer, messageBuffer, postBuffer } from './buffers.js'
import type { Draws } from './draws.js'
import { GivenWeights } from './given-weights.js'
import { labelledTable } from './labelled-tables.js'
import type { Lowerer, LoweringContext } from './lowerer.js'
import type { Product } from './max-product.js'
import { need } from './need.js'
import { PotentialLowering } from './potentials.js'
import { entropyOf } from './table-entropy.js'
import { TableLayout } from './table-layout.js'
import { TablePosteriors } from './table-posteriors.js'
import type { TwoEndsChain } from './two-ends.js'
import { type LoweredUp, UpwardPass } from './upward-pass.js'

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

export class EStepLowering {
  private readonly layout: TableLayout
  private readonly posteriors: TablePosteriors
  private readonly weights: GivenWeights
  private readonly upward: UpwardPass
  private readonly potentials: PotentialLowering
  readonly lowered = new Map<string, LoweredTable>()

  constructor(
    lowerer: Lowerer,
    plan: EStepPlan,
    private readonly product: Product = 'sum',
    /** Posteriors along chains are those given the data up to a place. */
    private readonly filtered = false,
    chains: TwoEndsChain[] = [],
    /** Where values are drawn. */
    draws: Draws | null = null,
  ) {
    this.layout = new TableLayout(lowerer, plan)
    this.posteriors = new TablePosteriors(this.layout)
    this.weights = new GivenWeights(this.layout, product)
    this.potentials = new PotentialLowering(this.layout)
    this.upward = new UpwardPass(this.layout, this.potentials, this.posteriors, this.weights, product, chains, draws)
  }

  /** How factors of a factorised posterior read the others. */
  reading(posterior: Pick<LoweringContext, 'probability' | 'expect'>): void {
    if (this.layout.plan.factorised !== null) this.layout.base = { ...this.layout.base, ...posterior }
  }

  run(): readonly LoweredTable[] {
    // posteriors are read from parents, which come after their children; chains can be read once they are made
    const order = this.layout.plan.factorised === null ? this.layout.plan.tables : chainsFirst(this.layout.plan)
    const upwards = order.map((t) => this.upward.lower(t))
    for (const u of upwards) this.lowered.set(u.table.id, this.lowerDown(u))
    return [...this.lowered.values()]
  }

  /** Posterior of indicators: the joint table of the bucket or the chain that holds them all, other values summed out. */
  readonly probability = (of: readonly Indicator[], context: LoweringContext): KExpr =>
    this.posteriors.probability(of, context)

  /** Means of counts: their buffer at the row. */
  readonly mean = (latent: string, index: readonly Expr[], context: LoweringContext): KExpr =>
    k.load(meanBuffer(latent), ...index.map((e) => this.layout.lowerer.position(e, context)))

  private lowerDown({ table: t, blockable, up, chains, combined, normaliser }: LoweredUp): LoweredTable {
    if (this.product === 'labelled') {
      const { tables, objective } = labelledTable(t, this.layout, this.potentials, this.weights)
      const given = [...chains.flatMap((c) => c.given()), ...this.weights.posterior(t)]
      return { table: t, blockable, up: tables, down: given, given, objective, marginals: [], normaliser: null }
    }
    return {
      table: t,
      blockable,
      up,
      down: [...chains.flatMap((c) => c.backward(this.filtered)), ...this.down(t, combined)],
      given: [...chains.flatMap((c) => c.given()), ...this.weights.posterior(t)],
      objective: normaliser === null ? [] : this.objectiveOf(t, normaliser),
      marginals: this.marginals(t),
      normaliser,
    }
  }

  /** P(eliminated, rest) = P(eliminated | rest) · P(rest), from the last eliminated to the first. */
  private down(
    t: LatentTable,
    combined: ReadonlyMap<string, (at: ReadonlyMap<string, KExpr>) => KExpr>,
  ): readonly KernelOp[] {
    const out: KernelOp[] = []
    const rows = this.layout.rowAxes(t.loops)
    const rowAt = this.layout.ownRow(t.loops)
    for (const b of [...t.buckets].reverse()) {
      const id = this.layout.scratch(postBuffer(b), t.loops, b.scope)
      const axes = b.scope.map((s) => this.layout.valueAxis(s))
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

  /** P(eliminated | rest): under max-product 1 at the best value, the lowest where several are; of a draw, at what was drawn. */
  private conditional(
    b: Bucket,
    at: ReadonlyMap<string, KExpr>,
    rowAt: readonly KExpr[],
    combined: (at: ReadonlyMap<string, KExpr>) => KExpr,
  ): KExpr {
    const rest = b.scope.slice(1).map((s) => need(at.get(s)))
    if (this.product === 'max' || this.product === 'draw')
      return k.compare('==', need(at.get(b.eliminate)), k.load(bestBuffer(b), ...rowAt, ...rest))
    const total = combined(at)
    const message = k.load(messageBuffer(b), ...rowAt, ...rest)
    // where no value is possible under the other factors of q all count alike, so that these cannot become possible by it
    const none =
      this.layout.plan.factorised === null
        ? k.num(0)
        : k.select(
            k.compare('==', message, k.num(Number.NEGATIVE_INFINITY)),
            k.div(k.num(1), { k: 'size', size: this.layout.valueAxis(b.eliminate).size }),
            k.num(0),
          )
    // below e^NEGLIGIBLE a probability is 0: denormal numbers would round to 0 in one place and not in another
    return k.select(
      k.compare('>', total, k.add(message, k.num(NEGLIGIBLE))),
      k.call('exp', k.sub(total, message)),
      none,
    )
  }

  /** P(rest of the scope): from the bucket that took the message, from the chain, or from the parent's row. */
  private restMarginal(t: LatentTable, b: Bucket, at: ReadonlyMap<string, KExpr>): KExpr {
    const fixed = new Map(b.scope.slice(1).map((s) => [s, need(at.get(s))]))
    const positions = this.layout.rowAxes(t.loops).map((a) => k.axis(a))
    return this.posteriors.query(t, fixed, positions, true, t.buckets.slice(t.buckets.indexOf(b) + 1))
  }

  private objectiveOf(t: LatentTable, normaliser: string): readonly KernelOp[] {
    const loops = unitLoops(t)
    const rows = this.layout.rowAxes(loops)
    const context = this.layout.rowContext(loops)
    const weight = weightOf(loops)
    const { inverseTemperature: beta } = this.layout.plan
    const sum = k.load(normaliser, ...this.layout.ownRow(loops))
    const log = beta === undefined ? sum : k.div(sum, this.layout.lowerer.expr(beta, this.layout.base))
    return addToObjective(rows, weight === null ? log : k.mul0(this.layout.lowerer.expr(weight, context), log))
  }

  private marginals(t: LatentTable): readonly KernelOp[] {
    const rows = this.layout.rowAxes(t.loops)
    return t.latents
      .filter((l) => this.posteriors.marginalOf(t, l.name) === marginalBuffer(l.name))
      .map((l): KernelOp => {
        const axis = this.layout.valueAxis(l.name)
        const id = this.layout.scratch(marginalBuffer(l.name), t.loops, [l.name])
        const positions = rows.map((a) => k.axis(a))
        return {
          op: 'map',
          out: id,
          axes: [...rows, axis],
          at: [...this.layout.ownRow(t.loops), k.axis(axis)],
          value: this.posteriors.query(t, new Map([[l.name, k.axis(axis)]]), positions, true),
        }
      })
  }

  /** The entropy of the posterior of a table without a chain, added to the objective: −Σ P log P(eliminated | rest). */
  entropy(t: LatentTable): readonly KernelOp[] {
    return entropyOf(this.layout, this.posteriors, t)
  }

  /** Buffer of a latent's marginals. */
  marginalOf(t: LatentTable, latent: string): string {
    return this.posteriors.marginalOf(t, latent)
  }
}

/** Tables by factors of q, those with chains first; within a factor children before parents. */
function chainsFirst(plan: EStepPlan): readonly LatentTable[] {
  const groups = (plan.factorised?.factors ?? []).map((f) => plan.tables.filter((t) => f.tables.includes(t.id)))
  const hasChain = (ts: readonly LatentTable[]): boolean => ts.some((t) => t.chain !== null)
  return [...groups.filter(hasChain), ...groups.filter((g) => !hasChain(g))].flat()
}

/** Log of the smallest posterior probability that is told from 0. */
const NEGLIGIBLE = -300
