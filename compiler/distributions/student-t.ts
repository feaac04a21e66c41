import { add, call, caseOf, compare, div, float, log, mul, neg, num, PI, pow, sub } from '../algebra/build.js'
import type { Expr } from '../algebra/types.js'
import { scalar } from './support/arguments.js'
import { drawGamma } from './support/draw-gamma.js'
import { drawNormal } from './support/draw-normal.js'
import { latexCall } from './support/latex-call.js'
import { asNumber, numberArgument } from './support/numeric-arguments.js'
import type { Distribution } from './types.js'

/**
 * log p(x) = log Γ((df + 1)/2) − log Γ(df/2) − ½ log(π df) − log scale − (df + 1)/2 log(1 + z²/df), with
 * z = (x − mean)/scale.
 * Johnson, Kotz, Balakrishnan (1995), Continuous Univariate Distributions 2, chapter 28.
 */
export const StudentT: Distribution = {
  signature: {
    name: 'StudentT',
    summary: 'A bell shape with heavy tails: the fewer degrees of freedom, the heavier.',
    parametrisations: [
      {
        arguments: [
          { name: 'df', support: 'positive', rank: 0 },
          { name: 'mean', support: 'real', rank: 0 },
          { name: 'scale', support: 'positive', rank: 0 },
        ],
      },
    ],
    value: { support: 'real', rank: 0, discrete: false },
  },
  logDensity(value, args) {
    const df = scalar(args, 'df')
    const scale = scalar(args, 'scale')
    const square = pow(div(sub(value.at([]), scalar(args, 'mean')), scale), 2)
    return add(
      call('lgammaDelta', div(df, num(2)), num(1, 2)),
      mul(num(-1, 2), log(mul(PI, df))),
      neg(log(scale)),
      mul(num(-1, 2), add(df, num(1)), call('log1p', div(square, df))),
    )
  },
  tail(args) {
    const df = scalar(args, 'df')
    const z = (x: Expr): Expr => div(sub(x, scalar(args, 'mean')), scalar(args, 'scale'))
    return {
      low: null,
      high: null,
      shapes: [df],
      below: (x) => call('logStudentCdf', df, z(x)),
      above: (x) => call('logStudentCdf', df, neg(z(x))),
    }
  },
  // Johnson, Kotz, Balakrishnan (1995), Continuous Univariate Distributions 2, section 28.2
  moments(args) {
    const [df, scale] = [scalar(args, 'df'), scalar(args, 'scale')]
    const variance = div(mul(pow(scale, 2), df), sub(df, num(2)))
    return {
      mean: caseOf(compare('>', df, num(1)), scalar(args, 'mean'), float(Number.NaN)),
      variance: caseOf(compare('>', df, num(2)), variance, float(Number.POSITIVE_INFINITY)),
    }
  },
  inSupport: (value) => Number.isFinite(asNumber(value)),
  sample(args, random) {
    const df = numberArgument(args, 'df')
    const t = drawNormal(random) / Math.sqrt((2 * drawGamma(df / 2, random)) / df)
    return numberArgument(args, 'mean') + numberArgument(args, 'scale') * t
  },
  latex: (args) => latexCall('StudentT', args),
}
