import { add, call, caseOf, compare, div, exp, log, mul, neg, num, ONE, pow, square, sub } from '../algebra/build.js'
import type { Expr } from '../algebra/types.js'
import type { Family, Natural } from './types.js'

const shape = (at: readonly Expr[], eta: Natural): Expr => add(eta('log u', at), ONE)
const rate = (at: readonly Expr[], eta: Natural): Expr => neg(eta('u', at))

/** η₁ log u + η₂ u: Gamma(shape = η₁ + 1, rate = −η₂). */
export const gammaFamily: Family = {
  id: 'gamma',
  title: 'Gamma',
  supports: ['positive'],
  statistics: ['log u', 'u'],
  rank: 0,
  citation: 'Johnson, Kotz and Balakrishnan (1994), Continuous Univariate Distributions 1, section 17.3',
  parameters: (at, eta) => [
    { name: 'shape', value: shape(at, eta) },
    { name: 'rate', value: rate(at, eta) },
  ],
  natural: (statistic, parameter) => (statistic === 'log u' ? sub(parameter('shape'), ONE) : neg(parameter('rate'))),
  moment(of, at, eta) {
    const [a, b] = [shape(at, eta), rate(at, eta)]
    if (of === 'u') return div(a, b)
    if (of === 'log u') return sub(call('digamma', a), log(b))
    if (of === '1/u') return div(b, sub(a, ONE))
    if (typeof of === 'object')
      return exp(sub(sub(call('lgamma', add(a, of.power)), call('lgamma', a)), mul(of.power, log(b))))
    return null
  },
  variance: (at, eta) => div(shape(at, eta), square(rate(at, eta))),
  point: (at, eta) => div(shape(at, eta), rate(at, eta)),
  logDensity(u, at, eta) {
    const [a, b] = [shape(at, eta), rate(at, eta)]
    return add(mul(a, log(b)), neg(call('lgamma', a)), mul(sub(a, ONE), log(u(at))), neg(mul(b, u(at))))
  },
}

const inverseShape = (at: readonly Expr[], eta: Natural): Expr => sub(neg(eta('log u', at)), ONE)
const scale = (at: readonly Expr[], eta: Natural): Expr => neg(eta('1/u', at))

/** η₁ log u + η₂ / u: inverse Gamma(shape = −η₁ − 1, scale = −η₂). */
export const inverseGammaFamily: Family = {
  id: 'inverse-gamma',
  title: 'InverseGamma',
  supports: ['positive'],
  statistics: ['log u', '1/u'],
  rank: 0,
  citation: 'Johnson, Kotz and Balakrishnan (1994), Continuous Univariate Distributions 1, section 17.8',
  parameters: (at, eta) => [
    { name: 'shape', value: inverseShape(at, eta) },
    { name: 'scale', value: scale(at, eta) },
  ],
  natural: (statistic, parameter) =>
    statistic === 'log u' ? sub(neg(parameter('shape')), ONE) : neg(parameter('scale')),
  moment(of, at, eta) {
    const [a, b] = [inverseShape(at, eta), scale(at, eta)]
    if (of === '1/u') return div(a, b)
    if (of === 'log u') return sub(log(b), call('digamma', a))
    if (of === 'u') return div(b, sub(a, ONE))
    if (typeof of === 'object')
      return caseOf(
        compare('>', a, of.power),
        exp(add(call('lgamma', sub(a, of.power)), neg(call('lgamma', a)), mul(of.power, log(b)))),
        { kind: 'float', value: Number.POSITIVE_INFINITY },
      )
    return null
  },
  variance(at, eta) {
    const [a, b] = [inverseShape(at, eta), scale(at, eta)]
    const two = num(2)
    return caseOf(compare('>', a, two), div(square(b), mul(square(sub(a, ONE)), sub(a, two))), {
      kind: 'float',
      value: Number.POSITIVE_INFINITY,
    })
  },
  point: (at, eta) => div(scale(at, eta), add(inverseShape(at, eta), ONE)),
  logDensity(u, at, eta) {
    const [a, b] = [inverseShape(at, eta), scale(at, eta)]
    return add(mul(a, log(b)), neg(call('lgamma', a)), neg(mul(add(a, ONE), log(u(at)))), neg(mul(b, pow(u(at), -1))))
  },
}
