import type { BoundData, ParamLayout } from '../../runtime/contract.js'
import type { FactorGraph } from '../graph/types.js'
import { conditionEstimate } from '../numerics/index.js'
import { partsOf } from './array-parts.js'

/** A condition number at which rounding is as large as what the checks of EM allow anyway. */
const HARMLESS = 500

/**
 * How much the worst-conditioned covariance enlarges the rounding of a log density, at least 1. A matrix of condition
 * κ (scaled to unit diagonal, which Cholesky's rounding does not see) is inverted with a relative error of about κ·2⁻⁵³
 * (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., theorem 10.4 and section 10.3), so a covariance that
 * is held at its floor makes objectives that agree to fewer digits.
 */
export function conditioning(layouts: readonly ParamLayout[], params: Float64Array): number {
  let worst = 1
  for (const { offset, length, shape, support } of layouts) {
    const n = shape.at(-1) ?? 1
    if ((support.kind !== 'covariance' && support.kind !== 'correlation') || n < 2) continue
    for (let from = offset; from < offset + length; from += n * n)
      worst = Math.max(worst, conditionEstimate(params, from, n))
  }
  return 1 + worst / HARMLESS
}

/**
 * The part of a sum of log densities of counts that is rounded off, as a scale of the objective. log x! and x log λ are of size
 * x log x each, while the density is of size log x: of 16 digits so many are lost.
 *
 * @param counts the counts that have a likelihood, part by part
 */
export function roundingOfCounts(counts: Iterable<ArrayLike<number>>): number {
  let size = 0
  for (const values of counts)
    for (let i = 0; i < values.length; i++) {
      const x = Math.abs(values[i] ?? 0)
      if (Number.isFinite(x)) size += x * Math.log1p(x)
    }
  return size / HARMLESS
}

/** The same of data: of the counts among them that a factor gives a likelihood. */
export function roundingOfData(graph: FactorGraph, data: BoundData): number {
  const observed = new Set(graph.factors.flatMap((f) => (f.role === 'likelihood' ? [f.target.name] : [])))
  function* counts(): Generator<ArrayLike<number>> {
    for (const x of graph.data) {
      const array = data.arrays.get(x.name)
      if (x.type.support.kind === 'count' && observed.has(x.name) && array !== undefined) yield* partsOf(array)
    }
  }
  return roundingOfCounts(counts())
}
