/** The positive zero of ψ in two parts. */
const ROOT_HIGH = 1.4616321449683622
const ROOT_LOW = 9.549995429965697e-17

/** ψ^(n)(root) / n!, n = 1, 2, … */
const AROUND_ROOT: readonly number[] = [
  0.9676722454476212, -0.4427631689835921, 0.258499760955651, -0.16394270544240652, 0.10782405069126237,
  -0.07219956125645471, 0.04880428816414311, -0.03316112647484736, 0.022597648232218104, -0.01542476590494896,
  0.010538791616612175, -0.007204534386356869, 0.004926781395729853, -0.003369801655439328, 0.002305126326734928,
  -0.0015769367714301972, 0.0010788252019162967, -0.0007380709389960052, 0.000504953265834602, -0.0003454680251063077,
  0.00023635601564027053, -0.00016170622091974803, 0.0001106337276874741, -0.00007569179582195066,
  0.00005178575795222081, -0.000035430070947659604, 0.00002424006611860132, -0.000016584242271854135,
  0.00001134638458466385,
]

/** B(2k) / (2k), k = 1, 2, …: Abramowitz and Stegun 6.3.18. */
const ASYMPTOTIC: readonly number[] = [
  1 / 12,
  -1 / 120,
  1 / 252,
  -1 / 240,
  1 / 132,
  -691 / 32760,
  1 / 12,
  -3617 / 8160,
  43867 / 14364,
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
    // from the nearest integer, as the difference then has all digits
    const rest = x - Math.round(x)
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
