/** Entropies of the posteriors of tables, for the bound of a factorised q. */
import { mul } from '../algebra/build.js'
import type { Expr } from '../algebra/types.js'
import { substituteIndex } from '../algebra/visit.js'
import { weightOf } from '../estep/plan.js'
import type { LatentTable } from '../estep/types.js'
import { k } from '../kernel/index.js'
import type { Axis, KExpr, KernelOp } from '../kernel/types.js'
import { addToObjective, postBuffer } from './buffers.js'
import { need } from './need.js'
import type { TableLayout } from './table-layout.js'
import type { TablePosteriors } from './table-posteriors.js'

/**
 * The entropy of the posterior of a table without a chain, added to the objective: −Σ P log P(eliminated | rest), divided by
 * an inverse temperature where there is one.
 */
export function entropyOf(layout: TableLayout, posteriors: TablePosteriors, t: LatentTable): readonly KernelOp[] {
  const rows = layout.rowAxes(t.loops)
  const rowAt = layout.ownRow(t.loops)
  const weight = copies(layout, t)
  const { inverseTemperature: beta } = layout.plan
  return t.buckets.flatMap((b) => {
    const axes = b.scope.map((s): Axis => ({ ...layout.valueAxis(s), id: `entropy ${s}` }))
    const joint = k.load(postBuffer(b), ...rowAt, ...axes.map((a) => k.axis(a)))
    const fixed = new Map(b.scope.slice(1).map((s, i) => [s, k.axis(need(axes[i + 1]))]))
    const rest = posteriors.marginal(postBuffer(b), b.scope, fixed, rowAt)
    const term = k.select(
      k.compare('>', joint, k.num(0)),
      k.mul(joint, b.scope.length === 1 ? k.call('log', joint) : k.call('log', k.div(joint, rest))),
      k.num(0),
    )
    const entropy = axes.reduceRight<KExpr>((e, a) => k.sum(a, e), k.neg(term))
    const whole = beta === undefined ? entropy : k.div(entropy, layout.lowerer.expr(beta, layout.base))
    return addToObjective(
      rows,
      weight === null ? whole : k.mul0(layout.lowerer.expr(weight, layout.rowContext(t.loops)), whole),
    )
  })
}

/** How many copies a row of a table stands for: its weights, times those of the rows that it points to. */
function copies(layout: TableLayout, t: LatentTable): Expr | null {
  const own = weightOf(t.loops)
  const parent = layout.parent(t)
  if (t.parent === null || parent === undefined) return own
  const shared = new Set(t.loops.map((l) => l.index.id))
  const by = new Map(parent.loops.map((l, i) => [l.index.id, t.parent?.key[i] ?? l.index.from]))
  const above = weightOf(parent.loops.filter((l) => !shared.has(l.index.id)))
  if (above === null) return own
  const moved = substituteIndex(above, by)
  return own === null ? moved : mul(own, moved)
}
