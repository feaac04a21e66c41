/** Conditions of an expression asked around the whole of it. */
import * as k from './build.js'
import { simplify } from './simplify.js'
import type { KExpr } from './types.js'
import { freeAxes, mapChildren, walk } from './visit.js'

/** Conditions beyond which the expression is left as it is: each doubles it. */
const MOST_CONDITIONS = 4

/** Conditions inside sums that do not depend on what is summed over are asked around the whole, not for each term. */
export function branched(e: KExpr): KExpr {
  const conditions = new Map<string, KExpr>()
  const bound = new Set<string>()
  walk(e, (part) => {
    if (part.k === 'reduce') bound.add(part.axis.id)
  })
  walk(e, (part) => {
    if (part.k !== 'reduce') return
    walk(part.body, (inner) => {
      if (inner.k === 'select' && ![...freeAxes(inner.when)].some((a) => bound.has(a)))
        conditions.set(JSON.stringify(inner.when), inner.when)
    })
  })
  const [when] = conditions.values()
  if (when === undefined || conditions.size > MOST_CONDITIONS) return e
  return k.select(when, branched(decide(e, when, true)), branched(decide(e, when, false)))
}

/** The expression where a condition is known. */
function decide(e: KExpr, when: KExpr, holds: boolean): KExpr {
  const key = JSON.stringify(when)
  const go = (part: KExpr): KExpr =>
    part.k === 'select' && JSON.stringify(part.when) === key
      ? go(holds ? part.then : part.otherwise)
      : mapChildren(part, go)
  return simplify(go(e))
}
