import { add, call, div, log, mul, neg, num, PI, pow, sub } from '../algebra/build.js'
import type { Expr } from '../algebra/types.js'
import { scalar } from './support/arguments.js'
import { latexCall } from './support/latex-call.js'
import { locationScaleSignature, standardised } from './support/location-scale.js'
import { logisticBetween } from './support/logistic-between.js'
import { asNumber, numberArgument } from './support/numeric-arguments.js'
import type { Distribution } from './types.js'

/**
 * log p(x) = log L(z) + log L(−z) − log scale with z = (x − location)/scale and L(z) = 1/(1 + e^−z), which is also its
 * distribution function.
 * Johnson, Kotz, Balakrishnan (1995), Continuous Univariate Distributions 2, chapter 23.
 */
export const Logistic: Distribution = {
  signature: locationScaleSignature('Logistic', 'The distribution whose cumulative function is the logistic curve.'),
  logDensity(value, args) {
    const scale = scalar(args, 'scale')
    const z = standardised(value.at([]), args)
    return add(call('logLogistic', z), call('logLogistic', neg(z)), neg(log(scale)))
  },
  tail(args) {
    const z = (x: Expr): Expr => standardised(x, args)
    return {
      low: null,
      high: null,
      below: (x) => call('logLogistic', z(x)),
      above: (x) => call('logLogistic', neg(z(x))),
      between: (a, b) => logisticBetween(z(a), z(b), div(sub(a, b), scalar(args, 'scale'))),
    }
  },
  moments(args) {
    return { mean: scalar(args, 'location'), variance: mul(num(1, 3), pow(mul(PI, scalar(args, 'scale')), 2)) }
  },
  inSupport: (value) => Number.isFinite(asNumber(value)),
  sample(args, random) {
    const u = random()
    return numberArgument(args, 'location') + numberArgument(args, 'scale') * (Math.log(u) - Math.log1p(-u))
  },
  latex: (args) => latexCall('Logistic', args),
}
