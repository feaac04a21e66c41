import type { RandomSource } from '../types.js'
import { drawBeta, drawGamma } from './draw-gamma.js'

/** Below this the trials, or the arrivals, are played one by one. */
const SMALL = 16

/**
 * One Binomial(n, p) number: the number of n uniforms below p. The a-th smallest of them is Beta(a, n + 1 − a), and
 * given it the others are uniform on either side of it, so that one Beta halves n.
 * Devroye (1986), Non-Uniform Random Variate Generation, section X.4.3 (recursive methods).
 */
export function drawBinomial(n: number, p: number, random: RandomSource): number {
  let count = 0
  let left = n
  let rest = p
  while (left > SMALL && rest > 0 && rest < 1) {
    const a = 1 + Math.floor(left / 2)
    const middle = drawBeta(a, left + 1 - a, random)
    if (middle > rest) {
      left = a - 1
      rest /= middle
    } else {
      count += a
      left -= a
      rest = (rest - middle) / (1 - middle)
    }
  }
  for (let i = 0; i < left; i++) if (random() < rest) count += 1
  return count
}

/**
 * One Poisson(rate) number: the arrivals up to time `rate`. The m-th arrival is Gamma(m); if it came in time, m have
 * and the rest of the time is left; else the m − 1 before it are uniform up to it.
 * Ahrens, Dieter (1974), Computer methods for sampling from gamma, beta, Poisson and binomial distributions, section 5.
 */
export function drawPoisson(rate: number, random: RandomSource): number {
  let count = 0
  let left = rate
  while (left > SMALL) {
    const m = Math.floor((7 * left) / 8)
    const arrival = drawGamma(m, random)
    if (arrival > left) return count + drawBinomial(m - 1, left / arrival, random)
    count += m
    left -= arrival
  }
  const bound = Math.exp(-left)
  for (let product = random(); product > bound; product *= random()) count += 1
  return count
}

/** One index 1..length drawn with the given probabilities. */
export function drawIndex(p: readonly number[], random: RandomSource): number {
  let left = random()
  let last = 1
  for (const [i, probability] of p.entries()) {
    if (probability <= 0) continue
    last = i + 1
    left -= probability
    if (left < 0) break
  }
  return last
}
