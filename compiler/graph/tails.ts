/** Log probabilities of intervals from the tails of a distribution, whatever the bounds: outside the support, infinite. */
import {
  add,
  bothOf,
  call,
  caseOf,
  compare,
  eitherOf,
  float,
  isZero,
  literal,
  ONE,
  sub,
  ZERO,
} from '../algebra/build.js'
import type { Expr, Guard } from '../algebra/types.js'
import type { Tail } from '../distributions/types.js'
import type { SymbolFacts } from './symbol-facts.js'

const NONE = float(Number.NEGATIVE_INFINITY)
const INFINITE = float(Number.POSITIVE_INFINITY)

/** What is known of the value and of the bounds. */
export interface TailPlace extends SymbolFacts {
  readonly discrete: boolean
}

/** Where a value lies: low < X ≤ high, or, `closed`, low ≤ X ≤ high; null where it has no bound on that side. */
export interface Interval {
  readonly low: Expr | null
  readonly high: Expr | null
  readonly closed: boolean
}

/** log P(X in the interval). For integers the bounds may be any numbers. */
export function logProbability(tail: Tail, interval: Interval, place: TailPlace): Expr {
  // what is left is low < X ≤ high
  const low = interval.low === null ? null : from(interval.low, interval.closed, place)
  const high = interval.high === null ? null : upTo(interval.high, place)
  const open = low === null ? null : before(low, tail, place)
  const end = high === null ? null : beyond(high, tail, place)
  if (low === null || open === null) return high === null || end === null ? ZERO : onlyBelow(high, end, tail, place)
  if (high === null || end === null) return onlyAbove(low, open, tail)
  const inside = tail.between?.(low, high) ?? difference(low, high, tail)
  const bounded = caseOf(open, onlyBelow(high, end, tail, place), caseOf(end, tail.above(low), inside))
  return caseOf(outside(low, tail), NONE, bounded)
}

function onlyBelow(high: Expr, end: Guard, tail: Tail, place: TailPlace): Expr {
  return caseOf(end, ZERO, caseOf(notReached(high, tail, place), NONE, tail.below(high)))
}

const onlyAbove = (low: Expr, open: Guard, tail: Tail): Expr =>
  caseOf(open, ZERO, caseOf(outside(low, tail), NONE, tail.above(low)))

/** log(P(X ≤ b) − P(X ≤ a)), from the side on which both are small. */
function difference(a: Expr, b: Expr, tail: Tail): Expr {
  const [low, high] = [tail.below(a), tail.below(b)]
  const [aboveLow, aboveHigh] = [tail.above(a), tail.above(b)]
  return caseOf(
    compare('<=', high, float(-Math.LN2)),
    add(high, call('log1mexp', sub(low, high))),
    add(aboveLow, call('log1mexp', sub(aboveHigh, aboveLow))),
  )
}

/** The bound a of a < X. */
function from(bound: Expr, closed: boolean, { discrete, isWhole }: TailPlace): Expr {
  if (!discrete) return bound
  if (closed) return sub(isWhole(bound) ? bound : rounded('ceil', bound), ONE)
  return isWhole(bound) ? bound : rounded('floor', bound)
}

const upTo = (bound: Expr, { discrete, isWhole }: TailPlace): Expr =>
  discrete && !isWhole(bound) ? rounded('floor', bound) : bound

/** ⌊e⌋ or ⌈e⌉. */
export function rounded(fn: 'floor' | 'ceil', e: Expr): Expr {
  const value = literal(e)
  return value === null ? call(fn, e) : float(Math[fn](value))
}

const either = (...guards: readonly (Guard | null)[]): Guard =>
  guards.reduce<Guard>((all, g) => (g === null ? all : eitherOf(all, g)), { kind: 'literal', value: false })

/** Nothing lies at or below x: P(X ≤ x) = 0 however far down. */
function before(x: Expr, tail: Tail, place: TailPlace): Guard {
  return either(
    tail.low !== null && !atLeast(x, tail.low, place) ? compare('<', x, tail.low) : null,
    place.mayBeInfinite(x) && (tail.low === null || atLeast(x, tail.low, place)) ? compare('==', x, NONE) : null,
  )
}

/** Nothing lies above x. */
function beyond(x: Expr, tail: Tail, place: TailPlace): Guard {
  return either(
    tail.high !== null ? compare('>=', x, tail.high) : null,
    place.mayBeInfinite(x) && tail.high === null ? compare('==', x, INFINITE) : null,
  )
}

/** The interval begins where the support has ended. */
const outside = (low: Expr, tail: Tail): Guard => (tail.high === null ? either() : compare('>=', low, tail.high))

/** The interval ends before the support begins. */
const notReached = (high: Expr, tail: Tail, place: TailPlace): Guard =>
  tail.low === null || atLeast(high, tail.low, place) ? either() : compare('<', high, tail.low)

const atLeast = (x: Expr, low: Expr, { isNonnegative }: TailPlace): boolean => {
  const above = isZero(low) ? x : sub(x, low)
  const value = literal(above)
  return value === null ? isNonnegative(above) : value >= 0
}

/** low ≤ x ≤ high, as a guard on a value. */
export function within(x: Expr, { low, high }: Interval, { isNonnegative }: TailPlace): Guard {
  const above = low === null || isNonnegative(sub(x, low)) ? null : compare('>=', x, low)
  const below = high === null || isNonnegative(sub(high, x)) ? null : compare('<=', x, high)
  return [above, below].reduce<Guard>((all, g) => (g === null ? all : bothOf(all, g)), { kind: 'literal', value: true })
}
