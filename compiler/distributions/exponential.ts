import { add, log, mul, neg, pow } from '../algebra/build.js'
import { scalar } from './support/arguments.js'
import { hazardTail } from './support/hazard-tail.js'
import { latexCall } from './support/latex-call.js'
import { asNumber, numberArgument } from './support/numeric-arguments.js'
import type { Distribution } from './types.js'

/**
 * log p(x) = log rate − rate x for x ≥ 0.
 * Johnson, Kotz, Balakrishnan (1994), Continuous Univariate Distributions 1, chapter 19.
 */
export const Exponential: Distribution = {
  signature: {
    name: 'Exponential',
    summary: 'The waiting time for an event of constant rate; its mean is 1 / rate.',
    parametrisations: [{ arguments: [{ name: 'rate', support: 'positive', rank: 0 }] }],
    value: { support: 'nonnegative', rank: 0, discrete: false },
  },
  logDensity(value, args) {
    const rate = scalar(args, 'rate')
    return add(log(rate), neg(mul(rate, value.at([]))))
  },
  tail(args) {
    const rate = scalar(args, 'rate')
    return hazardTail((x) => mul(rate, x))
  },
  moments(args) {
    const mean = pow(scalar(args, 'rate'), -1)
    return { mean, variance: pow(mean, 2) }
  },
  inSupport(value) {
    const x = asNumber(value)
    return Number.isFinite(x) && x >= 0
  },
  sample: (args, random) => -Math.log(random()) / numberArgument(args, 'rate'),
  latex: (args) => latexCall('Exponential', args),
}
