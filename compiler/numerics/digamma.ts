/** The positive zero of ψ in two parts. */
const ROOT_HIGH = 1.4616321449683622
const ROOT_LOW = 9.549995429965697e-17

/** ψ^(n)(root) / n!, n = 1, 2, … */
const AROUND_ROOT: readonly number[] = [
  0.96767224544762117043, -0.44276316898359210609, 0.25849976095565101062, -0.1639427054424065275,
  0.10782405069126236576, -0.072199561256454710926, 0.048804288164143107225, -0.033161126474847359292,
  0.02259764823221810466, -0.015424765904948959139, 0.010538791616612175388, -0.007204534386356868241,
  0.0049267813957298534464, -0.0033698016554393280828, 0.0023051263267349278369, -0.0015769367714301972593,
  0.0010788252019162965807, -0.00073807093899600512957, 0.00050495326583460203518, -0.00034546802510630769956,
  0.00023635601564027052792, -0.00016170622091974803449, 0.00011063372768747410904, -0.000075691795821950659192,
  0.00005178575795222080869, -0.000035430070947659606316, 0.000024240066118601317653, -0.000016584242271854133375,
  0.000011346384584663849807,
]

/** B(2k) / (2k), k = 1, 2, …: Abramowitz and Stegun 6.3.18. */
const ASYMPTOTIC: readonly number[] = [
  1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12, -3617 / 8160, 43867 / 14364,
]

function aroundRoot(x: number): number {
  const step = x - ROOT_HIGH - ROOT_LOW
  let sum = 0
  for (let i = AROUND_ROOT.length - 1; i >= 0; i--) sum = sum * step + (AROUND_ROOT[i] ?? 0)
  return step * sum
}

/**
 * Digamma ψ(x) = d/dx log Γ(x), a few ulp for x > 0 also next to its zero. NaN at 0, −1, −2, … and at −∞.
 *
 * Taylor series about the zero on [1.2, 1.8], recurrence and the asymptotic series elsewhere (Abramowitz and Stegun
 * 6.3.5 and 6.3.18), reflection (6.3.7) below 0.
 */
export function digamma(x: number): number {
  if (!(x > 0)) {
    if (!(x < 0) || x === -Infinity || x === Math.floor(x)) return Number.NaN
    const rest = x - Math.floor(x)
    return digamma(1 - x) - Math.PI / Math.tan(Math.PI * rest)
  }
  if (x === Infinity) return Infinity
  if (x >= 1.2 && x <= 1.8) return aroundRoot(x)
  if (x < 1) return digamma(x + 1) - 1 / x
  let shift = 0
  let large = x
  while (large < 11) {
    shift += 1 / large
    large += 1
  }
  const square = 1 / (large * large)
  let sum = 0
  for (let i = ASYMPTOTIC.length - 1; i >= 0; i--) sum = sum * square + (ASYMPTOTIC[i] ?? 0)
  return Math.log(large) - 0.5 / large - sum * square - shift
}
