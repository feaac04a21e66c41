import { add, caseOf, compare, div, inverse, logdet, mul, neg, num, ONE, sub } from '../algebra/build.js'
import type { Expr, MatrixRef } from '../algebra/types.js'
import { elementOf, expectedLogdet, logNormaliser, matrixOf, minusHalfTrace, orderOf, pointOf } from './matrices.js'
import type { Axes, Family, Natural } from './types.js'

const NONE: Expr = { kind: 'float', value: Number.NaN }

const dfAt = (points: readonly Expr[], eta: Natural, axes: Axes): Expr =>
  add(mul(num(2), eta('log |u|', points)), orderOf(axes), ONE)

/** The inverse of the scale. */
const rateAt = (at: readonly Expr[], eta: Natural): Expr => mul(num(-2), eta('u', at))

const rateMatrix = (points: readonly Expr[], eta: Natural, axes: Axes): MatrixRef =>
  matrixOf((at) => rateAt(at, eta), points, axes)

const scaleAt = (points: readonly Expr[], i: Expr, j: Expr, eta: Natural, axes: Axes): Expr =>
  inverse(rateMatrix(points, eta, axes), i, j)

const meanAt = (at: readonly Expr[], eta: Natural, axes: Axes): Expr =>
  mul(dfAt(pointOf(at), eta, axes), scaleAt(pointOf(at), ...elementOf(at), eta, axes))

/** Anderson (2003), An Introduction to Multivariate Statistical Analysis, section 7.2. */
function covarianceOf(at: readonly Expr[], other: readonly Expr[], eta: Natural, axes: Axes): Expr {
  const points = pointOf(at)
  const [[i, j], [k, l]] = [elementOf(at), elementOf(other)]
  const scale = (a: Expr, b: Expr): Expr => scaleAt(points, a, b, eta, axes)
  return mul(dfAt(points, eta, axes), add(mul(scale(i, k), scale(j, l)), mul(scale(i, l), scale(j, k))))
}

/** η₁ log |u| + tr(η₂ u): Wishart(df = 2η₁ + D + 1, scale = (−2η₂)⁻¹). */
export const wishartFamily: Family = {
  id: 'wishart',
  title: 'Wishart',
  supports: ['covariance'],
  statistics: ['log |u|', 'u'],
  rank: 2,
  matrix: 'u',
  citation: 'Bishop (2006), Pattern Recognition and Machine Learning, appendix B, eq. B.78 to B.81',
  parameters: (at, eta, axes) => [
    { name: 'df', value: dfAt(pointOf(at), eta, axes), ofPoint: true },
    { name: 'scale', value: scaleAt(pointOf(at), ...elementOf(at), eta, axes) },
  ],
  natural: (statistic, parameter, at, axes) =>
    statistic === 'log |u|'
      ? mul(num(1, 2), sub(parameter('df'), add(orderOf(axes), ONE)))
      : mul(
          num(-1, 2),
          inverse(
            matrixOf((x) => parameter('scale', x), pointOf(at), axes),
            ...elementOf(at),
          ),
        ),
  moment(of, at, eta, axes) {
    if (of === 'log |u|') return sub(expectedLogdet(dfAt(at, eta, axes), axes), logdet(rateMatrix(at, eta, axes)))
    if (of === 'u') return meanAt(at, eta, axes)
    if (of !== 'u⁻¹') return null
    // that of an inverse Wishart matrix
    const n = sub(dfAt(pointOf(at), eta, axes), add(orderOf(axes), ONE))
    return caseOf(compare('>', n, num(0)), div(rateAt(at, eta), n), NONE)
  },
  variance: (at, eta, axes) => covarianceOf(at, at, eta, axes),
  covariance: covarianceOf,
  point: meanAt,
  logDensity(u, points, eta, axes) {
    const df = dfAt(points, eta, axes)
    return add(
      mul(num(1, 2), df, logdet(rateMatrix(points, eta, axes))),
      neg(logNormaliser(df, axes)),
      mul(num(1, 2), sub(df, add(orderOf(axes), ONE)), logdet(matrixOf(u, points, axes))),
      minusHalfTrace(
        (i, j) => rateAt([...points, i, j], eta),
        (i, j) => u([...points, i, j]),
        axes,
      ),
    )
  },
}
