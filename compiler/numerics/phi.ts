/** Rational approximations of W. J. Cody, Mathematics of Computation 23 (1969), 631–637; coefficients for Φ. */
const CENTRE_P: readonly number[] = [
  2.2352520354606837, 161.02823106855587, 1067.6894854603709, 18154.98125334356, 0.06568233791820745,
]
const CENTRE_Q: readonly number[] = [47.202581904688245, 976.0985517377767, 10260.932208618979, 45507.78933502673]
const MIDDLE_P: readonly number[] = [
  0.39894151208813466, 8.883149794388377, 93.50665613217785, 597.2702763948002, 2494.5375852903726, 6848.190450536283,
  11602.65143764735, 9842.714838383978, 1.0765576773720192e-8,
]
const MIDDLE_Q: readonly number[] = [
  22.266688044328117, 235.387901782625, 1519.3775994075547, 6485.558298266761, 18615.571640885097, 34900.95272114598,
  38912.00328609327, 19685.429676859992,
]
const TAIL_P: readonly number[] = [
  0.215898534057957, 0.12740116116024736, 0.022235277870649807, 0.0014216191932278934, 0.000029112874951168793,
  0.023073441764940174,
]
const TAIL_Q: readonly number[] = [
  1.284260096144911, 0.4682382124808651, 0.06598813786892856, 0.0037823963320275824, 0.00007297515550839662,
]

const INVERSE_ROOT_TWO_PI = 0.3989422804014327
const ROOT_32 = 5.656854249492381

/** Cody's ratio: last(p) leads the numerator, 1 the denominator. */
function ratio(p: readonly number[], q: readonly number[], z: number): number {
  const last = q.length - 1
  let top = (p[last + 1] ?? 0) * z
  let bottom = z
  for (let i = 0; i < last; i++) {
    top = (top + (p[i] ?? 0)) * z
    bottom = (bottom + (q[i] ?? 0)) * z
  }
  return (top + (p[last] ?? 0)) / (bottom + (q[last] ?? 0))
}

/** exp(−y²/2) with y split so that rounding of the square does not count. */
function gaussian(y: number): number {
  const coarse = Math.trunc(y * 16) / 16
  return Math.exp(-0.5 * coarse * coarse) * Math.exp(-0.5 * (y - coarse) * (y + coarse))
}

/** φ(x), a few ulp relative however small it is. */
export const normalDensity = (x: number): number => (Math.abs(x) > 38.7 ? 0 : INVERSE_ROOT_TWO_PI * gaussian(x))

/** Φ(−y) for y > 0.67448975. */
function upperTail(y: number): number {
  return y > 38.6 ? 0 : gaussian(y) * overGaussian(y)
}

/** Φ(−y) exp(y²/2) for y > 0.67448975. */
function overGaussian(y: number): number {
  if (y <= ROOT_32) return ratio(MIDDLE_P, MIDDLE_Q, y)
  const square = 1 / (y * y)
  return (INVERSE_ROOT_TWO_PI - square * ratio(TAIL_P, TAIL_Q, square)) / y
}

/** Φ(−y)/φ(y) for y > 0.67448975 (Mills' ratio): it falls as 1/y and never underflows. */
export function scaledTail(y: number): number {
  return overGaussian(y) / INVERSE_ROOT_TWO_PI
}

/** Distribution function Φ of the standard normal, a few ulp relative in the lower tail as well. */
export function Phi(x: number): number {
  const y = Math.abs(x)
  if (y <= 0.67448975) return 0.5 + x * ratio(CENTRE_P, CENTRE_Q, x * x)
  if (Number.isNaN(x)) return Number.NaN
  return x < 0 ? upperTail(y) : 1 - upperTail(y)
}
