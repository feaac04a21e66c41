/** Continuous factors of q before their first update: a random point with unit spread, which breaks every symmetry. */
import { evaluate } from '../algebra/evaluate.js'
import { covarianceTable, meanTable, naturalTable } from '../estep/block-layout.js'
import type { EStepPlan } from '../estep/types.js'
import type { Family, FamilyStatistic } from '../families/index.js'
import type { KernelOp } from '../kernel/types.js'
import type { Lowerer } from './lowerer.js'
import type { FirstState } from './program.js'

export function firstStates(plan: EStepPlan, lowerer: Lowerer, updates: readonly KernelOp[]): readonly FirstState[] {
  return plan.blocks.map((b): FirstState => {
    if (b.kind === 'conjugate')
      return {
        kind: 'conjugate',
        family: b.family,
        natural: [...new Set(b.terms.map((t) => t.statistic))].map((statistic) => ({
          statistic,
          buffer: naturalTable(b, statistic),
        })),
      }
    const covariance = covarianceTable(b)
    if (!lowerer.sparse.has(covariance)) return { kind: 'gaussian', mean: meanTable(b), covariance }
    const at = updates.findIndex((op) => op.op === 'sparseGaussian' && op.covariance === covariance)
    const op = updates[at]
    if (op?.op !== 'sparseGaussian') throw new Error(`no system for ${b.id}`)
    const places = new Set(op.entries.flatMap((e) => [e.rows, e.columns]))
    return {
      kind: 'sparse',
      positions: updates.filter((x) => 'out' in x && places.has(x.out)),
      entries: op.entries,
      linear: op.linear,
      solve: [op, ...updates.filter((x) => 'out' in x && x.out === meanTable(b))],
    }
  })
}

/** A natural parameter of a family from parameters that are numbers. */
export function naturalNumber(family: Family, statistic: FamilyStatistic, parameter: (name: string) => number): number {
  const e = family.natural(statistic, (name) => ({ kind: 'float', value: parameter(name) }))
  return evaluate(e, { ref: () => Number.NaN })
}
