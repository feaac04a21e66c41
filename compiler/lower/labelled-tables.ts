/**
 * A table whose values are handed in, one for each row: its posterior is 1 there and 0 elsewhere, and it adds
 * Σ log ψ(values) to the objective, which is then the complete-data log-likelihood, continuous latents summed out given
 * the values.
 */
import { weightOf } from '../estep/plan.js'
import type { LatentTable } from '../estep/types.js'
import { k } from '../kernel/index.js'
import type { KernelOp } from '../kernel/types.js'
import { addToObjective } from './buffers.js'
import type { GivenWeights } from './given-weights.js'
import { need } from './need.js'
import type { PotentialLowering } from './potentials.js'
import type { TableLayout } from './table-layout.js'

export function labelledTable(
  t: LatentTable,
  layout: TableLayout,
  potentials: PotentialLowering,
  weights: GivenWeights,
): { readonly tables: readonly KernelOp[]; readonly objective: readonly KernelOp[] } {
  const tables: KernelOp[] = []
  const rows = layout.rowAxes(t.loops)
  const positions = rows.map((a) => k.axis(a))
  const weight = weightOf(t.loops)
  const objective = layout.plan.potentials
    .filter((p) => p.table === t.id)
    .flatMap((p) => {
      const psi = potentials.potential(t, p, tables)
      const axes = p.scope.map((s) => layout.valueAxis(s))
      const chosen = p.scope.map((s, i) => weights.at(t, s, k.axis(need(axes[i])), positions))
      const log = k.load(psi, ...layout.ownRow(t.loops), ...axes.map((a) => k.axis(a)))
      const times = weight === null ? [] : [layout.lowerer.expr(weight, layout.rowContext(t.loops))]
      return addToObjective([...rows, ...axes], k.mul0(...chosen, ...times, log))
    })
  return { tables, objective }
}
