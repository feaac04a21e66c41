import { add, bothOf, caseOf, compare, div, float, log, mul, neg, num, pow, sub } from '../algebra/build.js'
import type { Expr } from '../algebra/types.js'
import { scalar } from './support/arguments.js'
import { latexCall } from './support/latex-call.js'
import { asNumber, numberArgument } from './support/numeric-arguments.js'
import type { Distribution } from './types.js'

/** log p(x) = −log(high − low) for low ≤ x ≤ high, else −∞. */
export const Uniform: Distribution = {
  signature: {
    name: 'Uniform',
    summary: 'The same density everywhere from low to high, both ends included.',
    parametrisations: [
      {
        arguments: [
          { name: 'low', support: 'real', rank: 0 },
          { name: 'high', support: 'real', rank: 0 },
        ],
      },
    ],
    value: { support: 'real', rank: 0, discrete: false },
  },
  ends: ['low', 'high'],
  logDensity(value, args) {
    const x = value.at([])
    const low = scalar(args, 'low')
    const high = scalar(args, 'high')
    const inside = bothOf(compare('>=', x, low), compare('<=', x, high))
    return caseOf(inside, neg(log(sub(high, low))), float(-Infinity))
  },
  tail(args) {
    const [low, high] = [scalar(args, 'low'), scalar(args, 'high')]
    const share = (part: Expr): Expr => log(div(part, sub(high, low)))
    return {
      low,
      high,
      below: (x) => share(sub(x, low)),
      above: (x) => share(sub(high, x)),
      between: (a, b) => share(sub(b, a)),
    }
  },
  moments(args) {
    const [low, high] = [scalar(args, 'low'), scalar(args, 'high')]
    return { mean: mul(num(1, 2), add(low, high)), variance: mul(num(1, 12), pow(sub(high, low), 2)) }
  },
  inSupport(value, args) {
    const x = asNumber(value)
    return x >= numberArgument(args, 'low') && x <= numberArgument(args, 'high')
  },
  sample(args, random) {
    const low = numberArgument(args, 'low')
    return low + (numberArgument(args, 'high') - low) * random()
  },
  latex: (args) => latexCall('Uniform', args),
}
