import { inverseMills, logPhi } from './log-phi.js'

/**
 * The z with Φ(z) = p, for p and 1 − p given by their logarithms: exact to rounding in both tails. Newton's method on
 * log Φ, which is concave: from Φ(z) ≤ ½ exp(−z²/2) it begins below the root and rises to it.
 */
export function normalQuantile(logLower: number, logUpper: number): number {
  return logLower <= logUpper ? lowerQuantile(logLower) : -lowerQuantile(logUpper)
}

/** For log p ≤ log ½. */
function lowerQuantile(log: number): number {
  if (log === Number.NEGATIVE_INFINITY || Number.isNaN(log)) return log
  let z = -Math.sqrt(Math.max(0, -2 * (log + Math.LN2)))
  for (let i = 0; i < 60; i++) {
    const step = (log - logPhi(z)) / inverseMills(z)
    z += step
    if (!(Math.abs(step) > 1e-15 * (1 + Math.abs(z)))) break
  }
  return z
}
