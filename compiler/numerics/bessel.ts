const SERIES_TO = 20
const TWO_PI = 6.283185307179586

/** Σ_m (x²/4)^m / (m! (m + order)!), order 0 or 1: Abramowitz and Stegun 9.6.10. All terms are positive. */
function series(order: 0 | 1, x: number): number {
  return 1 + seriesBeyond1(order, x)
}

/** The same without its first term, which is 1. */
function seriesBeyond1(order: 0 | 1, x: number): number {
  const square = (x * x) / 4
  let term = square / (1 + order)
  let sum = term
  for (let m = 2; term > sum * 1e-17; m++) {
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

/** log(e^−|x| I₀(x)): 0 at 0, falling as −½ log(2π|x|); to 2e-15 of max(1, |log|), at any size of x. */
export function logBesselI0e(x: number): number {
  const y = Math.abs(x)
  if (y > SERIES_TO) return Math.log(asymptotic(0, y)) - 0.5 * Math.log(TWO_PI * y)
  return y <= SERIES_TO ? Math.log1p(seriesBeyond1(0, y)) - y : Number.NaN
}

/** I₁(x)/I₀(x), the mean resultant length at concentration x; odd in x, a few ulp. */
export function besselRatio(x: number): number {
  const y = Math.abs(x)
  if (y === Number.POSITIVE_INFINITY) return Math.sign(x)
  if (y > SERIES_TO) return (Math.sign(x) * asymptotic(1, y)) / asymptotic(0, y)
  return y <= SERIES_TO ? ((x / 2) * series(1, y)) / series(0, y) : Number.NaN
}

/**
 * d/dx I₁(x)/I₀(x) = 1 − A/x − A² with A = I₁/I₀, between ½ at 0 and 1/(2x²) far out. Below 20 as written (the relative
 * error grows to 6e-13 there), above by the derivatives of both asymptotic series, in which nothing cancels.
 */
export function besselRatioSlope(x: number): number {
  const y = Math.abs(x)
  if (y === 0) return 0.5
  if (y <= SERIES_TO) {
    const half = series(1, y) / series(0, y) / 2
    return 1 - half - y * half * (y * half)
  }
  if (Number.isNaN(y)) return y
  const [p0, p1] = [asymptotic(0, y), asymptotic(1, y)]
  return (asymptoticSlope(1, y) * p0 - p1 * asymptoticSlope(0, y)) / (p0 * p0)
}

/** The derivative of `asymptotic`, term by term. */
function asymptoticSlope(order: 0 | 1, x: number): number {
  const four = 4 * order * order
  let term = 1
  let sum = 0
  for (let m = 1; m < 2 * x && Math.abs(m * term) > 1e-18; m++) {
    const odd = 2 * m - 1
    term *= (odd * odd - four) / (m * 8 * x)
    sum -= m * term
  }
  return sum / x
}
