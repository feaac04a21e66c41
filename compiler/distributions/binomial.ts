import { add, call, exp, lgamma, log, mul, neg, num, sub } from '../algebra/build.js'
import { scalar } from './support/arguments.js'
import { drawBinomial } from './support/draw-count.js'
import { isCount } from './support/integers.js'
import { latexCall } from './support/latex-call.js'
import { asNumber, numberArgument } from './support/numeric-arguments.js'
import type { Distribution } from './types.js'

/**
 * log P(x) = log (n choose x) + x log p + (n − x) log(1 − p) for x = 0, …, n; with l = logit p, x l − n log(1 + exp l).
 * Johnson, Kemp, Kotz (2005), Univariate Discrete Distributions, chapter 3.
 */
export const Binomial: Distribution = {
  signature: {
    name: 'Binomial',
    summary: 'The number of successes in n independent trials, each with probability p (or the given log odds).',
    parametrisations: [
      {
        arguments: [
          { name: 'n', support: 'count', rank: 0 },
          { name: 'p', support: 'unit', rank: 0 },
        ],
      },
      {
        arguments: [
          { name: 'n', support: 'count', rank: 0 },
          { name: 'logit', support: 'real', rank: 0 },
        ],
      },
    ],
    value: { support: 'count', rank: 0, discrete: true },
  },
  logDensity(value, args) {
    const x = value.at([])
    const n = scalar(args, 'n')
    const ways = [lgamma(add(n, num(1))), neg(lgamma(add(x, num(1)))), neg(lgamma(add(sub(n, x), num(1))))]
    if (args.has('logit')) {
      const logit = scalar(args, 'logit')
      return add(...ways, mul(x, logit), neg(mul(n, log(add(num(1), exp(logit))))))
    }
    const p = scalar(args, 'p')
    return add(...ways, mul(x, log(p)), mul(sub(n, x), log(sub(num(1), p))))
  },
  domain: (args) => ({ low: num(0), high: scalar(args, 'n') }),
  // P(X > k) = I_p(k + 1, n − k): Johnson, Kemp, Kotz, equation 3.36
  tail(args) {
    const n = scalar(args, 'n')
    const logit = args.has('logit') ? scalar(args, 'logit') : null
    const p = logit === null ? scalar(args, 'p') : call('logistic', logit)
    const q = logit === null ? sub(num(1), p) : call('logistic', neg(logit))
    return {
      low: num(0),
      high: n,
      below: (k) => call('logBetaI', sub(n, k), add(k, num(1)), q),
      above: (k) => call('logBetaI', add(k, num(1)), sub(n, k), p),
    }
  },
  moments(args) {
    const n = scalar(args, 'n')
    const p = args.has('logit') ? call('logistic', scalar(args, 'logit')) : scalar(args, 'p')
    return { mean: mul(n, p), variance: mul(n, p, sub(num(1), p)) }
  },
  inSupport(value, args) {
    const x = asNumber(value)
    const n = numberArgument(args, 'n')
    const p = numberArgument(args, 'p')
    return isCount(x) && x <= n && (p > 0 || x === 0) && (p < 1 || x === n)
  },
  sample: (args, random) => drawBinomial(numberArgument(args, 'n'), numberArgument(args, 'p'), random),
  latex: (args) => latexCall('Binomial', args),
}
