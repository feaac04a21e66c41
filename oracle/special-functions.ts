/**
 * Special functions to full double accuracy. Formula numbers are those of the NIST Digital Library of Mathematical
 * Functions (DLMF). Speed is no concern: series and continued fractions are summed until nothing changes.
 */
import { at, range, sum } from './arrays.js'

/** ζ(k) − 1 for k = 2, 3, … (DLMF 25.2.1). */
const ZETA_MINUS_ONE: readonly number[] = [
  0.6449340668482264, 0.2020569031595943, 0.08232323371113819, 0.03692775514336993, 0.01734306198444914,
  0.008349277381922827, 0.00407735619794434, 0.0020083928260822143, 0.0009945751278180853, 0.0004941886041194645,
  0.0002460865533080483, 0.00012271334757848915, 6.124813505870483e-5, 3.058823630702049e-5, 1.528225940865187e-5,
  7.637197637899763e-6, 3.81729326499984e-6, 1.908212716553939e-6, 9.539620338727962e-7, 4.769329867878064e-7,
  2.38450502727733e-7, 1.1921992596531106e-7, 5.960818905125948e-8, 2.980350351465228e-8, 1.4901554828365043e-8,
  7.45071178983543e-9, 3.725334024788457e-9, 1.862659723513049e-9, 9.313274324196682e-10,
]

/** Euler's constant γ (DLMF 5.2.3). */
const EULER = 0.5772156649015329

/** B₂ₖ / (2k (2k − 1)) for k = 1, 2, …: the coefficients of Stirling's series (DLMF 5.11.1). */
const STIRLING: readonly number[] = [
  1 / 12,
  -1 / 360,
  1 / 1260,
  -1 / 1680,
  1 / 1188,
  -691 / 360360,
  1 / 156,
  -3617 / 122400,
  43867 / 244188,
]

/** log Γ(2 + z) for |z| ≤ 1/2: z(1 − γ) + Σₖ (ζ(k) − 1)(−z)ᵏ/k (DLMF 5.7.3). Accurate relatively at its zero z = 0. */
function logGammaNearTwo(z: number): number {
  let total = 0
  for (let i = ZETA_MINUS_ONE.length - 1; i >= 0; i--) total = at(ZETA_MINUS_ONE, i) / (i + 2) - z * total
  return z * (1 - EULER) + z * z * total
}

