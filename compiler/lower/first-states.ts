/**
 * Continuous factors of q before their first update: a random point with unit spread, which breaks every symmetry; of draws a
 * point without spread, drawn from such a factor where it is of a family.
 */
import { num, ONE } from '../algebra/build.js'
import { evaluate } from '../algebra/evaluate.js'
import { covarianceTable, matrixTable, meanTable, naturalTable } from '../estep/block-layout.js'
import type { Family, FamilyStatistic } from '../families/index.js'
import type { KernelOp } from '../kernel/types.js'
import type { LoweredBlock } from './continuous.js'
import type { Lowerer } from './lowerer.js'
import type { FirstState } from './program.js'

/** @param isDrawn values are drawn: Normal ones are points */
export function firstStates(
  blocks: readonly LoweredBlock[],
  lowerer: Lowerer,
  updates: readonly KernelOp[],
  isDrawn: boolean,
): readonly FirstState[] {
  return blocks.map(({ block: b, drawn }): FirstState => {
    if (b.kind === 'conjugate') {
      const { family } = b
      const statistics = [...new Set(b.terms.map((t) => t.statistic))].filter((s) => s !== family.matrix)
      const natural = statistics.map((statistic) => ({ statistic, buffer: naturalTable(b, statistic) }))
      if (family.matrix === undefined) return { kind: 'conjugate', family, natural, drawn }
      const matrix = matrixTable(b)
      return {
        kind: 'matrix',
        family,
        natural,
        matrix,
        factor: updates.filter((op) => op.op === 'small' && op.matrix === matrix && !drawn.includes(op)),
        drawn,
      }
    }
    const covariance = covarianceTable(b)
    if (!lowerer.sparse.has(covariance))
      return { kind: 'gaussian', mean: meanTable(b), covariance, variance: isDrawn ? 0 : 1 }
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
export function naturalNumber(
  family: Family,
  statistic: FamilyStatistic,
  parameter: (name: string) => number,
  /** Of a matrix, that the parameters are those of. */
  order = 1,
): number {
  const axes = Array.from({ length: family.rank }, () => ({ id: '', name: '', from: ONE, to: num(order) }))
  const e = family.natural(statistic, (name) => ({ kind: 'float', value: parameter(name) }), [], axes)
  return evaluate(e, { ref: () => Number.NaN })
}
