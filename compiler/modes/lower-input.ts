/** What a derivation is lowered from, to lower it once more in another way. */
import type { Derivation } from '../derive.js'
import type { LowerInput } from '../lower/lower.js'

export function lowerInputOf(d: Derivation): LowerInput {
  return {
    graph: d.graph,
    lifted: d.lifted,
    eStep: d.eStep,
    mStep: d.mStep,
    shapes: d.shapes,
    collecting: d.collectOptions,
    rename: (v) => d.supply.fresh(v.name, v.to, v.from),
    lets: d.graph.lets,
  }
}
