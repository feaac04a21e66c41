import { add, call, exp, log, mul, neg, ONE, pow, square, ZERO } from '../algebra/build.js'
import type { Expr } from '../algebra/types.js'
import type { Family, FamilyStatistic } from './types.js'

/**
 * All of a family's mass at one point, which stands where the natural parameter of the statistic `at` was: what a draw
 * leaves of a posterior.
 */
export function pointFamily(family: Family, held: FamilyStatistic): Family {
  return {
    ...family,
    moment: (of, at, eta) => statisticAt(of, eta(held, at)),
    variance: () => ZERO,
    covariance: () => ZERO,
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
      throw new Error('a drawn matrix has no moments here')
  }
}
