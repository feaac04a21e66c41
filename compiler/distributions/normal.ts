import { add, div, log, mul, neg, num, PI, pow, sqrt, sub } from '../algebra/build.js'
import type { Expr } from '../algebra/types.js'
import { scalar } from './support/arguments.js'
import { drawNormal } from './support/draw-normal.js'
import { latexCall } from './support/latex-call.js'
import { normalTail } from './support/normal-tail.js'
import { asNumber, numberArgument } from './support/numeric-arguments.js'
import type { Distribution, Tensor } from './types.js'

/**
 * log p(x) = −½ log 2π − log sd − (x − mean)²/(2 sd²); with var −½ log var, with precision +½ log precision.
 * Johnson, Kotz, Balakrishnan (1994), Continuous Univariate Distributions 1, chapter 13.
 */
export const Normal: Distribution = {
  signature: {
    name: 'Normal',
    summary: 'The Gaussian distribution, by its mean and standard deviation, variance or precision.',
    parametrisations: [
      {
        arguments: [
          { name: 'mean', support: 'real', rank: 0 },
          { name: 'sd', support: 'positive', rank: 0 },
        ],
      },
      {
        arguments: [
          { name: 'mean', support: 'real', rank: 0 },
          { name: 'var', support: 'positive', rank: 0 },
        ],
      },
      {
        arguments: [
          { name: 'mean', support: 'real', rank: 0 },
          { name: 'precision', support: 'positive', rank: 0 },
        ],
      },
    ],
    value: { support: 'real', rank: 0, discrete: false },
  },
  pointMass: {
    at: 'mean',
    scales: new Map([
      ['sd', 1],
      ['var', 2],
    ]),
  },
  logDensity(value, args) {
    const square = pow(sub(value.at([]), scalar(args, 'mean')), 2)
    const constant = mul(num(-1, 2), log(mul(num(2), PI)))
    if (args.has('var')) {
      const variance = scalar(args, 'var')
      return add(constant, mul(num(-1, 2), log(variance)), neg(div(mul(num(1, 2), square), variance)))
    }
    if (args.has('precision')) {
      const precision = scalar(args, 'precision')
      return add(constant, mul(num(1, 2), log(precision)), mul(num(-1, 2), precision, square))
    }
    const sd = scalar(args, 'sd')
    return add(constant, neg(log(sd)), mul(num(-1, 2), square, pow(sd, -2)))
  },
  tail(args) {
    const mean = scalar(args, 'mean')
    return normalTail((x) => mul(sub(x, mean), inverseSd(args)))
  },
  moments(args) {
    if (args.has('var')) return { mean: scalar(args, 'mean'), variance: scalar(args, 'var') }
    const precision = args.has('precision') ? scalar(args, 'precision') : pow(scalar(args, 'sd'), -2)
    return { mean: scalar(args, 'mean'), variance: pow(precision, -1) }
  },
  inSupport: (value) => Number.isFinite(asNumber(value)),
  sample: (args, random) => numberArgument(args, 'mean') + numberArgument(args, 'sd') * drawNormal(random),
  latex: (args) => latexCall('Normal', args),
}

/** 1/sd in the parametrisation that is given. */
function inverseSd(args: ReadonlyMap<string, Tensor>): Expr {
  if (args.has('var')) return pow(scalar(args, 'var'), { n: -1, d: 2 })
  return args.has('precision') ? sqrt(scalar(args, 'precision')) : pow(scalar(args, 'sd'), -1)
}
