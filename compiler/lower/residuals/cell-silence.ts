/** How a statement on cells of data may be left out of the E-step. */
import type { Expr } from '../../algebra/types.js'
import type { EStepPlan } from '../../estep/types.js'
import type { CellDensity } from '../../graph/cell-density.js'
import type { CellRoad } from './cell-roads.js'
import { hasSilence } from './silent-cells.js'

type Way = Exclude<CellRoad, { kind: 'none' | 'normal' }>

export type Silenced = 'at once' | 'row by row'

/** How the E-step can be taken with the statement silent; null: it cannot. */
export function silencedAs(road: Way, plan: EStepPlan): Silenced | null {
  // a factorised posterior is swept until it stands still
  if (plan.factorised !== null) return null
  if (road.kind === 'plain') return 'at once'
  const blocks = road.kind === 'drawn' ? road.places.map((p) => p.block) : [road.block]
  if (!blocks.every(hasSilence)) return null
  return blocks.some((b) => b.kind === 'gaussian') ? 'row by row' : 'at once'
}

/**
 * Loops (by position) that tell its latents, where these belong to one row each and no row depends on another; null where that
 * is not so.
 */
export function ownLoops(
  variables: readonly { readonly latent: string; readonly index: readonly Expr[] }[],
  road: Way | null,
  loops: CellDensity['loops'],
  plan: EStepPlan,
): readonly number[] | null {
  const names = variables.map((v) => v.latent)
  const table = plan.tables.find((t) => names.every((n) => t.latents.some((l) => l.name === n)))
  if (variables.length === 0 || table === undefined || table.chain !== null || table.parent !== null) return null
  if (plan.tables.some((t) => t.parent?.table === table.id)) return null
  const rows = variables.map((v) => v.index)
  if (road !== null && silencedAs(road, plan) === null) return null
  if (road?.kind === 'drawn') rows.push(...road.places.map((p) => p.row))
  else if (road !== null && road.kind !== 'plain') rows.push(road.row)
  const [first = [], ...others] = rows.map((row) =>
    row.map((e) => loops.findIndex((l) => e.kind === 'index' && l.index.id === e.var)),
  )
  const same = others.every((o) => o.join(' ') === first.join(' '))
  return same && !first.includes(-1) && new Set(first).size === first.length ? first : null
}
