import {
  add,
  call,
  caseOf,
  compare,
  div,
  exp,
  idx,
  log,
  mul,
  neg,
  ONE,
  square,
  sub,
  sum,
  ZERO,
} from '../algebra/build.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import { betaFamily } from './beta.js'
import type { Axes, Family, Natural } from './types.js'

const alpha = (at: readonly Expr[], eta: Natural): Expr => add(eta('log u', at), ONE)

/** Σ_i (η_i + 1) over the elements of one point. */
function total(lead: readonly Expr[], eta: Natural, last: IndexVar): Expr {
  return sum(last, alpha([...lead, idx(last)], eta))
}

const need = ([last]: Axes): IndexVar => {
  if (last === undefined) throw new Error('a point on the simplex has no coordinate')
  return last
}

/** Σ η_i log u_i on the simplex: Dirichlet(η + 1). */
export const dirichletFamily: Family = {
  id: 'dirichlet',
  title: 'Dirichlet',
  supports: ['simplex'],
  statistics: ['log u'],
  rank: 1,
  citation: 'Kotz, Balakrishnan and Johnson (2000), Continuous Multivariate Distributions 1, section 49.1',
  parameters: (at, eta) => [{ name: 'alpha', value: alpha(at, eta) }],
  natural: (_, parameter) => sub(parameter('alpha'), ONE),
  moment(of, at, eta, axes) {
    const whole = total(at.slice(0, -1), eta, need(axes))
    if (of === 'u') return div(alpha(at, eta), whole)
    if (typeof of === 'object')
      return exp(
        add(
          call('lgamma', add(alpha(at, eta), of.power)),
          neg(call('lgamma', alpha(at, eta))),
          call('lgamma', whole),
          neg(call('lgamma', add(whole, of.power))),
        ),
      )
    if (of === 'log u') return sub(call('digamma', alpha(at, eta)), call('digamma', whole))
    return null
  },
  variance: (at, eta, axes) => {
    const whole = total(at.slice(0, -1), eta, need(axes))
    const a = alpha(at, eta)
    return div(mul(a, sub(whole, a)), mul(square(whole), add(whole, ONE)))
  },
  covariance(at, other, eta, axes) {
    const whole = total(at.slice(0, -1), eta, need(axes))
    const both = mul(alpha(at, eta), alpha(other, eta))
    const own = caseOf(compare('==', at.at(-1) ?? ONE, other.at(-1) ?? ONE), mul(alpha(at, eta), whole), ZERO)
    return div(sub(own, both), mul(square(whole), add(whole, ONE)))
  },
  // u_i is Beta(α_i, α₀ − α_i), and the others over 1 − u_i are Dirichlet and independent of it: section 49.1
  element(at, eta, axes) {
    const rest = sub(total(at.slice(0, -1), eta, need(axes)), alpha(at, eta))
    return {
      family: betaFamily,
      natural: (statistic) => sub(statistic === 'log u' ? alpha(at, eta) : rest, ONE),
      given: (u, other) => mul(sub(ONE, u), div(alpha(other, eta), rest)),
    }
  },
  point: (at, eta, axes) => div(alpha(at, eta), total(at.slice(0, -1), eta, need(axes))),
  logDensity(u, at, eta, axes) {
    const own = need(axes)
    const i = [...at, idx(own)]
    return add(
      call('lgamma', total(at, eta, own)),
      sum(own, add(neg(call('lgamma', alpha(i, eta))), mul(sub(alpha(i, eta), ONE), log(u(i))))),
    )
  },
}
