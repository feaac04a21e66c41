import { add, call, idx, lgamma, mul, neg, num, sum } from '../algebra/build.js'
import { argument, component, sizeOf } from './support/arguments.js'
import { drawBinomial } from './support/draw-count.js'
import { drawGamma } from './support/draw-gamma.js'
import { isCount } from './support/integers.js'
import { latexCall } from './support/latex-call.js'
import { asVector, broadcastArgument, numberArgument, vectorArgument } from './support/numeric-arguments.js'
import type { Distribution } from './types.js'

/**
 * log P(x) = log N! − Σ log x_i! + Σ [log Γ(a_i + x_i) − log Γ(a_i)] − [log Γ(A + N) − log Γ(A)], N = Σ x_i, A = Σ a_i;
 * the total N follows from the value, and a number a stands for (a, …, a).
 * Johnson, Kotz, Balakrishnan (1997), Discrete Multivariate Distributions, section 35.13.1.
 */
export const DirichletMultinomial: Distribution = {
  signature: {
    name: 'DirichletMultinomial',
    summary: 'Counts whose probabilities are Dirichlet.',
    parametrisations: [{ arguments: [{ name: 'a', support: 'positive', rank: 1 }] }],
    value: { support: 'count', rank: 1, sizeOf: 'a', discrete: true },
  },
  logDensity(value, args, context) {
    const a = argument(args, 'a')
    const order = sizeOf(value)
    const i = context.index('i', order)
    const x = component(value, idx(i))
    const total = sum(i, x)
    const mass = a.dims.length === 0 ? mul(order, a.at([])) : sum(i, component(a, idx(i)))
    return add(
      lgamma(add(total, num(1))),
      neg(sum(i, lgamma(add(x, num(1))))),
      sum(i, call('lgammaDelta', component(a, idx(i)), x)),
      neg(call('lgammaDelta', mass, total)),
    )
  },
  inSupport(value, args) {
    const x = asVector(value)
    return x !== null && x.length === broadcastArgument(args, 'a', x.length).length && x.every(isCount)
  },
  /** The number of trials is taken from one more argument, `total`. Each cell is Binomial given those before it. */
  sample(args, random) {
    const weights = vectorArgument(args, 'a').map((a) => drawGamma(a, random))
    let left = numberArgument(args, 'total')
    let mass = weights.reduce((sumSoFar, w) => sumSoFar + w, 0)
    return weights.map((w, i) => {
      const count = i === weights.length - 1 ? left : drawBinomial(left, Math.min(1, w / mass), random)
      left -= count
      mass -= w
      return count
    })
  },
  latex: (args) => latexCall('DirichletMultinomial', args),
}
