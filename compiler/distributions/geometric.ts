import { add, call, div, log, mul, num, sub } from '../algebra/build.js'
import { scalar } from './support/arguments.js'
import { isCount } from './support/integers.js'
import { latexCall } from './support/latex-call.js'
import { asNumber, numberArgument } from './support/numeric-arguments.js'
import type { Distribution } from './types.js'

/**
 * Failures before the first success: log P(x) = log p + x log(1 − p) for x = 0, 1, ….
 * Johnson, Kemp, Kotz (2005), Univariate Discrete Distributions, section 5.2.
 */
export const Geometric: Distribution = {
  signature: {
    name: 'Geometric',
    summary: 'The number of failures before the first success, each trial succeeding with probability p.',
    parametrisations: [{ arguments: [{ name: 'p', support: 'unit', rank: 0 }] }],
    value: { support: 'count', rank: 0, discrete: true },
  },
  logDensity(value, args) {
    const p = scalar(args, 'p')
    return add(log(p), mul(value.at([]), log(sub(num(1), p))))
  },
  domain: () => ({ low: num(0), high: null }),
  // P(X > k) = (1 − p)^(k + 1)
  tail(args) {
    const logQ = log(sub(num(1), scalar(args, 'p')))
    return {
      low: num(0),
      high: null,
      below: (k) => call('log1mexp', mul(add(k, num(1)), logQ)),
      above: (k) => mul(add(k, num(1)), logQ),
      between: (a, b) => add(mul(add(a, num(1)), logQ), call('log1mexp', mul(sub(b, a), logQ))),
    }
  },
  moments(args) {
    const p = scalar(args, 'p')
    const odds = div(sub(num(1), p), p)
    return { mean: odds, variance: div(odds, p) }
  },
  inSupport(value, args) {
    const x = asNumber(value)
    const p = numberArgument(args, 'p')
    return isCount(x) && p > 0 && (x === 0 || p < 1)
  },
  // P(floor(log U / log(1 − p)) ≥ k) = P(U ≤ (1 − p)^k)
  sample(args, random) {
    const p = numberArgument(args, 'p')
    return p === 1 ? 0 : Math.floor(Math.log(random()) / Math.log1p(-p))
  },
  latex: (args) => latexCall('Geometric', args),
}
