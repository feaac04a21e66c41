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

/** Weight of each row of an array of data, that of the outermost loop of what explains it; null where rows count once. */
export function dataWeights(derivation: Derivation, numbers: BoundNumbers, name: string): Float64Array | null {
  for (const { target, loops } of derivation.graph.factors) {
    const [outer] = loops
    const weight = outer?.weight ?? null
    if (target.space !== 'data' || target.name !== name || outer === undefined || weight === null) continue
    const { id, from, to } = outer.index
    const first = numbers.value(from)
    return Float64Array.from({ length: numbers.extent(to) }, (_, i) =>
      i + 1 < first ? 0 : numbers.value(weight, new Map([[id, i + 1]])),
    )
  }
  return null
}
