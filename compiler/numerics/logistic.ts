/** 1 / (1 + e^−x), without overflow. */
export function logistic(x: number): number {
  if (x >= 0) return 1 / (1 + Math.exp(-x))
  const tail = Math.exp(x)
  return tail / (1 + tail)
}

/** log(p / (1 − p)); −∞ at 0, +∞ at 1, NaN outside [0, 1]. Keeps its digits next to p = 1/2, where it is 0. */
export function logit(p: number): number {
  if (p > 0.25 && p < 0.75) return Math.log1p((2 * p - 1) / (1 - p))
  return Math.log(p / (1 - p))
}

/** log(1 / (1 + e^−x)): a few ulp, without overflow. */
export function logLogistic(x: number): number {
  return x >= 0 ? -Math.log1p(Math.exp(-x)) : x - Math.log1p(Math.exp(x))
}
