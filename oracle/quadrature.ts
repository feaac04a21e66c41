/**
 * One-dimensional double-exponential quadrature in logs (Takahasi and Mori 1974, Double exponential formulas for
 * numerical integration; Mori and Sugihara 2001, sections 2–3): tanh-sinh on a finite interval, exp-sinh on a half-line,
 * sinh-sinh on the line, with the trapezoid rule in t.
 */
import { logLogistic, logSumExp } from './special-functions.js'

export interface LogIntegral {
  /** log ∫ exp(logF). */
  readonly log: number
  /** Difference of `log` between the last two step sizes: an upper estimate of its absolute error. */
  readonly error: number
}

/** A point of the rule: x and log dx/dt. */
interface Point {
  readonly x: number
  readonly logWeight: number
}

const T_MAX = 6.6
const HALF_PI = Math.PI / 2

/** log ∫ₐᵇ exp(logF(x)) dx; the ends may be infinite and logF may have integrable singularities there. */
export function logIntegral(logF: (x: number) => number, a: number, b: number, tolerance = 1e-13): LogIntegral {
  const transform = transformation(a, b)
  const terms: number[] = []
  const add = (t: number): void => {
    const { x, logWeight } = transform(t)
    const value = logF(x) + logWeight
    if (!Number.isNaN(value) && value < Number.POSITIVE_INFINITY) terms.push(value)
  }
  let h = 0.25
  for (let i = -Math.floor(T_MAX / h); i <= T_MAX / h; i++) add(i * h)
  let log = Math.log(h) + logSumExp(terms)
  let error = Number.POSITIVE_INFINITY
  for (let level = 0; level < 8 && error > tolerance; level++) {
    for (let i = -Math.floor(T_MAX / h); i < T_MAX / h; i++) add((i + 0.5) * h)
    h /= 2
    const refined = Math.log(h) + logSumExp(terms)
    error = refined === log ? 0 : Math.abs(refined - log)
    log = refined
  }
  return { log, error }
}

function transformation(a: number, b: number): (t: number) => Point {
  const low = Number.isFinite(a)
  const high = Number.isFinite(b)
  if (low && high) return (t) => tanhSinh(a, b, t)
  if (low) return (t) => expSinh(a, 1, t)
  if (high) return (t) => expSinh(b, -1, t)
  return sinhSinh
}

/** x = a + (b − a) logistic(π sinh t), taken from the nearer end. */
function tanhSinh(a: number, b: number, t: number): Point {
  const u = Math.PI * Math.sinh(t)
  const x = u < 0 ? a + (b - a) * Math.exp(logLogistic(u)) : b - (b - a) * Math.exp(logLogistic(-u))
  return { x, logWeight: Math.log((b - a) * Math.PI * Math.cosh(t)) + logLogistic(u) + logLogistic(-u) }
}

/** x = end ± exp(π/2 sinh t). */
function expSinh(end: number, sign: number, t: number): Point {
  const u = HALF_PI * Math.sinh(t)
  return { x: end + sign * Math.exp(u), logWeight: Math.log(HALF_PI * Math.cosh(t)) + u }
}

/** x = sinh(π/2 sinh t). */
function sinhSinh(t: number): Point {
  const u = HALF_PI * Math.sinh(t)
  const logCosh = Math.abs(u) + Math.log1p(Math.exp(-2 * Math.abs(u))) - Math.LN2
  return { x: Math.sinh(u), logWeight: Math.log(HALF_PI * Math.cosh(t)) + logCosh }
}
