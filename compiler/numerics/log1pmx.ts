/**
 * log(1 + x) − x without the cancellation near 0: with r = x/(2 + x), log(1 + x) = 2 artanh r and
 * log(1 + x) − x = r (2 r² (1/3 + r²/5 + …) − x). Abramowitz and Stegun 4.1.27.
 */
export function log1pmx(x: number): number {
  if (!(Math.abs(x) < 0.5)) return Math.log1p(x) - x
  const r = x / (2 + x)
  const square = r * r
  let power = 1
  let sum = 0
  for (let i = 3; power > 1e-17; i += 2) {
    sum += power / i
    power *= square
  }
  return r * (2 * square * sum - x)
}
