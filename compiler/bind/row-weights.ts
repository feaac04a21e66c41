import type { Derivation } from '../derive.js'
import type { BoundNumbers } from './sizes.js'
import { type RowRange, tableRows } from './table-rows.js'

/**
 * Weight of each row of a latent's table (`weight w[n]`; nested weights multiply), or null where all are 1; with a range,
 * of the rows at these places of its first loop.
 */
export function rowWeights(
  derivation: Derivation,
  numbers: BoundNumbers,
  name: string,
  range: RowRange | null = null,
): Float64Array | null {
  const latent = derivation.graph.latents.find((l) => l.name === name)
  const weights = latent?.loops.flatMap((l) => (l.weight === null ? [] : [l.weight])) ?? []
  if (latent === undefined || weights.length === 0) return null
  const loops = latent.loops.map((l) => l.index)
  const out: number[] = []
  for (const at of tableRows(loops, numbers, range)) out.push(weights.reduce((w, e) => w * numbers.value(e, at), 1))
  return Float64Array.from(out)
}
