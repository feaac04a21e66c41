import { add, call, div, exp, lgamma, log, mul, neg, num, pow, sub } from '../algebra/build.js'
import type { Expr } from '../algebra/types.js'
import { scalar } from './support/arguments.js'
import { hazardTail } from './support/hazard-tail.js'
import { latexCall } from './support/latex-call.js'
import { asNumber, numberArgument } from './support/numeric-arguments.js'
import type { Distribution } from './types.js'

/**
 * log p(x) = log(shape/scale) + (shape − 1) log(x/scale) − (x/scale)^shape.
 * Johnson, Kotz, Balakrishnan (1994), Continuous Univariate Distributions 1, chapter 21.
 */
export const Weibull: Distribution = {
  signature: {
    name: 'Weibull',
    summary: 'A lifetime whose hazard is a power of time.',
    parametrisations: [
      {
        arguments: [
          { name: 'shape', support: 'positive', rank: 0 },
          { name: 'scale', support: 'positive', rank: 0 },
        ],
      },
    ],
    value: { support: 'positive', rank: 0, discrete: false },
  },
  logDensity(value, args) {
    const shape = scalar(args, 'shape')
    const scale = scalar(args, 'scale')
    const ratio = div(value.at([]), scale)
    return add(log(shape), neg(log(scale)), mul(sub(shape, num(1)), log(ratio)), neg(call('power', ratio, shape)))
  },
  tail(args) {
    return hazardTail((x) => call('power', div(x, scalar(args, 'scale')), scalar(args, 'shape')))
  },
  // Johnson, Kotz, Balakrishnan (1994), Continuous Univariate Distributions 1, section 21.3
  moments(args) {
    const [shape, scale] = [scalar(args, 'shape'), scalar(args, 'scale')]
    const raw = (order: number): Expr => exp(lgamma(add(num(1), div(num(order), shape))))
    return {
      mean: mul(scale, raw(1)),
      variance: mul(pow(scale, 2), sub(raw(2), pow(raw(1), 2))),
    }
  },
  inSupport(value, args) {
    const x = asNumber(value)
    return Number.isFinite(x) && (x > 0 || (x === 0 && numberArgument(args, 'shape') === 1))
  },
  // the survival function exp(−(x/scale)^shape), inverted
  sample: (args, random) =>
    numberArgument(args, 'scale') * (-Math.log(random())) ** (1 / numberArgument(args, 'shape')),
  latex: (args) => latexCall('Weibull', args),
}
