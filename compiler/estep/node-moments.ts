/** Expectations over the nodes of a posterior: Σ_q r_q f(u_q), of any function, with params inside or not; of a drawn node f alone. */
import { idx, mul, ref, sum } from '../algebra/build.js'
import { readsLatent } from '../algebra/expectation.js'
import type { Expr } from '../algebra/types.js'
import { posteriorAt } from './block-layout.js'
import type { MomentOptions } from './moments.js'
import { atNode, drawnNodeTable, nodeTable, nodeVariable, nodeWeights, pointIn } from './node-layout.js'
import type { NodeBlock } from './types.js'

/** E[e | values] at a row of a block. */
export function nodeExpectation(
  b: NodeBlock,
  row: readonly Expr[],
  values: readonly Expr[],
  e: Expr,
  options: MomentOptions,
): Expr {
  if (!readsLatent(e)) return e
  if (b.drawn) return atNode(b, e, row, pointIn(b, drawnNodeTable(b), row, values, null))
  const q = options.collecting.rename(nodeVariable(b))
  const weight = ref('table', nodeWeights(b), [...posteriorAt(b, row, values), idx(q)])
  return sum(q, mul(weight, atNode(b, e, row, pointIn(b, nodeTable(b), row, values, idx(q)))))
}
