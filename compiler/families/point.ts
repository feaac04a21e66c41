import { add, call, exp, inverse, log, logdet, mul, neg, num, ONE, pow, square, ZERO } from '../algebra/build.js'
import type { Expr } from '../algebra/types.js'
import { elementOf, matrixOf, pointOf } from './matrices.js'
import type { Axes, Family, FamilyStatistic } from './types.js'

/**
 * All of a family's mass at one point, which stands where the natural parameter of the statistic `at` was: what a draw
 * leaves of a posterior. Of a matrix M that −½ M is kept of, it stands where M did.
 */
export function pointFamily(family: Family, held: FamilyStatistic): Family {
  return {
    ...family,
    moment: (of, at, eta, axes) =>
      family.matrix === undefined
        ? statisticAt(of, eta(held, at))
        : ofMatrix(of, at, (x) => mul(num(-2), eta(held, x)), axes),
    variance: () => ZERO,
    covariance: () => ZERO,
  }
}

function ofMatrix(
  of: FamilyStatistic | { readonly power: Expr },
  at: readonly Expr[],
  element: (at: readonly Expr[]) => Expr,
  axes: Axes,
): Expr | null {
  switch (of) {
    case 'u':
      return element(at)
    case 'u⁻¹':
      return inverse(matrixOf(element, pointOf(at), axes), ...elementOf(at))
    case 'log |u|':
      return logdet(matrixOf(element, at, axes))
    default:
      return null
  }
}

function statisticAt(of: FamilyStatistic | { readonly power: Expr }, u: Expr): Expr {
  if (typeof of === 'object') return exp(mul(of.power, log(u)))
  switch (of) {
    case 'u':
      return u
    case 'u²':
      return square(u)
    case '1/u':
      return pow(u, -1)
    case 'log u':
      return log(u)
    case '(log u)²':
      return square(log(u))
    case 'log(1 − u)':
      return log(add(ONE, neg(u)))
    case 'log u!':
      return call('lgamma', add(u, ONE))
    case 'log |u|':
    case 'u⁻¹':
      throw new Error('a statistic of matrices, of a number')
  }
}
