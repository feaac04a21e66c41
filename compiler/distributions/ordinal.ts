import { add, call, caseOf, compare, exp, neg, num, sub } from '../algebra/build.js'
import type { Expr } from '../algebra/types.js'
import { argument, scalar, sizeOf } from './support/arguments.js'
import { latexCall } from './support/latex-call.js'
import { logisticBetween } from './support/logistic-between.js'
import { asNumber, numberArgument, vectorArgument } from './support/numeric-arguments.js'
import type { Distribution, Tensor } from './types.js'

/**
 * P(x ≤ k) = 1/(1 + exp(location − cut_k)) for x = 1, …, length(cuts) + 1: proportional odds. The log probability of a
 * level between two cuts is a sum in which nothing cancels.
 * McCullagh (1980), Regression models for ordinal data, JRSS B 42(2).
 */
export const Ordinal: Distribution = {
  signature: {
    name: 'Ordinal',
    summary: 'An ordered level: the interval between the cuts into which a logistic variable falls.',
    parametrisations: [
      {
        arguments: [
          { name: 'location', support: 'real', rank: 0 },
          { name: 'cuts', support: 'ordered', rank: 1 },
        ],
      },
    ],
    value: { support: 'category', rank: 0, discrete: true, indexOf: 'cuts', beyondIndex: 1 },
  },
  logDensity: (value, args) => logMass(value.at([]), args),
  domain: (args) => ({ low: num(1), high: add(sizeOf(argument(args, 'cuts')), num(1)) }),
  mass: (value, args) => exp(logMass(value, args)),
  inSupport(value, args) {
    const x = asNumber(value)
    return Number.isInteger(x) && x >= 1 && x <= vectorArgument(args, 'cuts').length + 1
  },
  sample(args, random) {
    const u = random()
    const z = numberArgument(args, 'location') + Math.log(u) - Math.log1p(-u)
    return 1 + vectorArgument(args, 'cuts').filter((cut) => cut < z).length
  },
  latex: (args) => latexCall('Ordinal', args),
}

function logMass(x: Expr, args: ReadonlyMap<string, Tensor>): Expr {
  const cuts = argument(args, 'cuts')
  const location = scalar(args, 'location')
  const [low, high] = [cuts.at([sub(x, num(1))]), cuts.at([x])]
  const below = sub(high, location)
  const between = logisticBetween(sub(low, location), below, sub(low, high))
  return caseOf(
    compare('==', x, num(1)),
    call('logLogistic', below),
    caseOf(compare('==', x, add(sizeOf(cuts), num(1))), call('logLogistic', neg(sub(low, location))), between),
  )
}
