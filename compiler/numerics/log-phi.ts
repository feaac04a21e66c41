/** The logarithm of the normal distribution function, in tails where the function itself underflows. */
import { log1mexp } from './log1mexp.js'
import { normalDensity, Phi, scaledTail } from './phi.js'

const HALF_LOG_TWO_PI = 0.9189385332046728
/** Where Φ is no longer near ½. */
const MIDDLE = 0.67448975

/** log Φ(x), a few ulp everywhere; −∞ at −∞. */
export function logPhi(x: number): number {
  if (x >= -MIDDLE) return x > MIDDLE ? Math.log1p(-Phi(-x)) : Math.log(Phi(x))
  if (x === -Infinity) return x
  return Math.log(scaledTail(-x)) - HALF_LOG_TWO_PI - (x * x) / 2
}

/** φ(x)/Φ(x), the slope of log Φ (the inverse Mills ratio of −x); it nears −x as x → −∞. */
export function inverseMills(x: number): number {
  if (x >= -MIDDLE) return normalDensity(x) / Phi(x)
  return x === -Infinity ? Infinity : 1 / scaledTail(-x)
}

/**
 * log(Φ(b) − Φ(a)) for a ≤ b, −∞ where they are equal, NaN where a > b.
 *
 * Narrow intervals by the series about the middle m of half width h, ∫ φ = 2h φ(m) Σ_k He_2k(m) h^2k / (2k + 1)!, with
 * the Hermite polynomials of Abramowitz and Stegun 22.2.15; wide ones from the side on which both tails are small.
 */
export function logPhiBetween(a: number, b: number): number {
  if (!(a < b)) return a === b ? -Infinity : Number.NaN
  if (a + b > 0) return logPhiBetween(-b, -a)
  if (a === -Infinity) return logPhi(b)
  const h = (b - a) / 2
  const m = a + h
  if (h * Math.max(1, Math.abs(m)) <= 1)
    return Math.log(2 * h) + Math.log1p(narrow(m, h)) - HALF_LOG_TWO_PI - (m * m) / 2
  if (b > 0) return Math.log1p(-(Phi(a) + Phi(-b)))
  const high = logPhi(b)
  return high + log1mexp(logPhi(a) - high)
}

/** Σ_{k ≥ 1} He_2k(m) h^2k / (2k + 1)!, where h·max(1, |m|) ≤ 1. */
function narrow(m: number, h: number): number {
  // t_j = He_j(m) h^j / (j + 1)!, from He_{j+1} = m He_j − j He_{j−1}
  let before = 1
  let last = (m * h) / 2
  let sum = 0
  for (let j = 1; j < 60; j++) {
    const next = (m * h * last) / (j + 2) - (j * h * h * before) / ((j + 1) * (j + 2))
    before = last
    last = next
    if (j % 2 === 1) {
      sum += last
      if (Math.abs(last) + Math.abs(before) < 1e-18) break
    }
  }
  return sum
}
