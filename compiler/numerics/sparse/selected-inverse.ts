import { inverseFactored } from '../spd.js'
import type { FactorValues } from './factor-values.js'
import type { SymbolicFactor } from './symbolic-factor.js'

/**
 * The entries of V = (L D Lᵀ)⁻¹ on the pattern of L, the tail by a dense inverse, then from the last column to the first:
 *
 *   V_ij = − Σ_{k > j} V_ik L_kj  (i > j),   V_jj = 1 / D_j − Σ_{k > j} L_kj V_kj,
 *
 * where k runs over the rows of column j, and V_ik is in the pattern because the rows of a column form a clique.
 * Takahashi, Fagan and Chin, "Formation of a sparse bus impedance matrix", PICA (1973); Erisman and Tinney, "On
 * computing certain elements of the inverse of a sparse matrix", CACM 18 (1975).
 *
 * `stamp` (i32) and `weights`, `sums` are scratch of length n.
 */
export function selectedInverse(
  symbolic: SymbolicFactor,
  factor: FactorValues,
  inverse: FactorValues,
  stamp: Int32Array,
  weights: Float64Array,
  sums: Float64Array,
): void {
  const { order, starts, rows, tail: tailFrom } = symbolic
  const { lower, diagonal } = factor
  const { lower: below, diagonal: variances, tail } = inverse
  const size = order - tailFrom
  tail.set(factor.tail)
  inverseFactored(tail, 0, size)
  for (let k = tailFrom; k < order; k++) variances[k] = tail[(k - tailFrom) * (size + 1)] ?? Number.NaN
  stamp.fill(-1)
  for (let j = tailFrom - 1; j >= 0; j--) {
    const first = starts[j] ?? 0
    const last = starts[j + 1] ?? 0
    const own = 1 / (diagonal[j] ?? 1)
    if (last - first === 1) {
      const weight = lower[first] ?? 0
      const value = -weight * (variances[rows[first] ?? 0] ?? 0)
      below[first] = value
      variances[j] = own - weight * value
      continue
    }
    for (let p = first; p < last; p++) {
      const i = rows[p] ?? 0
      stamp[i] = j
      weights[i] = lower[p] ?? 0
      sums[i] = 0
    }
    let variance = own
    for (let p = first; p < last; p++) {
      const k = rows[p] ?? 0
      const weight = lower[p] ?? 0
      let sum = (sums[k] ?? 0) + weight * (variances[k] ?? 0)
      if (k >= tailFrom) {
        const row = (k - tailFrom) * size - tailFrom
        for (let q = p + 1; q < last; q++) {
          const i = rows[q] ?? 0
          const value = tail[row + i] ?? 0
          sum += value * (lower[q] ?? 0)
          sums[i] = (sums[i] ?? 0) + value * weight
        }
        below[p] = -sum
        variance += weight * sum
        continue
      }
      // The rows after k that column j has are all in column k, whose other rows do not matter here.
      let left = last - p - 1
      for (let q = starts[k] ?? 0; left > 0; q++) {
        const i = rows[q] ?? 0
        if (stamp[i] !== j) continue
        const value = below[q] ?? 0
        sum += value * (weights[i] ?? 0)
        sums[i] = (sums[i] ?? 0) + value * weight
        left -= 1
      }
      below[p] = -sum
      variance += weight * sum
    }
    variances[j] = variance
  }
}
