/** Logarithms of the regularised incomplete gamma functions P(a, x) and Q(a, x) = 1 − P(a, x). */
import { stirlingRest } from './gamma-delta.js'
import { lgamma } from './lgamma.js'
import { log1pmx } from './log1pmx.js'

const HALF_LOG_TWO_PI = 0.9189385332046728

/** log P(a, x): the probability that a Gamma(a) number is at most x. 0 for a ≤ 0, −∞ for x ≤ 0. */
export function logGammaP(a: number, x: number): number {
  if (Number.isNaN(a + x)) return Number.NaN
  if (a <= 0) return 0
  if (x <= 0) return -Infinity
  if (x === Infinity) return 0
  if (x < a + 1) return logPrefix(a, x) + Math.log(series(a, x))
  return Math.log1p(-Math.exp(logPrefix(a, x) + Math.log(a * fraction(a, x))))
}

/** log Q(a, x): the probability that a Gamma(a) number is above x. −∞ for a ≤ 0, 0 for x ≤ 0. */
export function logGammaQ(a: number, x: number): number {
  if (Number.isNaN(a + x)) return Number.NaN
  if (a <= 0) return -Infinity
  if (x <= 0) return 0
  if (x === Infinity) return -Infinity
  if (a < 1 && x < 1.5) return Math.log(smallShape(a, x))
  if (x < a + 1) return Math.log1p(-Math.exp(logPrefix(a, x) + Math.log(series(a, x))))
  return logPrefix(a, x) + Math.log(a * fraction(a, x))
}

/** log (x^a e^−x / Γ(a + 1)); about its largest value at large a, where its terms cancel. */
function logPrefix(a: number, x: number): number {
  if (a < 12) return a * Math.log(x) - x - lgamma(a + 1)
  return a * log1pmx((x - a) / a) - HALF_LOG_TWO_PI - 0.5 * Math.log(a) - stirlingRest(a)
}

/** Γ(a + 1) e^x x^−a P(a, x) = Σ x^n / ((a + 1) … (a + n)): DLMF 8.7.1. */
function series(a: number, x: number): number {
  let term = 1
  let sum = 1
  for (let n = 1; term > sum * 1e-17; n++) {
    term *= x / (a + n)
    sum += term
  }
  return sum
}

/** Γ(a) e^x x^−a Q(a, x) by its continued fraction, DLMF 8.9.2, with Lentz's algorithm. */
function fraction(a: number, x: number): number {
  let b = x + 1 - a
  let c = Number.POSITIVE_INFINITY
  let d = 1 / b
  let h = d
  for (let i = 1; i < 1e6; i++) {
    const an = i * (a - i)
    b += 2
    d = 1 / (an * d + b)
    c = b + an / c
    const factor = c * d
    h *= factor
    if (Math.abs(factor - 1) < 4e-16) break
  }
  return h
}

/**
 * Q(a, x) for a < 1 and small x, where it may be near 0: 1 − x^a/Γ(a + 1) (1 + a Σ_{n ≥ 1} (−x)^n / ((a + n) n!)).
 * DiDonato, Morris (1986), Computation of the incomplete gamma function ratios, ACM TOMS 12(4), equation 15.
 */
function smallShape(a: number, x: number): number {
  const log = a * Math.log(x) - lgamma(a + 1)
  let power = 1
  let sum = 0
  for (let n = 1; Math.abs(power) > 1e-18; n++) {
    power *= -x / n
    sum += power / (a + n)
  }
  return -Math.expm1(log) - Math.exp(log) * a * sum
}
