/** Continuous factors of q before their first update: a random point with unit spread, which breaks every symmetry. */
import { evaluate } from '../algebra/evaluate.js'
import { covarianceTable, meanTable, naturalTable } from '../estep/block-layout.js'
import type { EStepPlan } from '../estep/types.js'
import type { Family, FamilyStatistic } from '../families/index.js'
import type { KernelOp } from '../kernel/types.js'
import type { Lowerer } from './lowerer.js'

export type FirstState =
  /** Means are drawn from Normal(0, 1), covariances are identities of the extent of the last dimension. */
  | { readonly kind: 'gaussian'; readonly mean: string; readonly covariance: string }
  /** One system over all cells: unit precisions at the diagonal positions of `entries`, `linear` drawn from Normal(0, 1). */
  | {
      readonly kind: 'sparse'
      readonly positions: readonly KernelOp[]
      readonly entries: readonly { readonly rows: string; readonly columns: string; readonly values: string }[]
      readonly linear: string
      readonly solve: readonly KernelOp[]
    }
  /** Parameters of the family are drawn from Uniform(2, 3), one set for each element; `natural` are made of them. */
  | {
      readonly kind: 'conjugate'
      readonly family: Family
      readonly natural: readonly { readonly statistic: FamilyStatistic; readonly buffer: string }[]
    }

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
