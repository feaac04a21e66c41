/** One draw of a law: a distribution whose arguments are numbers. */

import { firstParametrisation } from '../../compiler/distributions/support/first-parametrisation.js'
import type { Distribution, NumericArgument, RandomSource } from '../../compiler/distributions/types.js'
import { asArray, asNumber, at, rank } from '../../oracle/arrays.js'
import { Arguments } from '../../oracle/densities/types.js'
import { logIntervalProbability } from '../../oracle/interval-probability.js'
import { type Law, lawAt } from '../../oracle/law.js'
import type { Value } from '../../oracle/types.js'
import { OptionError } from '../errors.js'

/** Draws until a value lies between the bounds before the quantile is looked for instead. */
const TRIES = 200

/** What draws need beside the law. */
export interface Drawing {
  readonly distributions: ReadonlyMap<string, Distribution>
  readonly random: RandomSource
  /** The sum of a vector of counts, which Multinomial and DirichletMultinomial take as given. */
  total(): number
}

/**
 * A value of the law with the shape of `like` (its numbers do not count): a law of numbers or of vectors over a larger
 * array is independent over its elements.
 */
export function drawLaw(law: Law, like: Value, drawing: Drawing): Value {
  switch (law.kind) {
    case 'plain': {
      const depth = rank(like) - law.density.rank
      const element = (part: Value, path: readonly number[]): Value =>
        path.length < depth
          ? asArray(part).map((p, i) => element(p, [...path, i]))
          : drawPlain(lawAt(law, [...path, ...new Array<number>(law.density.rank).fill(0)]), part, drawing)
      return element(like, [])
    }
    case 'mixture':
      return drawLaw(at(law.laws, pick(law.weights, drawing.random)), like, drawing)
    case 'truncated': {
      const depth = rank(like)
      const element = (part: Value, path: readonly number[]): Value =>
        path.length < depth
          ? asArray(part).map((p, i) => element(p, [...path, i]))
          : drawTruncated(lawAt(law, path), drawing)
      return element(like, [])
    }
    case 'censored':
      throw new OptionError('a censored value is a limit, and the model does not say how limits come about')
    case 'custom':
      throw new OptionError('a Custom density says how likely a value is, not how to draw one: it cannot be simulated')
  }
}

function drawPlain(law: Law, like: Value, drawing: Drawing): Value {
  if (law.kind !== 'plain') return drawLaw(law, like, drawing)
  const distribution = drawing.distributions.get(law.density.name)
  if (distribution === undefined) throw new OptionError(`there is no sampler for ${law.density.name}`)
  const args = new Map([...law.args].map(([name, value]) => [name, spread(value, law, name, like)] as const))
  const own = new Map(firstParametrisation(distribution, args))
  if (law.density.name === 'Multinomial' || law.density.name === 'DirichletMultinomial')
    own.set('total', drawing.total())
  return distribution.sample(own, drawing.random)
}

/** A number for a vector argument stands for that number at each place. */
function spread(value: Value, law: Extract<Law, { kind: 'plain' }>, name: string, like: Value): NumericArgument {
  const vector = law.density.rank === 1 && law.density.argumentRanks.get(name) === 1
  const full = vector && typeof value === 'number' ? asArray(like).map(() => value) : value
  return full as NumericArgument
}

function pick(weights: readonly number[], random: RandomSource): number {
  let left = random() * weights.reduce((a, b) => a + b, 0)
  let last = 0
  for (const [k, weight] of weights.entries()) {
    if (weight <= 0) continue
    last = k
    left -= weight
    if (left < 0) break
  }
  return last
}

/** Draws until one lies within; where that is rare, the quantile of a uniform number. */
function drawTruncated(law: Law, drawing: Drawing): number {
  if (law.kind !== 'truncated') return asNumber(drawLaw(law, 0, drawing))
  const low = law.low === null ? Number.NEGATIVE_INFINITY : asNumber(law.low)
  const high = law.high === null ? Number.POSITIVE_INFINITY : asNumber(law.high)
  for (let i = 0; i < TRIES; i++) {
    const x = asNumber(drawLaw(law.of, 0, drawing))
    if (low <= x && x <= high) return x
  }
  if (law.of.kind !== 'plain')
    throw new OptionError('a truncated mixture has next to no probability between its bounds: it cannot be simulated')
  return quantile(law.of, low, high, drawing.random())
}

/** The x with P(low ≤ X ≤ x) = u·P(low ≤ X ≤ high), by bisection; of integers the smallest that reaches it. */
function quantile(law: Extract<Law, { kind: 'plain' }>, low: number, high: number, u: number): number {
  const args = new Arguments(law.args)
  const wanted = Math.log(u) + logIntervalProbability(law.density, args, low, high)
  const below = (x: number): boolean => logIntervalProbability(law.density, args, low, x) < wanted
  let a = Number.isFinite(low) ? low : Math.min(0, high) - 1
  let b = Number.isFinite(high) ? high : Math.max(0, a) + 1
  if (!Number.isFinite(low)) for (let step = 1; !below(a) && step < 1e300; step *= 2) a -= step
  if (!Number.isFinite(high)) for (let step = 1; below(b) && step < 1e300; step *= 2) b += step
  for (let i = 0; i < 200; i++) {
    const middle = law.density.discrete ? Math.floor((a + b) / 2) : (a + b) / 2
    if (middle <= a || middle >= b) break
    if (below(middle)) a = middle
    else b = middle
  }
  if (law.density.discrete) return below(a) ? b : Math.ceil(a)
  return (a + b) / 2
}
