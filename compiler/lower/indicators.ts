/** Where a list of indicators reads the posterior: the table that holds all of them, the row, and the elements there. */
import { add, num } from '../algebra/build.js'
import type { Expr, Indicator } from '../algebra/types.js'
import { substituteIndex } from '../algebra/visit.js'
import { elementName, stepOf } from '../estep/places.js'
import type { EStepPlan, LatentTable } from '../estep/types.js'

export interface ReadCells {
  readonly table: LatentTable
  /** Index of the row in the loops of the expression; along a chain the latest place that is read. */
  readonly row: readonly Expr[]
  /** Element of each indicator. */
  readonly elements: readonly string[]
}

export function readCells(of: readonly Indicator[], plan: EStepPlan): ReadCells {
  const tableOfLatent = new Map(plan.tables.flatMap((t) => t.latents.map((l) => [l.name, t] as const)))
  const tables = of.map((i) => tableOfLatent.get(i.latent))
  const table = tables.find((t) => t !== undefined && tables.every((o) => o?.id === t.id || o?.id === t.parent?.table))
  const names = of.map((i) => i.latent).join(', ')
  if (table === undefined) throw new Error(`no table holds ${names}`)
  const own = of.filter((_, n) => tables[n]?.id === table.id)
  const row = latestPlace(own, table)
  const by = new Map(table.loops.map((l, i) => [l.index.id, row[i] ?? l.index.from]))
  const key = (table.parent?.key ?? []).map((e) => substituteIndex(e, by))
  return {
    table,
    row,
    elements: of.map((i, n) => {
      const home = tables[n]
      const position = home?.chain?.position
      if (position === undefined) return i.latent
      const at = (home === table ? row : key)[position]
      const cell = i.index[position]
      return at === undefined || cell === undefined
        ? i.latent
        : elementName(i.latent, stepOf(at).offset - stepOf(cell).offset)
    }),
  }
}

function latestPlace(own: readonly Indicator[], table: LatentTable): readonly Expr[] {
  const index = own[0]?.index ?? []
  const position = table.chain?.position
  if (position === undefined) return index
  const steps = own.flatMap((i) => {
    const e = i.index[position]
    return e === undefined ? [] : [stepOf(e)]
  })
  const latest = Math.max(...steps.map((s) => s.offset))
  return index.map((e, i) => (i === position ? add(stepOf(e).base, num(latest)) : e))
}
