import { add, call, exp, lgamma, log, mul, neg, num } from '../algebra/build.js'
import { scalar } from './support/arguments.js'
import { drawPoisson } from './support/draw-count.js'
import { isCount } from './support/integers.js'
import { latexCall } from './support/latex-call.js'
import { asNumber, numberArgument } from './support/numeric-arguments.js'
import type { Distribution } from './types.js'

/**
 * log P(x) = x log rate − rate − log x! for x = 0, 1, …; with l = log rate, x l − exp l − log x!.
 * Johnson, Kemp, Kotz (2005), Univariate Discrete Distributions, chapter 4.
 */
export const Poisson: Distribution = {
  signature: {
    name: 'Poisson',
    summary: 'The number of events of a constant rate (or log rate); mean and variance are the rate.',
    parametrisations: [
      { arguments: [{ name: 'rate', support: 'positive', rank: 0 }] },
      { arguments: [{ name: 'log', support: 'real', rank: 0 }] },
    ],
    value: { support: 'count', rank: 0, discrete: true },
  },
  logDensity(value, args) {
    const x = value.at([])
    const orders = neg(lgamma(add(x, num(1))))
    if (args.has('log')) {
      const logRate = scalar(args, 'log')
      return add(mul(x, logRate), neg(exp(logRate)), orders)
    }
    const rate = scalar(args, 'rate')
    return add(mul(x, log(rate)), neg(rate), orders)
  },
  domain: () => ({ low: num(0), high: null }),
  // P(X > k) is the probability that a Gamma(k + 1) number is below the rate: Johnson, Kemp, Kotz, equation 4.86
  tail(args) {
    const rate = args.has('log') ? exp(scalar(args, 'log')) : scalar(args, 'rate')
    return {
      low: num(0),
      high: null,
      below: (k) => call('logGammaQ', add(k, num(1)), rate),
      above: (k) => call('logGammaP', add(k, num(1)), rate),
    }
  },
  moments(args) {
    const rate = args.has('log') ? exp(scalar(args, 'log')) : scalar(args, 'rate')
    return { mean: rate, variance: rate }
  },
  inSupport(value, args) {
    const x = asNumber(value)
    return isCount(x) && (x === 0 || numberArgument(args, 'rate') > 0)
  },
  sample: (args, random) => drawPoisson(numberArgument(args, 'rate'), random),
  latex: (args) => latexCall('Poisson', args),
}
