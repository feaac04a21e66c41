import { add, call, div, lgamma, mul, neg, num, pow, sub } from '../algebra/build.js'
import { scalar } from './support/arguments.js'
import { drawBinomial } from './support/draw-count.js'
import { drawBeta } from './support/draw-gamma.js'
import { isCount } from './support/integers.js'
import { latexCall } from './support/latex-call.js'
import { asNumber, numberArgument } from './support/numeric-arguments.js'
import type { Distribution } from './types.js'

/**
 * log P(x) = log (n choose x) + log B(a + x, b + n − x) − log B(a, b) for x = 0, …, n, its log-gammas taken as rises
 * log Γ(a + x) − log Γ(a).
 * Johnson, Kemp, Kotz (2005), Univariate Discrete Distributions, section 6.2.2.
 */
export const BetaBinomial: Distribution = {
  signature: {
    name: 'BetaBinomial',
    summary: 'Successes in n trials whose probability is Beta.',
    parametrisations: [
      {
        arguments: [
          { name: 'n', support: 'count', rank: 0 },
          { name: 'a', support: 'positive', rank: 0 },
          { name: 'b', support: 'positive', rank: 0 },
        ],
      },
    ],
    value: { support: 'count', rank: 0, discrete: true },
  },
  logDensity(value, args) {
    const x = value.at([])
    const n = scalar(args, 'n')
    const a = scalar(args, 'a')
    const b = scalar(args, 'b')
    const ways = [lgamma(add(n, num(1))), neg(lgamma(add(x, num(1)))), neg(lgamma(add(sub(n, x), num(1))))]
    return add(
      ...ways,
      call('lgammaDelta', a, x),
      call('lgammaDelta', b, sub(n, x)),
      neg(call('lgammaDelta', add(a, b), n)),
    )
  },
  domain: (args) => ({ low: num(0), high: scalar(args, 'n') }),
  // Johnson, Kemp, Kotz (2005), Univariate Discrete Distributions, section 6.2.2
  moments(args) {
    const [n, a, b] = [scalar(args, 'n'), scalar(args, 'a'), scalar(args, 'b')]
    const total = add(a, b)
    return {
      mean: div(mul(n, a), total),
      variance: div(mul(n, a, b, add(total, n)), mul(pow(total, 2), add(total, num(1)))),
    }
  },
  inSupport(value, args) {
    const x = asNumber(value)
    return isCount(x) && x <= numberArgument(args, 'n')
  },
  sample(args, random) {
    const p = drawBeta(numberArgument(args, 'a'), numberArgument(args, 'b'), random)
    return drawBinomial(numberArgument(args, 'n'), p, random)
  },
  latex: (args) => latexCall('BetaBinomial', args),
}
