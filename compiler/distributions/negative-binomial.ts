import { add, call, div, lgamma, log, mul, neg, num, pow } from '../algebra/build.js'
import { scalar } from './support/arguments.js'
import { drawPoisson } from './support/draw-count.js'
import { drawGamma } from './support/draw-gamma.js'
import { isCount } from './support/integers.js'
import { latexCall } from './support/latex-call.js'
import { asNumber, numberArgument } from './support/numeric-arguments.js'
import type { Distribution } from './types.js'

/**
 * log P(x) = log Γ(size + x) − log Γ(size) − log x! − size log(1 + mean/size) + x log(mean/(mean + size)); the variance is
 * mean + mean²/size.
 * Johnson, Kemp, Kotz (2005), Univariate Discrete Distributions, chapter 5.
 */
export const NegativeBinomial: Distribution = {
  signature: {
    name: 'NegativeBinomial',
    summary: 'A count with the given mean and more spread than Poisson; the larger size, the closer to Poisson.',
    parametrisations: [
      {
        arguments: [
          { name: 'size', support: 'positive', rank: 0 },
          { name: 'mean', support: 'positive', rank: 0 },
        ],
      },
    ],
    value: { support: 'count', rank: 0, discrete: true },
  },
  logDensity(value, args) {
    const x = value.at([])
    const size = scalar(args, 'size')
    const mean = scalar(args, 'mean')
    return add(
      call('lgammaDelta', size, x),
      neg(lgamma(add(x, num(1)))),
      neg(mul(size, call('log1p', div(mean, size)))),
      mul(x, log(div(mean, add(mean, size)))),
    )
  },
  domain: () => ({ low: num(0), high: null }),
  // P(X > k) = I_{mean/(mean + size)}(k + 1, size): Johnson, Kemp, Kotz, equation 5.31
  tail(args) {
    const [size, mean] = [scalar(args, 'size'), scalar(args, 'mean')]
    return {
      low: num(0),
      high: null,
      shapes: [size],
      below: (k) => call('logBetaI', size, add(k, num(1)), div(size, add(mean, size))),
      above: (k) => call('logBetaI', add(k, num(1)), size, div(mean, add(mean, size))),
    }
  },
  moments(args) {
    const mean = scalar(args, 'mean')
    return { mean, variance: add(mean, div(pow(mean, 2), scalar(args, 'size'))) }
  },
  inSupport(value, args) {
    const x = asNumber(value)
    return isCount(x) && (x === 0 || numberArgument(args, 'mean') > 0)
  },
  // Poisson with a Gamma rate
  sample(args, random) {
    const size = numberArgument(args, 'size')
    return drawPoisson((numberArgument(args, 'mean') * drawGamma(size, random)) / size, random)
  },
  latex: (args) => latexCall('NegativeBinomial', args),
}
