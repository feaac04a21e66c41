import { add, call, exp, log, mul, neg, num, sub } from '../algebra/build.js'
import { scalar } from './support/arguments.js'
import { latexCall } from './support/latex-call.js'
import { asNumber, numberArgument } from './support/numeric-arguments.js'
import type { Distribution } from './types.js'

/** log P(x) = x log p + (1 − x) log(1 − p) for x = 0, 1; with l = logit p, x l − log(1 + exp l). */
export const Bernoulli: Distribution = {
  signature: {
    name: 'Bernoulli',
    summary: 'True with probability p (or with the given log odds).',
    parametrisations: [
      { arguments: [{ name: 'p', support: 'unit', rank: 0 }] },
      { arguments: [{ name: 'logit', support: 'real', rank: 0 }] },
    ],
    value: { support: 'bool', rank: 0, discrete: true },
  },
  logDensity(value, args) {
    const x = value.at([])
    if (args.has('logit')) {
      const logit = scalar(args, 'logit')
      return add(mul(x, logit), neg(log(add(num(1), exp(logit)))))
    }
    const p = scalar(args, 'p')
    return add(mul(x, log(p)), mul(sub(num(1), x), log(sub(num(1), p))))
  },
  domain: () => ({ low: num(0), high: num(1) }),
  mass(value, args) {
    const p = args.has('logit') ? call('logistic', scalar(args, 'logit')) : scalar(args, 'p')
    return add(mul(value, p), mul(sub(num(1), value), sub(num(1), p)))
  },
  inSupport(value, args) {
    const x = asNumber(value)
    const p = numberArgument(args, 'p')
    return (x === 0 && p < 1) || (x === 1 && p > 0)
  },
  sample: (args, random) => (random() < numberArgument(args, 'p') ? 1 : 0),
  latex: (args) => latexCall('Bernoulli', args),
}
