/** Executed contributions in a short form that has their value. */

import { collect } from '../algebra/collect.js'
import { toNumber } from '../algebra/rational.js'
import type { Expr } from '../algebra/types.js'
import { splitFor } from '../mstep/atoms.js'
import { contribution } from '../mstep/contributions.js'
import { qTerm } from '../mstep/plan.js'
import type { Contribution } from '../mstep/types.js'
import { agree } from './agree.js'
import { atNewValue, readsShift, type Target } from './elements.js'
import { simplify } from './simplify.js'
import type { UpdateContext } from './update-types.js'

/**
 * The contributions to a block with the other params left as they are written: what `collect` gives in the block alone.
 * `pick` says which list a term belongs to; null where one belongs to none.
 */
export function recollected(
  names: ReadonlySet<string>,
  c: UpdateContext,
  pick: (kind: string, power: number | null) => string | null,
): ReadonlyMap<string, readonly Contribution[]> | null {
  const out = new Map<string, Contribution[]>()
  const options = {
    ...c.derivation.collectOptions,
    inU: (r: Extract<Expr, { kind: 'ref' }>) => r.space === 'param' && names.has(r.name),
  }
  for (const f of c.derivation.lifted) {
    if (f.factor.role === 'evidence') continue
    for (const m of collect(qTerm(f), options)) {
      if (m.atoms.length === 0) continue
      const [atom, ...more] = splitFor(m, names).block
      if (atom === undefined || more.length > 0 || !('at' in atom)) return null
      const list = pick(atom.kind, atom.kind === 'power' || atom.kind === 'exp' ? toNumber(atom.power) : null)
      if (list === null) return null
      const at = atom.kind === 'inverse' ? [...atom.at, atom.row, atom.column] : atom.at
      out.set(list, [...(out.get(list) ?? []), contribution(m, at, [])])
    }
  }
  return out
}

/**
 * Executed contributions may be an expansion about the previous value of another block. Where the plain form, with the
 * new value of that block in it, has the same value it is the one that is shown.
 */
export function compact(
  executed: readonly Contribution[],
  plain: readonly Contribution[] | null,
  at: Target,
  c: UpdateContext,
): Expr {
  const value = c.coefficient(executed, at.at)
  if (!readsShift(value)) return value
  const forms = [
    ...(plain === null ? [] : [c.coefficient(plain, at.at)]),
    simplify(atNewValue(value), c.notation.facts),
  ]
  return forms.find((f) => agree(f, value, at.indices, c.derivation)) ?? value
}
