/** Log densities of Truncated and Censored, by the tails of the distribution they are made from. */
import type { Span } from '../../lang/source.js'
import type { TDistribution } from '../../lang/typed/types.js'
import { add, call, caseOf, exp, float, literal, log, neg, num, sub } from '../algebra/build.js'
import type { Expr } from '../algebra/types.js'
import { some } from '../algebra/visit.js'
import type { DensityContext, Distribution, Tail, Tensor } from '../distributions/types.js'
import type { ElementDensity } from './log-density.js'
import type { SymbolFacts } from './symbol-facts.js'
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
  known: SymbolFacts,
): ElementDensity | string {
  const { name, value } = distribution.signature
  const made = d.kind === 'truncated' ? 'truncated' : 'censored'
  if (value.rank > 0 || (distribution.tail === undefined && distribution.domain === undefined))
    return `the tails of ${name} have no form in this version, so it cannot be ${made}`
  const tail = (args: ReadonlyMap<string, Tensor>, context: DensityContext): Tail => {
    const known = distribution.tail?.(args)
    if (!value.discrete) return known ?? noTail(name, d.span)
    return withMasses(distribution, known, args, context, d.span)
  }
  const place: TailPlace = { ...known, discrete: value.discrete }
  if (d.kind === 'censored') {
    if (role !== 'likelihood')
      return `a ${role === 'prior' ? 'prior' : 'latent'} cannot be censored: nothing is recorded`
    return {
      of: (element, args, context) =>
        logProbability(tail(args, context), censoring(d.mode, element.at([]), bounds, place), place),
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
      return add(caseOf(inside, density, NONE), neg(logProbability(tail(args, context), range, place)))
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

/** Masses that are added up rather than asked of a function of tails. */
const MASSES = 24

/**
 * Tails of whole numbers where few masses lie below a point that is known: their sum has derivatives in every argument,
 * and the first alone is exact.
 */
function withMasses(
  distribution: Distribution,
  known: Tail | undefined,
  args: ReadonlyMap<string, Tensor>,
  context: DensityContext,
  span: Span,
): Tail {
  const domain = distribution.domain?.(args)
  const low = domain === undefined ? null : literal(domain.low)
  if (domain === undefined || low === null) return known ?? noTail(distribution.signature.name, span)
  const without =
    known === undefined || known.shapes?.some((e) => some(e, (n) => n.kind === 'ref' && n.space === 'param'))
  const most = without === true ? low + MASSES : low
  const mass = (x: number): Expr => distribution.logDensity({ dims: [], at: () => num(x) }, args, context)
  const sum = (x: Expr): Expr | null => {
    const to = literal(x)
    if (to === null || to < low || to > most) return null
    if (to === low) return mass(low)
    return log(add(...Array.from({ length: to - low + 1 }, (_, i) => exp(mass(low + i)))))
  }
  const other = (): Tail => known ?? noTail(distribution.signature.name, span)
  return {
    low: domain.low,
    high: domain.high,
    below: (x) => sum(x) ?? other().below(x),
    above(x) {
      const below = sum(x)
      return below === null ? other().above(x) : call('log1mexp', below)
    },
    ...(known?.between === undefined ? {} : { between: known.between }),
  }
}

function noTail(name: string, span: Span): never {
  throw new NotElaborated(`the tails of ${name} have no form in this version beyond small constant bounds`, span)
}
