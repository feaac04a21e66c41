import { add, call, div, log, mul, neg, num, PI, pow, sub } from '../algebra/build.js'
import type { Expr } from '../algebra/types.js'
import { scalar } from './support/arguments.js'
import { drawNormal } from './support/draw-normal.js'
import { latexCall } from './support/latex-call.js'
import { asNumber, numberArgument } from './support/numeric-arguments.js'
import type { Distribution } from './types.js'

/**
 * log p(x) = ½ log(2/π) − log sd − x²/(2 sd²) for x ≥ 0: the absolute value of a Normal(0, sd).
 * Johnson, Kotz, Balakrishnan (1994), Continuous Univariate Distributions 1, section 13.10.1 (half-normal).
 */
export const HalfNormal: Distribution = {
  signature: {
    name: 'HalfNormal',
    summary: 'The absolute value of a Gaussian with mean 0.',
    parametrisations: [{ arguments: [{ name: 'sd', support: 'positive', rank: 0 }] }],
    value: { support: 'nonnegative', rank: 0, discrete: false },
  },
  logDensity(value, args) {
    const sd = scalar(args, 'sd')
    return add(
      mul(num(1, 2), log(div(num(2), PI))),
      neg(log(sd)),
      neg(div(pow(value.at([]), 2), mul(num(2), pow(sd, 2)))),
    )
  },
  tail(args) {
    const z = (x: Expr): Expr => div(x, scalar(args, 'sd'))
    return {
      low: num(0),
      high: null,
      below: (x) => call('logPhiBetween', neg(z(x)), z(x)),
      above: (x) => add(log(num(2)), call('logPhi', neg(z(x)))),
      between: (a, b) => add(log(num(2)), call('logPhiBetween', z(a), z(b))),
    }
  },
  moments(args) {
    const sd = scalar(args, 'sd')
    return {
      mean: mul(sd, pow(div(num(2), PI), { n: 1, d: 2 })),
      variance: mul(pow(sd, 2), sub(num(1), div(num(2), PI))),
    }
  },
  inSupport(value) {
    const x = asNumber(value)
    return Number.isFinite(x) && x >= 0
  },
  sample: (args, random) => numberArgument(args, 'sd') * Math.abs(drawNormal(random)),
  latex: (args) => latexCall('HalfNormal', args),
}
