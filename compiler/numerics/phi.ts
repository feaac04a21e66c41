/** Rational approximations of W. J. Cody, Mathematics of Computation 23 (1969), 631–637; coefficients for Φ. */
const CENTRE_P: readonly number[] = [
  2.2352520354606839287, 161.02823106855587881, 1067.6894854603709582, 18154.981253343561249, 0.065682337918207449113,
]
const CENTRE_Q: readonly number[] = [
  47.20258190468824187, 976.09855173777669322, 10260.932208618978205, 45507.789335026729956,
]
const MIDDLE_P: readonly number[] = [
  0.39894151208813466764, 8.8831497943883759412, 93.506656132177855979, 597.27027639480026226, 2494.5375852903726711,
  6848.1904505362823326, 11602.651437647350124, 9842.7148383839780218, 1.0765576773720192317e-8,
]
const MIDDLE_Q: readonly number[] = [
  22.266688044328115691, 235.38790178262499861, 1519.377599407554805, 6485.558298266760755, 18615.571640885098091,
  34900.952721145977266, 38912.003286093271411, 19685.429676859990727,
]
const TAIL_P: readonly number[] = [
  0.21589853405795699, 0.1274011611602473639, 0.022235277870649807, 0.001421619193227893466, 2.9112874951168792e-5,
  0.02307344176494017303,
]
const TAIL_Q: readonly number[] = [
  1.28426009614491121, 0.468238212480865118, 0.0659881378689285515, 0.00378239633202758244, 7.29751555083966205e-5,
]

const INVERSE_ROOT_TWO_PI = 0.3989422804014326779399461
const ROOT_32 = 5.656854249492380195206755

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

/** Φ(−y) for y > 0.67448975. */
function upperTail(y: number): number {
  if (y > 38.6) return 0
  if (y <= ROOT_32) return gaussian(y) * ratio(MIDDLE_P, MIDDLE_Q, y)
  const square = 1 / (y * y)
  return (gaussian(y) * (INVERSE_ROOT_TWO_PI - square * ratio(TAIL_P, TAIL_Q, square))) / y
}

/** Distribution function Φ of the standard normal, a few ulp relative in the lower tail as well. */
export function Phi(x: number): number {
  const y = Math.abs(x)
  if (y <= 0.67448975) return 0.5 + x * ratio(CENTRE_P, CENTRE_Q, x * x)
  if (Number.isNaN(x)) return Number.NaN
  return x < 0 ? upperTail(y) : 1 - upperTail(y)
}
