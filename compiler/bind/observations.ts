import { add, mul } from '../algebra/build.js'
import type { Expr } from '../algebra/types.js'
import { collectNodes } from '../algebra/visit.js'
import type { Derivation } from '../derive.js'
import { reduceSums } from '../estep/counts.js'
import type { BoundNumbers } from './sizes.js'

/**
 * Rows of the outermost data plates times their weights; a multinomial vector counts its total, a chain its time points;
 * rows that stand in groups only through a latent count as rows.
 */
export function countObservations(d: Derivation, numbers: BoundNumbers): number {
  const plates = new Map<string, number>()
  for (const f of d.graph.factors) {
    if (f.role !== 'likelihood' || f.target.space !== 'data') continue
    const [outer] = f.loops
    const total = f.distribution === 'Multinomial' ? multinomialTotal(f.value, d) : null
    const key = outer?.index.id ?? 'single'
    const inner = total === null ? (outer === undefined ? [] : [outer]) : f.loops
    const weight = inner.flatMap((l) => (l.weight === null ? [] : [l.weight]))
    const body = mul(...weight, total ?? { kind: 'num', value: { n: 1, d: 1 } })
    const all = inner.reduceRight<Expr>((e, l) => ({ kind: 'sum', index: l.index, body: e }), body)
    const n = numbers.value(all)
    plates.set(key, Math.max(plates.get(key) ?? 0, Number.isNaN(n) ? 0 : n))
  }
  return [...plates.values()].reduce((a, b) => a + b, 0)
}

/** lgamma(total + 1) stands first in the multinomial density. */
function multinomialTotal(value: Expr, d: Derivation): Expr | null {
  const reduced = reduceSums(value, d.graph.constraints)
  const terms = reduced.kind === 'add' ? reduced.terms : [reduced]
  const first = terms.find(
    (t) =>
      t.kind === 'call' &&
      t.fn === 'lgamma' &&
      collectNodes(t, (n) => n.kind === 'ref' && n.space === 'latent').length === 0,
  )
  const arg = first?.kind === 'call' ? first.args[0] : undefined
  return arg === undefined ? null : add(arg, { kind: 'num', value: { n: -1, d: 1 } })
}
