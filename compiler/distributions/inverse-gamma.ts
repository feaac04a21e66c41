import { add, call, caseOf, compare, div, float, lgamma, log, mul, neg, num, pow, sub } from '../algebra/build.js'
import { scalar } from './support/arguments.js'
import { drawGamma } from './support/draw-gamma.js'
import { latexCall } from './support/latex-call.js'
import { asNumber, numberArgument } from './support/numeric-arguments.js'
import type { Distribution } from './types.js'

/**
 * 1/x is Gamma(shape, rate = scale): log p(x) = shape log scale − log Γ(shape) − (shape + 1) log x − scale/x.
 * Gelman et al. (2013), Bayesian Data Analysis, table A.1.
 */
export const InverseGamma: Distribution = {
  signature: {
    name: 'InverseGamma',
    summary: 'A number whose reciprocal is Gamma with that shape and rate = scale; conjugate to a variance.',
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
  logDensity(value, args) {
    const x = value.at([])
    const shape = scalar(args, 'shape')
    const scale = scalar(args, 'scale')
    return add(mul(shape, log(scale)), neg(lgamma(shape)), neg(mul(add(shape, num(1)), log(x))), neg(div(scale, x)))
  },
  tail(args) {
    const [shape, scale] = [scalar(args, 'shape'), scalar(args, 'scale')]
    return {
      low: num(0),
      high: null,
      shapes: [shape],
      below: (x) => call('logGammaQ', shape, div(scale, x)),
      above: (x) => call('logGammaP', shape, div(scale, x)),
    }
  },
  moments(args) {
    const [shape, scale] = [scalar(args, 'shape'), scalar(args, 'scale')]
    const [one, two] = [num(1), num(2)]
    const variance = div(pow(scale, 2), mul(pow(sub(shape, one), 2), sub(shape, two)))
    return {
      mean: caseOf(compare('>', shape, one), div(scale, sub(shape, one)), float(Number.POSITIVE_INFINITY)),
      variance: caseOf(compare('>', shape, two), variance, float(Number.POSITIVE_INFINITY)),
    }
  },
  inSupport(value) {
    const x = asNumber(value)
    return Number.isFinite(x) && x > 0
  },
  sample: (args, random) => numberArgument(args, 'scale') / drawGamma(numberArgument(args, 'shape'), random),
  latex: (args) => latexCall('InverseGamma', args),
}
