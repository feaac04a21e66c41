/** The logarithm of the regularised incomplete beta function. */
import { lbeta, stirlingRest } from './gamma-delta.js'
import { log1pmx } from './log1pmx.js'

const HALF_LOG_TWO_PI = 0.9189385332046728
const TINY = 1e-300

/** log I_x(a, b): the probability that a Beta(a, b) number is at most x. −∞ for x ≤ 0, 0 for x ≥ 1; a, b > 0. */
export function logBetaI(a: number, b: number, x: number): number {
  if (!(a > 0 && b > 0) || Number.isNaN(x)) return Number.NaN
  if (x <= 0) return -Infinity
  if (x >= 1) return 0
  return logRegularised(a, b, x, 1 - x)
}

/** log I_x(a, b), y = 1 − x, both with all of their digits; 0 < x < 1. */
export function logRegularised(a: number, b: number, x: number, y: number): number {
  if (x <= (a + 1) / (a + b + 2)) return logLower(a, b, x, y)
  return Math.log1p(-Math.exp(logLower(b, a, y, x)))
}

/** log I_x(a, b), y = 1 − x, where x is below the mean. */
const logLower = (a: number, b: number, x: number, y: number): number =>
  logPrefix(a, b, x, y) - Math.log(a) + Math.log(fraction(a, b, x))

/** log (x^a y^b / B(a, b)), y = 1 − x; about its largest value at large a and b, where its terms cancel. */
function logPrefix(a: number, b: number, x: number, y: number): number {
  if (a < 12 || b < 12) return a * logOf(x, y) + b * logOf(y, x) - lbeta(a, b)
  const n = a + b
  // distance of x from its mean a/n, without dividing first
  const off = x < 0.5 ? x * n - a : b - y * n
  const rest = stirlingRest(n) - stirlingRest(a) - stirlingRest(b)
  return a * log1pmx(off / a) + b * log1pmx(-off / b) - HALF_LOG_TWO_PI + 0.5 * Math.log((a / n) * b) + rest
}

/** log x, x + y = 1: of the smaller one all digits are known. */
const logOf = (x: number, y: number): number => (y < x ? Math.log1p(-y) : Math.log(x))

/** B(a, b) a x^−a (1 − x)^−b I_x(a, b) by its continued fraction, DLMF 8.17.22, with Lentz's algorithm. */
function fraction(a: number, b: number, x: number): number {
  let c = 1
  let d = 1 / safe(1 - ((a + b) * x) / (a + 1))
  let h = d
  for (let m = 1; m < 1e6; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / safe(1 + even * d)
    c = safe(1 + even / c)
    h *= d * c
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / safe(1 + odd * d)
    c = safe(1 + odd / c)
    const factor = d * c
    h *= factor
    if (Math.abs(factor - 1) < 4e-16) break
  }
  return h
}

const safe = (x: number): number => (Math.abs(x) < TINY ? TINY : x)
