import { add, call, caseOf, compare, div, exp, log, mul, neg, num, pow, sub } from '../algebra/build.js'
import type { Expr } from '../algebra/types.js'
import { scalar } from './support/arguments.js'
import { latexCall } from './support/latex-call.js'
import { locationScaleSignature, standardised } from './support/location-scale.js'
import { asNumber, numberArgument } from './support/numeric-arguments.js'
import type { Distribution } from './types.js'

/**
 * log p(x) = −log(2 scale) − |x − location|/scale.
 * Johnson, Kotz, Balakrishnan (1995), Continuous Univariate Distributions 2, chapter 24.
 */
export const Laplace: Distribution = {
  signature: locationScaleSignature('Laplace', 'Exponential tails on both sides of the location.'),
  logDensity(value, args) {
    const scale = scalar(args, 'scale')
    const distance = call('abs', sub(value.at([]), scalar(args, 'location')))
    return add(neg(log(num(2))), neg(log(scale)), neg(div(distance, scale)))
  },
  tail(args) {
    const z = (x: Expr): Expr => standardised(x, args)
    // P(X ≤ x) is ½ e^z below the location and 1 − ½ e^−z above it
    const below = (at: Expr): Expr =>
      caseOf(compare('<=', at, num(0)), sub(at, log(num(2))), call('log1p', mul(num(-1, 2), exp(neg(call('abs', at))))))
    return { low: null, high: null, below: (x) => below(z(x)), above: (x) => below(neg(z(x))) }
  },
  moments: (args) => ({ mean: scalar(args, 'location'), variance: mul(num(2), pow(scalar(args, 'scale'), 2)) }),
  inSupport: (value) => Number.isFinite(asNumber(value)),
  sample(args, random) {
    const u = random()
    const z = u < 0.5 ? Math.log(2 * u) : -Math.log(2 * (1 - u))
    return numberArgument(args, 'location') + numberArgument(args, 'scale') * z
  },
  latex: (args) => latexCall('Laplace', args),
}
