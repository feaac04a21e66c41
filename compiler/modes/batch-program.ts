/**
 * The program of rows that come in batches. Statistics of a location are sums of x − pivot, and the pivot of an E-step is
 * the location itself: sums about different pivots cannot be added up. Here the pivots stay where they are put.
 *
 * A weighted median is no function of sums. Its param makes a step for each batch, as those of other M-steps over rows do, by the
 * squared slopes of records in place of second derivatives: the expected information of a Laplace density (Titterington 1984).
 */
import { collectNodes } from '../algebra/visit.js'
import type { Derivation } from '../derive.js'
import { lower } from '../lower/lower.js'
import { Lowerer } from '../lower/lowerer.js'
import type { Program } from '../lower/program.js'
import type { MStep } from '../mstep/types.js'
import { lowerInputOf } from './lower-input.js'

export function batchProgram(d: Derivation, product: 'sum' | 'max'): Program {
  const input = lowerInputOf(d)
  const weights = weightsOf(d)
  const stepped = (step: MStep): MStep =>
    step.kind === 'median' ? { ...step, kind: 'newton', roles: [], squaredSlopes: { weights } } : step
  const mStep = { ...d.mStep, steps: d.mStep.steps.map(stepped) }
  return lower({ ...input, mStep }, new Lowerer(d.shapes, true), product)
}

/** Columns that rows are weighted by. */
function weightsOf({ graph }: Derivation): ReadonlySet<string> {
  const weights = graph.factors.flatMap((f) => f.loops.flatMap((l) => (l.weight === null ? [] : [l.weight])))
  return new Set(
    weights.flatMap((w) =>
      collectNodes(w, (n) => n.kind === 'ref' && n.space === 'data').flatMap((n) => (n.kind === 'ref' ? [n.name] : [])),
    ),
  )
}
