import { add, call, exp, log, mul, neg, num, ONE, ZERO } from '../algebra/build.js'
import type { Family } from './types.js'

/** η u − log u!: Poisson(e^η). */
export const poissonFamily: Family = {
  id: 'poisson',
  title: 'Poisson',
  supports: ['count'],
  statistics: ['u', 'log u!'],
  rank: 0,
  fixed: { statistic: 'log u!', value: -1 },
  citation: 'Johnson, Kemp and Kotz (2005), Univariate Discrete Distributions, section 4.3',
  parameters: (at, eta) => [{ name: 'rate', value: exp(eta('u', at)) }],
  natural: (statistic, parameter) => (statistic === 'u' ? log(parameter('rate')) : num(-1)),
  moment: (of, at, eta) => (of === 'u' ? exp(eta('u', at)) : null),
  variance: (at, eta) => exp(eta('u', at)),
  point: () => ZERO,
  logDensity: (u, at, eta) =>
    add(mul(u(at), eta('u', at)), neg(exp(eta('u', at))), neg(call('lgamma', add(u(at), ONE)))),
}
