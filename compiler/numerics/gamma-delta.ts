import { digamma } from './digamma.js'
import { lgamma } from './lgamma.js'

/** Steps that are multiplied or added one by one. */
const STEPS = 24
/** From here on Stirling's series are exact to the last digits. */
const LARGE = 12

/** log Γ(x) less its leading terms, x ≥ 12: Abramowitz and Stegun 6.1.41. */
export function stirlingRest(x: number): number {
  const square = 1 / (x * x)
  return (
    (1 / 12 -
      square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square * (1 / 1188 - (square * 691) / 360360))))) /
    x
  )
}

/** ψ(x) less log x − 1/(2x), x ≥ 12: Abramowitz and Stegun 6.3.18. */
function digammaRest(x: number): number {
  const square = 1 / (x * x)
  return (
    -square *
    (1 / 12 -
      square * (1 / 120 - square * (1 / 252 - square * (1 / 240 - square * (1 / 132 - (square * 691) / 32760)))))
  )
}

/**
 * log Γ(a + n) − log Γ(a) for a > 0, n ≥ 0, also where a is so large that the difference of two logs would have no
 * digits left: with r(x) the rest of Stirling's series,
 *
 *     n log(a + n) + (a − ½) log(1 + n/a) − n + r(a + n) − r(a).
 */
export function lgammaDelta(a: number, n: number): number {
  if (n === 0) return a > 0 ? 0 : Number.NaN
  if (Number.isInteger(n) && n > 0 && n <= STEPS) {
    let sum = 0
    let product = 1
    for (let i = 0; i < n; i++) {
      product *= a + i
      if (product > 1e290 || product < 1e-290) {
        sum += Math.log(product)
        product = 1
      }
    }
    return sum + Math.log(product)
  }
  if (!(a >= LARGE) || !(n > 0) || a === Infinity) return lgamma(a + n) - lgamma(a)
  const rest = stirlingRest(a + n) - stirlingRest(a)
  return n * Math.log(a + n) + ((a - 0.5) * Math.log1p(n / a) - n) + rest
}

/** ψ(a + n) − ψ(a), the derivative of `lgammaDelta` in a, as accurate at large a. */
export function digammaDelta(a: number, n: number): number {
  if (n === 0) return a > 0 ? 0 : Number.NaN
  if (Number.isInteger(n) && n > 0 && n <= STEPS) {
    let sum = 0
    for (let i = n - 1; i >= 0; i--) sum += 1 / (a + i)
    return sum
  }
  if (!(a >= LARGE) || !(n > 0) || a === Infinity) return digamma(a + n) - digamma(a)
  return Math.log1p(n / a) + n / (2 * a * (a + n)) + (digammaRest(a + n) - digammaRest(a))
}

/** log B(a, b) for a, b > 0. */
export function lbeta(a: number, b: number): number {
  const [small, large] = a < b ? [a, b] : [b, a]
  return lgamma(small) - lgammaDelta(large, small)
}
