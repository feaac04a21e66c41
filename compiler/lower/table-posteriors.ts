/** Posterior probabilities of values of discrete latents, out of the tables of buckets and of chains. */
import type { Indicator } from '../algebra/types.js'
import type { Bucket, EStepPlan, LatentTable } from '../estep/types.js'
import { k } from '../kernel/index.js'
import type { KExpr } from '../kernel/types.js'
import { marginalBuffer, postBuffer } from './buffers.js'
import type { ChainLowering } from './chain.js'
import { type ReadCells, readCells } from './indicators.js'
import type { LoweringContext } from './lowerer.js'
import { need } from './need.js'
import type { TableLayout } from './table-layout.js'

export class TablePosteriors {
  /** Chains that are lowered, by the id of their block. */
  readonly chains = new Map<string, ChainLowering>()

  constructor(private readonly layout: TableLayout) {}

  /** Posterior of indicators: the joint table of the bucket or the chain that holds them all, other values summed out. */
  readonly probability = (of: readonly Indicator[], context: LoweringContext): KExpr =>
    k.mul(...independent(of, this.layout.plan).map((together) => this.joint(together, context)))

  private joint(of: readonly Indicator[], context: LoweringContext): KExpr {
    const cells: ReadCells = readCells(of, this.layout.plan)
    const { table } = cells
    const fixed = new Map(
      of.map(
        (i, n) =>
          [
            need(cells.elements[n]),
            k.add(this.layout.lowerer.expr(i.value, context), k.neg(this.layout.low(i.latent))),
          ] as const,
      ),
    )
    const positions = table.loops.map((l, i) => this.layout.lowerer.along(l.index, need(cells.row[i]), context))
    return this.query(table, fixed, positions, false)
  }

  /**
   * Posterior probability that elements of a table and of its parent have the given values at a row: from the first of
   * the buckets that holds them, from a chain, or from the parent's row.
   */
  query(
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
      return this.marginal(postBuffer(bucket), bucket.scope, fixed, this.layout.rowAt(t.loops, positions))
    if (!this.layout.isOwn(t, names)) return this.parentQuery(t, fixed, positions)
    const block = t.chain?.blocks.find((b) => {
      const known = [...b.window, ...b.leaving, ...b.parents]
      return names.every((n) => known.includes(n))
    })
    const lowering = block === undefined ? undefined : this.chains.get(block.id)
    if (lowering === undefined) throw new Error(`no clique holds ${names.join(', ')}`)
    return lowering.query(fixed, positions, anyPlace)
  }

  parentQuery(t: LatentTable, fixed: ReadonlyMap<string, KExpr>, positions: readonly KExpr[]): KExpr {
    const parent = this.layout.parent(t)
    if (parent === undefined) throw new Error('message without a receiver')
    return this.query(parent, fixed, this.layout.keyPositions(t, positions), true)
  }

  marginal(buffer: string, scope: readonly string[], fixed: ReadonlyMap<string, KExpr>, row: readonly KExpr[]): KExpr {
    const others = scope.filter((s) => !fixed.has(s))
    const at = scope.map((s) => fixed.get(s) ?? k.axis(`sum ${s}`))
    const load = k.load(buffer, ...row, ...at)
    return others.reduceRight<KExpr>((e, s) => k.sum({ ...this.layout.valueAxis(s), id: `sum ${s}` }, e), load)
  }

  /** Buffer of a latent's marginals. */
  marginalOf(t: LatentTable, latent: string): string {
    for (const b of t.chain?.blocks ?? []) {
      const held = this.chains.get(b.id)?.marginalBuffer(latent) ?? null
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
