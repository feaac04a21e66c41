import { caseOf, compare, float, num } from '../algebra/build.js'
import { scalar } from './support/arguments.js'
import { latexCall } from './support/latex-call.js'
import { numberArgument } from './support/numeric-arguments.js'
import type { Distribution } from './types.js'

/** All mass at one value: log P(x) = 0 where x = v, else −∞. A mass, not a density. */
export const Dirac: Distribution = {
  signature: {
    name: 'Dirac',
    summary: 'All mass at one value.',
    parametrisations: [{ arguments: [{ name: 'v', support: 'real', rank: 0 }] }],
    value: { support: 'real', rank: 0, discrete: true },
  },
  logDensity: (value, args) => caseOf(compare('==', value.at([]), scalar(args, 'v')), num(0), float(-Infinity)),
  domain: (args) => ({ low: scalar(args, 'v'), high: scalar(args, 'v') }),
  moments: (args) => ({ mean: scalar(args, 'v'), variance: num(0) }),
  inSupport: (value, args) => value === numberArgument(args, 'v'),
  sample: (args) => numberArgument(args, 'v'),
  latex: (args) => latexCall('Dirac', args),
}
