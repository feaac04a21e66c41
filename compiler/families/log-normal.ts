import { add, call, div, exp, log, mul, neg, num, ONE, PI, pow, square, sub } from '../algebra/build.js'
import type { Expr } from '../algebra/types.js'
import type { Family, Natural } from './types.js'

const precision = (at: readonly Expr[], eta: Natural): Expr => mul(num(-2), eta('(log u)²', at))
const mean = (at: readonly Expr[], eta: Natural): Expr => div(add(eta('log u', at), ONE), precision(at, eta))

/** η₁ log u + η₂ (log u)²: log u is Normal with precision −2η₂ and mean (η₁ + 1)/precision. */
export const logNormalFamily: Family = {
  id: 'log-normal',
  title: 'LogNormal',
  supports: ['positive'],
  statistics: ['log u', '(log u)²'],
  rank: 0,
  citation: 'Johnson, Kotz and Balakrishnan (1994), Continuous Univariate Distributions 1, section 14.3',
  parameters: (at, eta) => [
    { name: 'mean', value: mean(at, eta) },
    { name: 'sd', value: pow(precision(at, eta), { n: -1, d: 2 }) },
  ],
  natural(statistic, parameter) {
    const p = pow(parameter('sd'), -2)
    return statistic === 'log u' ? sub(mul(p, parameter('mean')), ONE) : mul(num(-1, 2), p)
  },
  moment(of, at, eta) {
    const [m, p] = [mean(at, eta), precision(at, eta)]
    if (of === 'log u') return m
    if (of === '(log u)²') return add(square(m), pow(p, -1))
    if (of === 'u') return exp(add(m, div(num(1, 2), p)))
    if (of === '1/u') return exp(add(neg(m), div(num(1, 2), p)))
    if (typeof of === 'object') return exp(add(mul(of.power, m), div(square(of.power), mul(num(2), p))))
    return null
  },
  variance(at, eta) {
    const [m, p] = [mean(at, eta), precision(at, eta)]
    return mul(call('expm1', pow(p, -1)), exp(add(mul(num(2), m), pow(p, -1))))
  },
  point: (at, eta) => exp(mean(at, eta)),
  logDensity(u, at, eta) {
    const [m, p] = [mean(at, eta), precision(at, eta)]
    return add(
      mul(num(1, 2), log(div(p, mul(num(2), PI)))),
      neg(log(u(at))),
      mul(num(-1, 2), p, square(sub(log(u(at)), m))),
    )
  },
}
