import { add, call, div, exp, log, mul, neg, num, PI, pow, sub } from '../algebra/build.js'
import { scalar } from './support/arguments.js'
import { drawNormal } from './support/draw-normal.js'
import { latexCall } from './support/latex-call.js'
import { normalTail } from './support/normal-tail.js'
import { asNumber, numberArgument } from './support/numeric-arguments.js'
import type { Distribution } from './types.js'

/**
 * log x is Normal(mean, sd): log p(x) = −½ log 2π − log sd − log x − (log x − mean)²/(2 sd²).
 * Johnson, Kotz, Balakrishnan (1994), Continuous Univariate Distributions 1, chapter 14.
 */
export const LogNormal: Distribution = {
  signature: {
    name: 'LogNormal',
    summary: 'A positive number whose logarithm is normal with the given mean and standard deviation.',
    parametrisations: [
      {
        arguments: [
          { name: 'mean', support: 'real', rank: 0 },
          { name: 'sd', support: 'positive', rank: 0 },
        ],
      },
    ],
    value: { support: 'positive', rank: 0, discrete: false },
  },
  logDensity(value, args) {
    const logarithm = log(value.at([]))
    const sd = scalar(args, 'sd')
    return add(
      mul(num(-1, 2), log(mul(num(2), PI))),
      neg(log(sd)),
      neg(logarithm),
      mul(num(-1, 2), pow(sub(logarithm, scalar(args, 'mean')), 2), pow(sd, -2)),
    )
  },
  tail(args) {
    const mean = scalar(args, 'mean')
    return normalTail((x) => div(sub(log(x), mean), scalar(args, 'sd')), num(0))
  },
  moments(args) {
    const [m, variance] = [scalar(args, 'mean'), pow(scalar(args, 'sd'), 2)]
    return {
      mean: exp(add(m, mul(num(1, 2), variance))),
      variance: mul(call('expm1', variance), exp(add(mul(num(2), m), variance))),
    }
  },
  inSupport(value) {
    const x = asNumber(value)
    return Number.isFinite(x) && x > 0
  },
  sample: (args, random) => Math.exp(numberArgument(args, 'mean') + numberArgument(args, 'sd') * drawNormal(random)),
  latex: (args) => latexCall('LogNormal', args),
}
