import { exp, idx, log, num, sub, sum } from '../algebra/build.js'
import type { Expr } from '../algebra/types.js'
import { argument, sizeOf } from './support/arguments.js'
import { drawIndex } from './support/draw-count.js'
import { latexCall } from './support/latex-call.js'
import { asNumber, vectorArgument } from './support/numeric-arguments.js'
import type { Distribution, Tensor } from './types.js'

/** log P(x) = log p_x for x = 1, …, length(p); with p = softmax(l), l_x − log Σ_j exp l_j. */
export const Categorical: Distribution = {
  signature: {
    name: 'Categorical',
    summary: 'One of the indices 1, 2, …, with the given probabilities (or their logarithms up to a constant).',
    parametrisations: [
      { arguments: [{ name: 'p', support: 'simplex', rank: 1 }] },
      { arguments: [{ name: 'logit', support: 'real', rank: 1 }] },
    ],
    value: { support: 'category', rank: 0, discrete: true, indexOf: 'p' },
  },
  logDensity(value, args, context) {
    const x = value.at([])
    if (!args.has('logit')) return log(argument(args, 'p').at([x]))
    const logit = argument(args, 'logit')
    const j = context.index('j', sizeOf(logit))
    return sub(logit.at([x]), log(sum(j, exp(logit.at([idx(j)])))))
  },
  domain: (args) => ({ low: num(1), high: length(args) }),
  mass(value, args, context) {
    if (!args.has('logit')) return argument(args, 'p').at([value])
    const logit = argument(args, 'logit')
    const j = context.index('j', sizeOf(logit))
    return exp(sub(logit.at([value]), log(sum(j, exp(logit.at([idx(j)]))))))
  },
  inSupport(value, args) {
    const x = asNumber(value)
    return Number.isInteger(x) && (vectorArgument(args, 'p')[x - 1] ?? 0) > 0
  },
  sample: (args, random) => drawIndex(vectorArgument(args, 'p'), random),
  latex: (args) => latexCall('Categorical', args),
}

function length(args: ReadonlyMap<string, Tensor>): Expr {
  return sizeOf(args.get('logit') ?? argument(args, 'p'))
}
