/** Coefficients (−1)^k (ζ(k) − 1) / k, k = 2, 3, … of log Γ(2 + z) − (1 − γ) z. */
const AROUND_TWO: readonly number[] = [
  0.3224670334241132, -0.0673523010531981, 0.020580808427784546, -0.007385551028673986, 0.0028905103307415234,
  -0.001192753911703261, 0.0005096695247430425, -0.00022315475845357939, 0.00009945751278180853,
  -0.00004492623673813314, 0.00002050721277567069, -0.000009439488275268397, 0.000004374866789907488,
  -0.000002039215753801366, 9.55141213040742e-7, -4.492469198764566e-7, 2.1207184805554665e-7, -1.0043224823968099e-7,
  4.7698101693639804e-8, -2.2711094608943164e-8, 1.0838659214896955e-8, -5.183475041970047e-9, 2.4836745438024785e-9,
  -1.1921401405860912e-9, 5.731367241678862e-10, -2.7595228851242334e-10, 1.330476437424449e-10, -6.4229645638381e-11,
]

const ONE_MINUS_EULER = 0.42278433509846713
const HALF_LOG_TWO_PI = 0.9189385332046728
const LOG_PI = 1.1447298858494002

/** B(2k) / (2k (2k − 1)), k = 1, 2, …: Abramowitz and Stegun 6.1.40. */
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

/** |sin(π x)| by way of the nearest integer, which takes no digits from x. */
function sinePi(x: number): number {
  return Math.sin(Math.PI * Math.abs(x - Math.round(x)))
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
  return LOG_PI - Math.log(-x * sinePi(x)) - lgamma(-x)
}
