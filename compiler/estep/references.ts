/** Where a half-observed array is expanded: at its data, and at the mean of the observed data where a cell is missing. */
import { idx, ref } from '../algebra/build.js'
import type { Expr } from '../algebra/types.js'
import type { BindTable, FactorGraph } from '../graph/types.js'
import type { BlockLatent } from './types.js'

export interface Reference {
  readonly latent: string
  readonly table: BindTable
}

/** Bind tables of the means over the loops of a half-observed array, for each of its own coordinates. */
export function referenceTables(latents: readonly BlockLatent[], graph: FactorGraph): readonly Reference[] {
  return latents.flatMap(({ latent }): readonly Reference[] => {
    if (!latent.evidence) return []
    const data = graph.data.find((d) => d.name === latent.name)
    if (data === undefined) throw new Error(`no data ${latent.name}`)
    const cell = [...latent.loops.map((l) => idx(l.index)), ...latent.own.map(idx)]
    return [
      {
        latent: latent.name,
        table: {
          name: `mean of ${latent.name}`,
          indices: latent.own,
          compute: {
            kind: 'reduction',
            fn: 'mean',
            over: latent.loops.map((l) => l.index),
            value: ref('data', latent.name, cell),
          },
          span: latent.span,
        },
      },
    ]
  })
}

/** Table of the reference points of a half-observed array: its data, or the mean of what is observed. */
export const referenceTable = (latent: string): string => `reference ${latent}`

export const referenceOf = (cell: Extract<Expr, { kind: 'ref' }>): Expr =>
  ref('table', referenceTable(cell.name), cell.index)
