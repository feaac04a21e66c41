import { add, caseOf, compare, div, float, log, mul, neg, num, pow, sub } from '../algebra/build.js'
import { scalar } from './support/arguments.js'
import { hazardTail } from './support/hazard-tail.js'
import { latexCall } from './support/latex-call.js'
import { asNumber, numberArgument } from './support/numeric-arguments.js'
import type { Distribution } from './types.js'

/**
 * log p(x) = log shape + shape log scale − (shape + 1) log x for x ≥ scale, else −∞.
 * Johnson, Kotz, Balakrishnan (1994), Continuous Univariate Distributions 1, chapter 20 (Pareto of the first kind).
 */
export const Pareto: Distribution = {
  signature: {
    name: 'Pareto',
    summary: 'A power law above the scale, its smallest value.',
    parametrisations: [
      {
        arguments: [
          { name: 'shape', support: 'positive', rank: 0 },
          { name: 'scale', support: 'positive', rank: 0 },
        ],
      },
    ],
    value: { support: 'positive', rank: 0, discrete: false },
  },
  ends: ['scale'],
  logDensity(value, args) {
    const x = value.at([])
    const [shape, scale] = [scalar(args, 'shape'), scalar(args, 'scale')]
    const inside = add(log(shape), neg(log(x)), neg(mul(shape, log(div(x, scale)))))
    return caseOf(compare('>=', x, scale), inside, float(Number.NEGATIVE_INFINITY))
  },
  tail(args) {
    const [shape, scale] = [scalar(args, 'shape'), scalar(args, 'scale')]
    return { ...hazardTail((x) => mul(shape, log(div(x, scale)))), low: scale }
  },
  moments(args) {
    const [shape, scale] = [scalar(args, 'shape'), scalar(args, 'scale')]
    const infinite = float(Number.POSITIVE_INFINITY)
    const less = (order: number) => sub(shape, num(order))
    return {
      mean: caseOf(compare('>', shape, num(1)), div(mul(shape, scale), less(1)), infinite),
      variance: caseOf(
        compare('>', shape, num(2)),
        div(mul(shape, pow(scale, 2)), mul(pow(less(1), 2), less(2))),
        infinite,
      ),
    }
  },
  inSupport(value, args) {
    const x = asNumber(value)
    return Number.isFinite(x) && x >= numberArgument(args, 'scale')
  },
  // the survival function (scale/x)^shape, inverted
  sample: (args, random) => numberArgument(args, 'scale') * random() ** (-1 / numberArgument(args, 'shape')),
  latex: (args) => latexCall('Pareto', args),
}
