const SERIES_TO = 20
const TWO_PI = 6.283185307179586

/** Σ_m (x²/4)^m / (m! (m + order)!), order 0 or 1: Abramowitz and Stegun 9.6.10. All terms are positive. */
function series(order: 0 | 1, x: number): number {
  const square = (x * x) / 4
  let term = 1
  let sum = 1
  for (let m = 1; term > sum * 1e-17; m++) {
    term *= square / (m * (m + order))
    sum += term
  }
  return sum
}

/** e^−x √(2πx) I_order(x) for large x: Abramowitz and Stegun 9.7.1. */
function asymptotic(order: 0 | 1, x: number): number {
  const four = 4 * order * order
  let term = 1
  let sum = 1
  for (let m = 1; m < 2 * x && Math.abs(term) > 1e-18; m++) {
    const odd = 2 * m - 1
    term *= (odd * odd - four) / (m * 8 * x)
    sum += term
  }
  return sum
}

function large(order: 0 | 1, x: number): number {
  if (x > 720) return Infinity
  const half = Math.exp(x / 2)
  return ((half * asymptotic(order, x)) / Math.sqrt(TWO_PI * x)) * half
}

/** Modified Bessel function I₀(x), a few ulp; +∞ above 713.98, where it leaves the range of a float. */
export function besselI0(x: number): number {
  const y = Math.abs(x)
  return y > SERIES_TO ? large(0, y) : y <= SERIES_TO ? series(0, y) : Number.NaN
}

/** Modified Bessel function I₁(x), odd in x; a few ulp. */
export function besselI1(x: number): number {
  const y = Math.abs(x)
  const value = y > SERIES_TO ? large(1, y) : y <= SERIES_TO ? (y / 2) * series(1, y) : Number.NaN
  return x < 0 ? -value : value
}
