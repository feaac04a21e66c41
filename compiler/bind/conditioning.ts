import type { ParamLayout } from '../../runtime/contract.js'
import { conditionEstimate } from '../numerics/index.js'

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
