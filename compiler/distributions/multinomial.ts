import { add, idx, lgamma, log, mul, neg, num, sum } from '../algebra/build.js'
import { argument, component, sizeOf } from './support/arguments.js'
import { drawBinomial } from './support/draw-count.js'
import { isCount } from './support/integers.js'
import { latexCall } from './support/latex-call.js'
import { asVector, numberArgument, vectorArgument } from './support/numeric-arguments.js'
import type { Distribution } from './types.js'

/**
 * log P(x) = log (Σ x_i)! − Σ log x_i! + Σ x_i log p_i, given the total Σ x_i, which follows from the value.
 * Johnson, Kotz, Balakrishnan (1997), Discrete Multivariate Distributions, chapter 35.
 */
export const Multinomial: Distribution = {
  signature: {
    name: 'Multinomial',
    summary: 'Counts of the outcomes of independent trials; how many trials there were follows from the value.',
    parametrisations: [{ arguments: [{ name: 'p', support: 'simplex', rank: 1 }] }],
    value: { support: 'count', rank: 1, sizeOf: 'p', discrete: true },
  },
  logDensity(value, args, context) {
    const p = argument(args, 'p')
    const i = context.index('i', sizeOf(value))
    const x = component(value, idx(i))
    return add(
      lgamma(add(sum(i, x), num(1))),
      neg(sum(i, lgamma(add(x, num(1))))),
      sum(i, mul(x, log(component(p, idx(i))))),
    )
  },
  inSupport(value, args) {
    const x = asVector(value)
    const p = vectorArgument(args, 'p')
    return x !== null && x.length === p.length && x.every((xi, i) => isCount(xi) && (xi === 0 || (p[i] ?? 0) > 0))
  },
  /** The number of trials is taken from one more argument, `total`. Each cell is Binomial given those before it. */
  sample(args, random) {
    const p = vectorArgument(args, 'p')
    let left = numberArgument(args, 'total')
    let mass = 1
    return p.map((pi, i) => {
      const count = i === p.length - 1 ? left : drawBinomial(left, Math.min(1, pi / mass), random)
      left -= count
      mass -= pi
      return count
    })
  },
  latex: (args) => latexCall('Multinomial', args),
}
