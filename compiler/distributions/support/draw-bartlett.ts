import type { RandomSource } from '../types.js'
import { drawGamma } from './draw-gamma.js'
import { drawNormal } from './draw-normal.js'
import { matrixOf } from './matrices.js'

/**
 * Lower triangular A with A Aᵀ ~ Wishart(df, I): A_ii² is χ² with df − i + 1 degrees of freedom (i from 1), the
 * elements below the diagonal are standard normal.
 * Bartlett (1933); Smith, Hocking (1972), Algorithm AS 53, Applied Statistics 21(3).
 */
export function drawBartlett(df: number, order: number, random: RandomSource): number[][] {
  return matrixOf(order, order, (i, j) => {
    if (i < j) return 0
    return i === j ? Math.sqrt(2 * drawGamma((df - i) / 2, random)) : drawNormal(random)
  })
}
