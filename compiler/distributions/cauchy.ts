import { add, call, caseOf, compare, div, log, neg, num, ONE, PI, pow } from '../algebra/build.js'
import type { Expr } from '../algebra/types.js'
import { scalar } from './support/arguments.js'
import { latexCall } from './support/latex-call.js'
import { locationScaleSignature, standardised } from './support/location-scale.js'
import { asNumber, numberArgument } from './support/numeric-arguments.js'
import type { Distribution } from './types.js'

/**
 * log p(x) = −log(π scale) − log(1 + z²) with z = (x − location)/scale. It has neither mean nor variance.
 * Johnson, Kotz, Balakrishnan (1994), Continuous Univariate Distributions 1, chapter 16.
 */
export const Cauchy: Distribution = {
  signature: locationScaleSignature('Cauchy', 'Tails so heavy that there is no mean.'),
  logDensity(value, args) {
    const scale = scalar(args, 'scale')
    const z = standardised(value.at([]), args)
    return add(neg(log(PI)), neg(log(scale)), neg(call('log1p', pow(z, 2))))
  },
  tail(args) {
    const z = (x: Expr): Expr => standardised(x, args)
    // P(X ≤ x) is ½ + arctan(z)/π, and arctan(−1/z)/π far below
    const below = (at: Expr): Expr =>
      caseOf(
        compare('<', at, num(-1)),
        log(div(call('atan', neg(div(ONE, at))), PI)),
        log(add(num(1, 2), div(call('atan', at), PI))),
      )
    return { low: null, high: null, below: (x) => below(z(x)), above: (x) => below(neg(z(x))) }
  },
  inSupport: (value) => Number.isFinite(asNumber(value)),
  sample: (args, random) =>
    numberArgument(args, 'location') + numberArgument(args, 'scale') * Math.tan(Math.PI * (random() - 0.5)),
  latex: (args) => latexCall('Cauchy', args),
}
