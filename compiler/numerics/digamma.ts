/** The positive zero of ψ in two parts, the first so short that 1 and 2 are added to it exactly. */
export const ROOT_HIGH = 1.4616321449683616
export const ROOT_LOW = 7.616337690747509e-16

/** ψ(root + d) / d for 1 ≤ root + d ≤ 2.1; 8e-17 relative in ψ. */
export const AROUND_ROOT: readonly number[] = [
  0.9676722454476212, -0.4427631689835928, 0.25849976095565397, -0.16394270544219786, 0.10782405069065408,
  -0.07219956127468817, 0.04880428821500958, -0.03316112576489327, 0.0225976460974918, -0.015424780269759268,
  0.010538841477877368, -0.007204379069499686, 0.004926100639217543, -0.003370568459398414, 0.0023105810760544183,
  -0.0015774203538426168, 0.0010546419829543412, -0.0007146861050362968, 0.0005517647086840949, -0.0004391363025696659,
  0.0002487227961894515, -6.465874266584609e-5,
]

/** From here on the asymptotic series with coefficients of least error, 1.5e-18 of ψ, in 1/x². */
export const ASYMPTOTIC_FROM = 4.1
export const ASYMPTOTIC: readonly number[] = [
  0.08333333333332354, -0.008333333327222091, 0.003968252601437265, -0.004166512386847801, 0.007565621874566364,
  -0.02067579474018812, 0.07214081127473418, -0.2413741974646605, 0.48229486106701264,
]

/** Where the polynomial begins; it reaches to 1 more. */
export const LOWEST = 1.1

function horner(x: number, coefficients: readonly number[]): number {
  let sum = 0
  for (let i = coefficients.length - 1; i >= 0; i--) sum = sum * x + (coefficients[i] ?? 0)
  return sum
}

/** ψ(root + d), d = x − root − steps. */
function aroundRoot(x: number, steps: number): number {
  // the first difference is exact but for x < 0.2
  const d = x - (ROOT_HIGH + steps) - ROOT_LOW
  return d * horner(d, AROUND_ROOT)
}

/** ψ(x) for 0 < x < 4.1: ψ(x) = ψ(x + 1) − 1/x = ψ(x − 1) + 1/(x − 1) = ψ(x − 2) + (2x − 3)/((x − 1)(x − 2)). */
function small(x: number): number {
  if (x < LOWEST) return aroundRoot(x, -1) - 1 / x
  if (x < LOWEST + 1) return aroundRoot(x, 0)
  if (x < LOWEST + 2) return aroundRoot(x, 1) + 1 / (x - 1)
  return aroundRoot(x, 2) + (x - 1 + (x - 2)) / ((x - 1) * (x - 2))
}

/**
 * Digamma ψ(x) = d/dx log Γ(x), within 4 units of the last place for x > 0, also next to its zero. NaN at 0, −1, −2, … and at −∞.
 *
 * Below 4.1 recurrence to [1.1, 2.1] (Abramowitz and Stegun 6.3.5) and a polynomial about the zero there; above, the
 * asymptotic series (6.3.18); reflection (6.3.7) below 0.
 */
export function digamma(x: number): number {
  if (!(x > 0)) {
    if (!(x < 0) || x === -Infinity || x === Math.floor(x)) return Number.NaN
    // from the nearest integer, as the difference then has all digits
    const rest = x - Math.round(x)
    return digamma(1 - x) - Math.PI / Math.tan(Math.PI * rest)
  }
  if (x === Infinity) return Infinity
  if (x < ASYMPTOTIC_FROM) return small(x)
  const inverse = 1 / x
  const square = inverse * inverse
  return Math.log(x) - (inverse * 0.5 + square * horner(square, ASYMPTOTIC))
}