/** log Γ(x) for x > 0; ∞ at 0, NaN below. */
export function lgamma(x: number): number {
  if (Number.isNaN(x) || x < 0) return Number.NaN
  if (x === 0 || x === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY
  if (x < 0.5) return lgamma(1 + x) - Math.log(x)
  if (x <= 1.5) return logGammaNearTwo(x - 1) - Math.log1p(x - 1)
  if (x <= 2.5) return logGammaNearTwo(x - 2)
  if (x < 10) {
    let factor = 1
    let y = x
    while (y > 2.5) {
      y -= 1
      factor *= y
    }
    return Math.log(factor) + logGammaNearTwo(y - 2)
  }
  const tail = STIRLING.reduceRight((total, c) => total / (x * x) + c, 0) / x
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + tail
}

/**
 * log Γ(x + s) − log Γ(x) for x > 0, x + s > 0, without the difference of large numbers. Both arguments are raised by the
 * recurrence (DLMF 5.5.1) until Stirling's series holds; there the difference is
 * (x − ½) log(1 + s/x) + s log(x + s) − s + tail(x + s) − tail(x) (DLMF 5.11.1).
 */
export function lgammaRatio(x: number, s: number): number {
  if (s === 0) return 0
  if (x === 0) return s > 0 ? Number.NEGATIVE_INFINITY : Number.NaN
  if (x < 10 || x + s < 10) return lgammaRatio(x + 1, s) - Math.log1p(s / x)
  const tail = (y: number): number => STIRLING.reduceRight((total, c) => total / (y * y) + c, 0) / y
  return (x - 0.5) * Math.log1p(s / x) + s * Math.log(x + s) - s + (tail(x + s) - tail(x))
}

/** ψ(x) = d log Γ(x)/dx for x > 0, by recurrence to x ≥ 10 (DLMF 5.5.2) and the asymptotic series (5.11.2). */
export function digamma(x: number): number {
  if (!(x > 0)) return Number.NaN
  if (x < 10) return digamma(x + 1) - 1 / x
  const tail = STIRLING.reduce((total, c, i) => total + (c * (2 * i + 1)) / x ** (2 * i + 2), 0)
  return Math.log(x) - 1 / (2 * x) - tail
}

/** erf x for |x| ≤ 1 by the all-positive series 2/√π e^{−x²} Σ 2ⁿ x^{2n+1}/(2n+1)!! (DLMF 7.6.2). */
function erfSeries(x: number): number {
  let term = x
  let total = x
  for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(total); n++) {
    term *= (2 * x * x) / (2 * n + 1)
    total += term
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * total
}

/** e^{x²} erfc x for x ≥ 1 by the continued fraction (DLMF 7.9.1), evaluated by the modified Lentz algorithm. */
function scaledErfc(x: number): number {
  let f = x
  let c = x
  let d = 0
  for (let n = 1; n < 5000; n++) {
    const a = n / 2
    d = 1 / (x + a * d)
    c = x + a / c
    const delta = c * d
    f *= delta
    if (Math.abs(delta - 1) < 1e-16) break
  }
  return 1 / (f * Math.sqrt(Math.PI))
}

/** e^{−x²}: the square of x rounded to sixteenths is exact, and what it leaves is small. */
function expMinusSquare(x: number): number {
  const high = Math.round(x * 16) / 16
  return Math.exp(-high * high) * Math.exp(-(x - high) * (x + high))
}

/** e^{−x²/2} in the same way. */
function expMinusHalfSquare(x: number): number {
  const high = Math.round(x * 16) / 16
  return Math.exp(-(high * high) / 2) * Math.exp((-(x - high) * (x + high)) / 2)
}

export function erfc(x: number): number {
  if (x < 1) return 1 - erf(x)
  return x > 27.5 ? 0 : expMinusSquare(x) * scaledErfc(x)
}

export function erf(x: number): number {
  if (Math.abs(x) <= 1) return x === 0 ? 0 : erfSeries(x)
  return x > 0 ? 1 - erfc(x) : erfc(-x) - 1
}

/** The standard normal distribution function Φ(x) (DLMF 7.2.2 in another scale), relatively accurate in both tails. */
export function Phi(x: number): number {
  if (Number.isNaN(x)) return Number.NaN
  if (x > -Math.SQRT2) return 0.5 * erfc(-x / Math.SQRT2)
  return 0.5 * expMinusHalfSquare(x) * scaledErfc(-x / Math.SQRT2)
}

/** log Φ(x), accurate where Φ underflows. */
export function logPhi(x: number): number {
  if (x === Number.NEGATIVE_INFINITY) return x
  if (x > 0) return Math.log1p(-Phi(-x))
  const t = -x / Math.SQRT2
  return t < 1 ? Math.log(Phi(x)) : Math.log(scaledErfc(t) / 2) - (x * x) / 2
}

/** log Σ exp(vᵢ); −∞ for no terms. */
export function logSumExp(values: readonly number[]): number {
  let top = Number.NEGATIVE_INFINITY
  for (const v of values) {
    if (Number.isNaN(v)) return v
    if (v > top) top = v
  }
  if (!Number.isFinite(top)) return top
  let total = 0
  for (const v of values) total += Math.exp(v - top)
  return top + Math.log(total)
}

/** log(eᵃ − eᵇ) for a ≥ b. */
export function logDiffExp(a: number, b: number): number {
  if (b === Number.NEGATIVE_INFINITY) return a
  const d = b - a
  if (d > 0) return Number.NaN
  return a + (d > -Math.LN2 ? Math.log(-Math.expm1(d)) : Math.log1p(-Math.exp(d)))
}

/** log B(a, b) (DLMF 5.12.1). */
export function lbeta(a: number, b: number): number {
  return lgamma(a) + lgamma(b) - lgamma(a + b)
}

/** log n! */
export function logFactorial(n: number): number {
  return lgamma(n + 1)
}

/** log of the number of ways to choose k of n. */
export function logChoose(n: number, k: number): number {
  return k === 0 || k === n ? 0 : logFactorial(n) - logFactorial(k) - logFactorial(n - k)
}

/** log Γ_d(x) = d(d − 1)/4 log π + Σⱼ log Γ(x + (1 − j)/2), j = 1..d (DLMF 35.3.4). */
export function multivariateLgamma(d: number, x: number): number {
  return ((d * (d - 1)) / 4) * Math.log(Math.PI) + sum(range(1, d).map((j) => lgamma(x + (1 - j) / 2)))
}

/**
 * log I₀(κ) for κ ≥ 0. Below 1 by the power series Σ (κ²/4)ⁿ/(n!)² (DLMF 10.25.2), above by the trapezoid rule for
 * (1/π) ∫₀^π e^{κ(cos θ − 1)} dθ (DLMF 10.32.1), which converges geometrically.
 */
export function logBesselI0(kappa: number): number {
  if (kappa < 1) return Math.log1p(besselSeries((kappa * kappa) / 4))
  const n = 64 + Math.ceil(16 * Math.sqrt(kappa))
  const total = sum(range(1, n - 1).map((i) => Math.exp(kappa * (Math.cos((Math.PI * i) / n) - 1))))
  return kappa + Math.log((0.5 * (1 + Math.exp(-2 * kappa)) + total) / n)
}

/** Σ yⁿ/(n!)² over n ≥ 1. */
function besselSeries(y: number): number {
  let term = y
  let total = y
  for (let n = 2; term > 1e-18 * total; n++) {
    term *= y / (n * n)
    total += term
  }
  return total
}

/** x log y with 0 log 0 = 0. */
export function xlogy(x: number, y: number): number {
  return x === 0 && y >= 0 ? 0 : x * Math.log(y)
}

/** x log(1 + y) with 0 log 0 = 0. */
export function xlog1py(x: number, y: number): number {
  return x === 0 && y >= -1 ? 0 : x * Math.log1p(y)
}

/** 1 / (1 + e^{−x}). */
export function logistic(x: number): number {
  return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x))
}

/** log logistic(x). */
export function logLogistic(x: number): number {
  return x >= 0 ? -Math.log1p(Math.exp(-x)) : x - Math.log1p(Math.exp(x))
}
