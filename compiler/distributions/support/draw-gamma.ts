import type { RandomSource } from '../types.js'
import { drawNormal } from './draw-normal.js'

/**
 * One Gamma(shape, rate 1) number by rejection from (1 + c·normal)³. For shape < 1, Gamma(shape + 1)·U^(1/shape).
 * Marsaglia, Tsang (2000), A simple method for generating gamma variables, ACM TOMS 26(3), sections 5 and 6.
 */
export function drawGamma(shape: number, random: RandomSource): number {
  if (shape < 1) return drawGamma(shape + 1, random) * random() ** (1 / shape)
  const d = shape - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  for (;;) {
    const x = drawNormal(random)
    const v = (1 + c * x) ** 3
    if (v > 0 && Math.log(random()) < (x * x) / 2 + d * (1 - v + Math.log(v))) return d * v
  }
}

/** One Beta(a, b) number: X/(X + Y) of two Gammas. */
export function drawBeta(a: number, b: number, random: RandomSource): number {
  const x = drawGamma(a, random)
  const y = drawGamma(b, random)
  return x / (x + y)
}
