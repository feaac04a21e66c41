/** Log densities of Truncated and Censored, by the tails of the distribution they are made from. */
import type { TDistribution } from '../../lang/typed/types.js'
import { add, caseOf, float, neg, sub } from '../algebra/build.js'
import type { Expr } from '../algebra/types.js'
import type { Distribution } from '../distributions/types.js'
import type { ElementDensity } from './log-density.js'
import { type Interval, logProbability, rounded, type TailPlace, within } from './tails.js'
import { NotElaborated } from './tensors.js'
import type { FactorRole } from './types.js'

const NONE = float(Number.NEGATIVE_INFINITY)

interface Bounds {
  readonly low: Expr | null
  readonly high: Expr | null
}

/**
 * Truncated: log p(x) − log P(low ≤ X ≤ high) on the range, −∞ outside it. Censored: log P(X > x), log P(X < x) or
 * log P(low < X ≤ high). A text says why there is no such density.
 */
export function tailDensity(
  distribution: Distribution,
  d: Extract<TDistribution, { kind: 'truncated' | 'censored' }>,
  bounds: Bounds,
  role: FactorRole,
  known: Omit<TailPlace, 'discrete'>,
): ElementDensity | string {
  const { name, value } = distribution.signature
  const { tail } = distribution
  const made = d.kind === 'truncated' ? 'truncated' : 'censored'
  if (tail === undefined || value.rank > 0)
    return `the tails of ${name} have no form in this version, so it cannot be ${made}`
  const place: TailPlace = { ...known, discrete: value.discrete }
  if (d.kind === 'censored') {
    if (role !== 'likelihood')
      return `a ${role === 'prior' ? 'prior' : 'latent'} cannot be censored: nothing is recorded`
    return {
      of: (element, args) => logProbability(tail(args), censoring(d.mode, element.at([]), bounds, place), place),
      namesRow: d.mode === 'between',
    }
  }
  const range: Interval = { ...bounds, closed: true }
  if (role === 'latent' && !value.discrete)
    return 'a latent with a truncated density has no derivation in this version: its posterior is truncated too'
  return {
    of(element, args, context) {
      const x = element.at([])
      const inside = within(x, range, place)
      if (role === 'prior' && !(inside.kind === 'literal' && inside.value))
        throw new NotElaborated(
          'the param may lie outside the range of its prior: give it the range, as in `param mu : real in (0, 5)`',
          d.span,
        )
      const density = distribution.logDensity(element, args, context)
      return add(caseOf(inside, density, NONE), neg(logProbability(tail(args), range, place)))
    },
  }
}

/** Where a censored value lies; both kinds of one-sided censoring are strict. */
function censoring(mode: 'above' | 'below' | 'between', recorded: Expr, bounds: Bounds, place: TailPlace): Interval {
  if (mode === 'above') return { low: recorded, high: null, closed: false }
  if (mode === 'between') return { ...bounds, closed: false }
  if (!place.discrete) return { low: null, high: recorded, closed: false }
  // X < x: X ≤ ⌈x⌉ − 1
  const whole = place.isWhole(recorded) ? recorded : rounded('ceil', recorded)
  return { low: null, high: sub(whole, float(1)), closed: false }
}
