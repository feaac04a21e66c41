import { add, caseOf, mul, ONE } from '../algebra/build.js'
import type { Expr } from '../algebra/types.js'
import { collectNodes, freeIndices } from '../algebra/visit.js'
import type { Derivation } from '../derive.js'
import { reduceSums } from '../estep/counts.js'
import { stepOf } from '../estep/places.js'
import type { Factor, Loop, SolvedLatent } from '../graph/types.js'
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
    const along = total === null ? chainLoops(f, d) : null
    const inner = total === null ? (along ?? (outer === undefined ? [] : [outer])) : f.loops
    const weight = inner.flatMap((l) => (l.weight === null ? [] : [l.weight]))
    const body = mul(...weight, total ?? (along === null ? ONE : observedAt(f, along)))
    const n = numbers.sum(
      inner.map((l) => l.index),
      body,
    )
    plates.set(key, Math.max(plates.get(key) ?? 0, Number.isNaN(n) ? 0 : n))
  }
  // an observed sum is an observation of its row, whether or not a statement has data on its left
  const sums = [...d.graph.constraints.map((c) => ({ loops: c.loops, of: c.total })), ...d.graph.solved.map(ofSolved)]
  for (const { loops, of } of sums) {
    if (collectNodes(of, (n) => n.kind === 'ref' && n.space === 'data').length === 0) continue
    const [outer] = loops
    const key = outer?.index.id ?? 'single'
    const rows = outer === undefined ? 1 : numbers.sum([outer.index], outer.weight ?? ONE)
    plates.set(key, Math.max(plates.get(key) ?? 0, rows))
  }
  return [...plates.values()].reduce((a, b) => a + b, 0)
}

const ofSolved = (s: SolvedLatent): { readonly loops: readonly Loop[]; readonly of: Expr } => ({
  loops: s.loops,
  of: s.value,
})

/** The loops down to that of the chain whose latents a factor reads; null where it reads none of a chain. */
function chainLoops(f: Factor, d: Derivation): readonly Loop[] | null {
  for (const v of d.lifted.find((x) => x.factor === f)?.variables ?? []) {
    const chain = d.eStep.tables.find((t) => t.latents.includes(v.latent))?.chain
    const at = chain === undefined || chain === null ? undefined : v.index[chain.position]
    if (at === undefined) continue
    const { base } = stepOf(at)
    const depth = f.loops.findIndex((l) => base.kind === 'index' && base.var === l.index.id)
    return f.loops.slice(0, depth + 1)
  }
  return null
}

/** 1 where the cell of the target is observed, as far as the loops say which one it is. */
function observedAt(f: Factor, loops: readonly Loop[]): Expr {
  const known = new Set(loops.map((l) => l.index.id))
  const mask = collectNodes(
    caseOf(f.guard, f.value),
    (n) =>
      n.kind === 'ref' &&
      n.space === 'observed' &&
      n.name === f.target.name &&
      [...freeIndices(n)].every((v) => known.has(v)),
  )[0]
  return mask ?? ONE
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
