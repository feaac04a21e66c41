/** Coefficients (−1)^k (ζ(k) − 1) / k, k = 2, 3, … of log Γ(2 + z) − (1 − γ) z. */
const AROUND_TWO: readonly number[] = [
  0.32246703342411321824, -0.067352301053198095133, 0.020580808427784547879, -0.0073855510286739852663,
  0.0028905103307415232858, -0.0011927539117032609771, 0.00050966952474304242234, -0.00022315475845357937976,
  0.000099457512781808533715, -0.0000449262367381331417, 0.000020507212775670691553, -9.439488275268395904e-6,
  4.3748667899074878042e-6, -2.0392157538013662368e-6, 9.5514121304074198329e-7, -4.4924691987645660433e-7,
  2.1207184805554665869e-7, -1.0043224823968099609e-7, 4.7698101693639805658e-8, -2.271109460894316491e-8,
  1.0838659214896954091e-8, -5.1834750419700466551e-9, 2.4836745438024783172e-9, -1.1921401405860912074e-9,
  5.7313672416788620133e-10, -2.7595228851242331452e-10, 1.3304764374244489481e-10, -6.4229645638381000221e-11,
]

const ONE_MINUS_EULER = 0.4227843350984671393934879
const HALF_LOG_TWO_PI = 0.9189385332046727417803297
const LOG_PI = 1.1447298858494001741434273

/** B(2k) / (2k (2k − 1)), k = 1, 2, …: Abramowitz and Stegun 6.1.40. */
const STIRLING: readonly number[] = [
  1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156, -3617 / 122400, 43867 / 244188,
]

/** log Γ(2 + z) for |z| ≤ 1/2. */
function aroundTwo(z: number): number {
  let sum = 0
  for (let i = AROUND_TWO.length - 1; i >= 0; i--) sum = sum * z + (AROUND_TWO[i] ?? 0)
  return z * (ONE_MINUS_EULER + z * sum)
}

/** Stirling's series, x ≥ 10. */
function stirling(x: number): number {
  const inverse = 1 / x
  const square = inverse * inverse
  let sum = 0
  for (let i = STIRLING.length - 1; i >= 0; i--) sum = sum * square + (STIRLING[i] ?? 0)
  return (x - 0.5) * (Math.log(x) - 1) - 0.5 + HALF_LOG_TWO_PI + sum * inverse
}

/** sin(π x) without the error of π x at large x. */
function sinPi(x: number): number {
  const rest = x - 2 * Math.floor(x / 2)
  if (rest <= 0.25) return Math.sin(Math.PI * rest)
  if (rest <= 0.75) return Math.cos(Math.PI * (0.5 - rest))
  if (rest <= 1.25) return Math.sin(Math.PI * (1 - rest))
  if (rest <= 1.75) return -Math.cos(Math.PI * (1.5 - rest))
  return Math.sin(Math.PI * (rest - 2))
}

/**
 * log |Γ(x)|, a few ulp for x > 0 also next to its zeros 1 and 2. +∞ at 0, −1, −2, … and at ±∞; NaN at NaN.
 *
 * Taylor series about 2 on [1/2, 5/2] (Abramowitz and Stegun 6.1.33), recurrence to 10, Stirling's series above,
 * reflection (6.1.17) below 0.
 */
export function lgamma(x: number): number {
  if (x >= 10) return x === Infinity ? Infinity : stirling(x)
  if (x >= 2.5) {
    let product = 1
    let rest = x
    while (rest >= 2.5) {
      rest -= 1
      product *= rest
    }
    return Math.log(product) + aroundTwo(rest - 2)
  }
  if (x >= 1.5) return aroundTwo(x - 2)
  if (x >= 0.5) return aroundTwo(x - 1) - Math.log1p(x - 1)
  if (x > 0) return aroundTwo(x) - Math.log1p(x) - Math.log(x)
  if (x === -Infinity || x === Math.floor(x)) return Infinity
  if (!(x < 0)) return Number.NaN
  return LOG_PI - Math.log(Math.abs(x * sinPi(x))) - lgamma(-x)
}
