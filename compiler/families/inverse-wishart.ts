import { add, caseOf, compare, div, inverse, logdet, mul, neg, num, ONE, sub } from '../algebra/build.js'
import type { Expr, MatrixRef } from '../algebra/types.js'
import { elementOf, expectedLogdet, logNormaliser, matrixOf, minusHalfTrace, orderOf, pointOf } from './matrices.js'
import type { Axes, Family, Natural } from './types.js'

const NONE: Expr = { kind: 'float', value: Number.NaN }
const INFINITE: Expr = { kind: 'float', value: Number.POSITIVE_INFINITY }

const dfAt = (points: readonly Expr[], eta: Natural, axes: Axes): Expr =>
  sub(mul(num(-2), eta('log |u|', points)), add(orderOf(axes), ONE))

const scaleAt = (at: readonly Expr[], eta: Natural): Expr => mul(num(-2), eta('u⁻¹', at))

const scaleMatrix = (points: readonly Expr[], eta: Natural, axes: Axes): MatrixRef =>
  matrixOf((at) => scaleAt(at, eta), points, axes)

/** Kollo and von Rosen (2005), Advanced Multivariate Statistics with Matrices, theorem 2.4.14, with n = df − D. */
function covarianceOf(at: readonly Expr[], other: readonly Expr[], eta: Natural, axes: Axes): Expr {
  const points = pointOf(at)
  const [[i, j], [k, l]] = [elementOf(at), elementOf(other)]
  const psi = (a: Expr, b: Expr): Expr => scaleAt([...points, a, b], eta)
  const n = sub(dfAt(points, eta, axes), orderOf(axes))
  const value = div(
    add(mul(num(2), psi(i, j), psi(k, l)), mul(sub(n, ONE), add(mul(psi(i, k), psi(j, l)), mul(psi(i, l), psi(j, k))))),
    mul(n, sub(n, ONE), sub(n, ONE), sub(n, num(3))),
  )
  return caseOf(compare('>', n, num(3)), value, INFINITE)
}

/** η₁ log |u| + tr(η₂ u⁻¹): inverse Wishart(df = −2η₁ − D − 1, scale = −2η₂). */
export const inverseWishartFamily: Family = {
  id: 'inverse-wishart',
  title: 'InverseWishart',
  supports: ['covariance'],
  statistics: ['log |u|', 'u⁻¹'],
  rank: 2,
  matrix: 'u⁻¹',
  citation: 'Bishop (2006), Pattern Recognition and Machine Learning, appendix B, eq. B.78 to B.81, of the inverse',
  parameters: (at, eta, axes) => [
    { name: 'df', value: dfAt(pointOf(at), eta, axes), ofPoint: true },
    { name: 'scale', value: scaleAt(at, eta) },
  ],
  natural: (statistic, parameter, _, axes) =>
    mul(num(-1, 2), statistic === 'log |u|' ? add(parameter('df'), orderOf(axes), ONE) : parameter('scale')),
  moment(of, at, eta, axes) {
    if (of === 'log |u|') return sub(logdet(scaleMatrix(at, eta, axes)), expectedLogdet(dfAt(at, eta, axes), axes))
    const df = dfAt(pointOf(at), eta, axes)
    if (of === 'u⁻¹') return mul(df, inverse(scaleMatrix(pointOf(at), eta, axes), ...elementOf(at)))
    if (of !== 'u') return null
    const n = sub(df, add(orderOf(axes), ONE))
    return caseOf(compare('>', n, num(0)), div(scaleAt(at, eta), n), NONE)
  },
  variance: (at, eta, axes) => covarianceOf(at, at, eta, axes),
  covariance: covarianceOf,
  point: (at, eta, axes) => div(scaleAt(at, eta), dfAt(pointOf(at), eta, axes)),
  logDensity(u, points, eta, axes) {
    const df = dfAt(points, eta, axes)
    const value = matrixOf(u, points, axes)
    return add(
      mul(num(1, 2), df, logdet(scaleMatrix(points, eta, axes))),
      neg(logNormaliser(df, axes)),
      mul(num(-1, 2), add(df, orderOf(axes), ONE), logdet(value)),
      minusHalfTrace(
        (i, j) => scaleAt([...points, i, j], eta),
        (i, j) => inverse(value, i, j),
        axes,
      ),
    )
  },
}
