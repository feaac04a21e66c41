import { add, call, div, lgamma, log, mul, neg, num, pow, sub } from '../algebra/build.js'
import type { Expr } from '../algebra/types.js'
import { scalar } from './support/arguments.js'
import { drawGamma } from './support/draw-gamma.js'
import { latexCall } from './support/latex-call.js'
import { asNumber, numberArgument } from './support/numeric-arguments.js'
import type { Distribution } from './types.js'

/**
 * log p(x) = shape log rate − log Γ(shape) + (shape − 1) log x − rate x; scale = 1/rate.
 * Johnson, Kotz, Balakrishnan (1994), Continuous Univariate Distributions 1, chapter 17.
 */
export const Gamma: Distribution = {
  signature: {
    name: 'Gamma',
    summary: 'The Gamma distribution, by its shape and its rate or scale; its mean is shape / rate.',
    parametrisations: [
      {
        arguments: [
          { name: 'shape', support: 'positive', rank: 0 },
          { name: 'rate', support: 'positive', rank: 0 },
        ],
      },
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
    const x = value.at([])
    const shape = scalar(args, 'shape')
    const powers = add(neg(lgamma(shape)), mul(sub(shape, num(1)), log(x)))
    if (args.has('scale')) {
      const scale = scalar(args, 'scale')
      return add(neg(mul(shape, log(scale))), powers, neg(div(x, scale)))
    }
    const rate = scalar(args, 'rate')
    return add(mul(shape, log(rate)), powers, neg(mul(rate, x)))
  },
  tail(args) {
    const shape = scalar(args, 'shape')
    const scaled = (x: Expr): Expr => (args.has('scale') ? div(x, scalar(args, 'scale')) : mul(scalar(args, 'rate'), x))
    return {
      low: num(0),
      high: null,
      shapes: [shape],
      below: (x) => call('logGammaP', shape, scaled(x)),
      above: (x) => call('logGammaQ', shape, scaled(x)),
    }
  },
  moments(args) {
    const shape = scalar(args, 'shape')
    const scale = args.has('scale') ? scalar(args, 'scale') : pow(scalar(args, 'rate'), -1)
    return { mean: mul(shape, scale), variance: mul(shape, pow(scale, 2)) }
  },
  inSupport(value, args) {
    const x = asNumber(value)
    return Number.isFinite(x) && (x > 0 || (x === 0 && numberArgument(args, 'shape') === 1))
  },
  sample: (args, random) => drawGamma(numberArgument(args, 'shape'), random) / numberArgument(args, 'rate'),
  latex: (args) => latexCall('Gamma', args),
}
