/** Which models can be fitted batch by batch: from sums over rows, and steps by the rows of a batch. */
import type { Derivation } from '../derive.js'
import type { Program } from '../lower/program.js'
import { isFirst, isSize } from './few-rows.js'
import { whyNotRowWise } from './row-wise.js'

/** The size that counts the rows of batches, or why there are none, as the end of a sentence. */
export function batchRows(d: Derivation, program: Program): { readonly size: string } | { readonly why: string } {
  let why = 'nothing in it goes over rows'
  for (const [key, e] of program.sizes) {
    if (e.kind !== 'ref' || e.space !== 'size' || e.index.length > 0 || !e.name.startsWith('size:')) continue
    const size = e.name.slice('size:'.length)
    if (!d.graph.data.some((s) => isFirst(d, s.name, size))) continue
    const beside = d.lifted.find((f) => f.factor.role !== 'prior' && !isSize(f.factor.loops[0]?.index.to, size))
    const reason =
      beside === undefined
        ? whyNotRowWise(d, program, key, size, true)
        : `\`${beside.factor.target.name}\` belongs to no one of the ${size} rows`
    if (reason === null) return { size }
    why = reason
  }
  return { why }
}
