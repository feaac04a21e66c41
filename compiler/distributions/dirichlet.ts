import { add, idx, lgamma, log, mul, neg, num, sub, sum } from '../algebra/build.js'
import { argument, component, sizeOf } from './support/arguments.js'
import { drawGamma } from './support/draw-gamma.js'
import { latexCall } from './support/latex-call.js'
import { asVector, broadcastArgument, vectorArgument } from './support/numeric-arguments.js'
import type { Distribution } from './types.js'

/**
 * log p(x) = log Γ(Σ a_i) − Σ log Γ(a_i) + Σ (a_i − 1) log x_i, with respect to all but one of the x_i; a number a
 * stands for (a, …, a).
 * Kotz, Balakrishnan, Johnson (2000), Continuous Multivariate Distributions 1, chapter 49.
 */
export const Dirichlet: Distribution = {
  signature: {
    name: 'Dirichlet',
    summary: 'A vector of probabilities; conjugate to those of Categorical and Multinomial.',
    parametrisations: [{ arguments: [{ name: 'a', support: 'positive', rank: 1 }] }],
    value: { support: 'simplex', rank: 1, sizeOf: 'a', discrete: false },
  },
  logDensity(value, args, context) {
    const a = argument(args, 'a')
    const order = sizeOf(value)
    const i = context.index('i', order)
    const term = mul(sub(component(a, idx(i)), num(1)), log(component(value, idx(i))))
    if (a.dims.length === 0) {
      const each = a.at([])
      return add(lgamma(mul(order, each)), neg(mul(order, lgamma(each))), sum(i, term))
    }
    return add(lgamma(sum(i, component(a, idx(i)))), neg(sum(i, lgamma(component(a, idx(i))))), sum(i, term))
  },
  inSupport(value, args) {
    const x = asVector(value)
    if (x === null) return false
    const a = broadcastArgument(args, 'a', x.length)
    const total = x.reduce((sumSoFar, xi) => sumSoFar + xi, 0)
    const inside = x.every((xi, i) => xi > 0 || (xi === 0 && a[i] === 1))
    return x.length === a.length && inside && Math.abs(total - 1) <= 1e-8
  },
  /** `a` must be a vector here: nothing else says how long the value is. */
  sample(args, random) {
    const draws = vectorArgument(args, 'a').map((a) => drawGamma(a, random))
    const total = draws.reduce((sumSoFar, x) => sumSoFar + x, 0)
    return draws.map((x) => x / total)
  },
  latex: (args) => latexCall('Dirichlet', args),
}
