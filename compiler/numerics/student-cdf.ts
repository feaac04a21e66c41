/** The logarithm of Student's distribution function. */
import { lbeta } from './gamma-delta.js'
import { logRegularised } from './incomplete-beta.js'
import { logPhi } from './log-phi.js'

/** Degrees of freedom from which the Normal distribution is not told apart, and from which it is near. */
const NORMAL = 1e15
const NEAR_NORMAL = 1e4
/** Of log(1 + t²/df): up to here the expansion about the Normal is exact to rounding. */
const EXPANDED = 0.1
const FAR = 1e9

/**
 * log P(T ≤ t) of Student's t with `df` degrees of freedom, df > 0, accurate in both tails: with w = df/(df + t²) the
 * probability of |T| ≥ |t| is I_w(df/2, 1/2). Johnson, Kotz, Balakrishnan (1995), Continuous Univariate Distributions 2,
 * equation 28.4a.
 */
export function logStudentCdf(df: number, t: number): number {
  if (!(df > 0) || Number.isNaN(t)) return Number.NaN
  if (df >= NORMAL) return logPhi(t)
  if (t === 0) return -Math.LN2
  if (!Number.isFinite(t)) return t > 0 ? 0 : Number.NEGATIVE_INFINITY
  const stretched = Math.log1p((t / df) * t)
  if (df >= NEAR_NORMAL && stretched < EXPANDED) return logPhi(Math.sign(t) * normalDeviate(df, stretched))
  const outside = logBeyond(df, Math.abs(t)) - Math.LN2
  return t < 0 ? outside : Math.log1p(-Math.exp(outside))
}

/** The Normal deviate with the probability of t, from log(1 + t²/df): Hill (1970), CACM 13, algorithm 395. */
function normalDeviate(df: number, stretched: number): number {
  const a = df - 0.5
  const b = 48 * a * a
  const square = a * stretched
  const second = (((4 * square + 33) * square + 240) * square + 855) / (10 * b * b)
  return Math.sqrt(square) * (1 + (square + 3) / b - second)
}

/** log P(|T| ≥ t), t > 0. */
function logBeyond(df: number, t: number): number {
  const ratio = t / Math.sqrt(df)
  // the square may be beyond the largest number; I_w(a, b) is w^a / (a B(a, b)) to all digits
  if (ratio > FAR) return -df * Math.log(ratio) - Math.log(df / 2) - lbeta(df / 2, 0.5)
  const square = ratio * ratio
  return square === 0 ? 0 : logRegularised(df / 2, 0.5, 1 / (1 + square), square / (1 + square))
}
