import { add, call, div, exp, log, mul, neg, ONE, square, sub } from '../algebra/build.js'
import type { Expr } from '../algebra/types.js'
import type { Family, Natural } from './types.js'

const first = (at: readonly Expr[], eta: Natural): Expr => add(eta('log u', at), ONE)
const second = (at: readonly Expr[], eta: Natural): Expr => add(eta('log(1 − u)', at), ONE)

/** η₁ log u + η₂ log(1 − u): Beta(η₁ + 1, η₂ + 1). */
export const betaFamily: Family = {
  id: 'beta',
  title: 'Beta',
  supports: ['unit'],
  statistics: ['log u', 'log(1 − u)'],
  rank: 0,
  citation: 'Johnson, Kotz and Balakrishnan (1995), Continuous Univariate Distributions 2, section 25.2',
  parameters: (at, eta) => [
    { name: 'a', value: first(at, eta) },
    { name: 'b', value: second(at, eta) },
  ],
  natural: (statistic, parameter) => sub(parameter(statistic === 'log u' ? 'a' : 'b'), ONE),
  moment(of, at, eta) {
    const [a, b] = [first(at, eta), second(at, eta)]
    if (of === 'u') return div(a, add(a, b))
    if (of === 'log u') return sub(call('digamma', a), call('digamma', add(a, b)))
    if (of === 'log(1 − u)') return sub(call('digamma', b), call('digamma', add(a, b)))
    if (typeof of === 'object')
      return exp(
        add(
          call('lgamma', add(a, of.power)),
          neg(call('lgamma', a)),
          call('lgamma', add(a, b)),
          neg(call('lgamma', add(a, b, of.power))),
        ),
      )
    return null
  },
  variance(at, eta) {
    const [a, b] = [first(at, eta), second(at, eta)]
    return div(mul(a, b), mul(square(add(a, b)), add(a, b, ONE)))
  },
  point(at, eta) {
    const [a, b] = [first(at, eta), second(at, eta)]
    return div(a, add(a, b))
  },
  logDensity(u, at, eta) {
    const [a, b] = [first(at, eta), second(at, eta)]
    return add(
      call('lgamma', add(a, b)),
      neg(call('lgamma', a)),
      neg(call('lgamma', b)),
      mul(sub(a, ONE), log(u(at))),
      mul(sub(b, ONE), log(sub(ONE, u(at)))),
    )
  },
}
