import { add, call, div, lgamma, log, mul, neg, num, pow, sub } from '../algebra/build.js'
import { scalar } from './support/arguments.js'
import { drawBeta } from './support/draw-gamma.js'
import { latexCall } from './support/latex-call.js'
import { asNumber, numberArgument } from './support/numeric-arguments.js'
import type { Distribution } from './types.js'

/**
 * log p(x) = log Γ(a + b) − log Γ(a) − log Γ(b) + (a − 1) log x + (b − 1) log(1 − x) for 0 < x < 1.
 * Johnson, Kotz, Balakrishnan (1995), Continuous Univariate Distributions 2, chapter 25.
 */
export const Beta: Distribution = {
  signature: {
    name: 'Beta',
    summary: 'A number between 0 and 1; its mean is a / (a + b). Conjugate to a probability.',
    parametrisations: [
      {
        arguments: [
          { name: 'a', support: 'positive', rank: 0 },
          { name: 'b', support: 'positive', rank: 0 },
        ],
      },
    ],
    value: { support: 'unit', rank: 0, discrete: false },
  },
  logDensity(value, args) {
    const x = value.at([])
    const a = scalar(args, 'a')
    const b = scalar(args, 'b')
    return add(
      lgamma(add(a, b)),
      neg(lgamma(a)),
      neg(lgamma(b)),
      mul(sub(a, num(1)), log(x)),
      mul(sub(b, num(1)), log(sub(num(1), x))),
    )
  },
  tail(args) {
    const [a, b] = [scalar(args, 'a'), scalar(args, 'b')]
    return {
      low: num(0),
      high: num(1),
      shapes: [a, b],
      below: (x) => call('logBetaI', a, b, x),
      above: (x) => call('logBetaI', b, a, sub(num(1), x)),
    }
  },
  moments(args) {
    const [a, b] = [scalar(args, 'a'), scalar(args, 'b')]
    const total = add(a, b)
    return { mean: div(a, total), variance: div(mul(a, b), mul(pow(total, 2), add(total, num(1)))) }
  },
  inSupport(value, args) {
    const x = asNumber(value)
    if (x === null) return false
    if (x === 0) return numberArgument(args, 'a') === 1
    if (x === 1) return numberArgument(args, 'b') === 1
    return x > 0 && x < 1
  },
  sample: (args, random) => drawBeta(numberArgument(args, 'a'), numberArgument(args, 'b'), random),
  latex: (args) => latexCall('Beta', args),
}
