/** B(2k), k = 1, 2, … */
const BERNOULLI: readonly number[] = [
  1 / 6,
  -1 / 30,
  1 / 42,
  -1 / 30,
  5 / 66,
  -691 / 2730,
  7 / 6,
  -3617 / 510,
  43867 / 798,
]

/**
 * Trigamma ψ′(x), a few ulp for x > 0. +∞ at 0, −1, −2, …; 0 at +∞.
 *
 * Recurrence and asymptotic series (Abramowitz and Stegun 6.4.6 and 6.4.12), reflection (6.4.7) below 0.
 */
export function trigamma(x: number): number {
  if (!(x > 0)) {
    if (x === -Infinity || Number.isNaN(x)) return Number.NaN
    if (x === Math.floor(x)) return Infinity
    const sine = Math.sin(Math.PI * (x - Math.round(x)))
    return (Math.PI * Math.PI) / (sine * sine) - trigamma(1 - x)
  }
  if (x === Infinity) return 0
  let shift = 0
  let large = x
  while (large < 13) {
    shift += 1 / (large * large)
    large += 1
  }
  const inverse = 1 / large
  const square = inverse * inverse
  let sum = 0
  for (let i = BERNOULLI.length - 1; i >= 0; i--) sum = sum * square + (BERNOULLI[i] ?? 0)
  return shift + inverse + 0.5 * square + sum * square * inverse
}
