/**
 * A distribution with the values of its arguments: its log density at a value, its support, probabilities of intervals.
 * A scalar distribution over an array is independent over the elements; arguments are shared or given per element.
 */
import type { TDistribution } from '../lang/typed/types.js'
import { asArray, asNumber, asVector, at, rank } from './arrays.js'
import { densityNamed } from './densities/index.js'
import { Arguments, type Density, type Rank, type Support } from './densities/types.js'
import { bind, domainValues, type Environment, evaluate, number } from './evaluate.js'
import { logIntervalProbability } from './interval-probability.js'
import { logSumExp } from './special-functions.js'
import { OracleError, type Value } from './types.js'

export type Law =
  | { readonly kind: 'plain'; readonly density: Density; readonly args: ReadonlyMap<string, Value> }
  | { readonly kind: 'mixture'; readonly weights: readonly number[]; readonly laws: readonly Law[] }
  | { readonly kind: 'truncated'; readonly of: Law; readonly low: Value | null; readonly high: Value | null }
  | {
      readonly kind: 'censored'
      readonly of: Law
      readonly mode: 'above' | 'below' | 'between'
      readonly low: Value | null
      readonly high: Value | null
    }
  /** The expression reads the value itself, by its name. */
  | { readonly kind: 'custom'; readonly logDensity: () => number }

export function lawOf(d: TDistribution, env: Environment): Law {
  switch (d.kind) {
    case 'plain':
      return {
        kind: 'plain',
        density: densityNamed(d.name, env.world.densities),
        args: new Map(d.arguments.map((a) => [a.name, evaluate(a.value, env)])),
      }
    case 'mixture': {
      const weights = asVector(evaluate(d.weights, env))
      const { components } = d
      if (components.kind === 'listed')
        return { kind: 'mixture', weights, laws: components.components.map((c) => lawOf(c, env)) }
      const laws = domainValues(components.domain, env).map((k) =>
        lawOf(components.component, bind(env, [[components.index, k]])),
      )
      return { kind: 'mixture', weights, laws }
    }
    case 'truncated':
    case 'censored': {
      const of = lawOf(d.of, env)
      const low = d.low === null ? null : evaluate(d.low, env)
      const high = d.high === null ? null : evaluate(d.high, env)
      return d.kind === 'truncated'
        ? { kind: 'truncated', of, low, high }
        : { kind: 'censored', of, mode: d.mode, low, high }
    }
    case 'custom':
      return { kind: 'custom', logDensity: () => number(d.logDensity, env) }
  }
}

/** Rank of one value of the law; null where any value will do (a Custom density). */
function lawRank(law: Law): Rank | null {
  switch (law.kind) {
    case 'plain':
      return law.density.rank
    case 'mixture':
    case 'custom':
      return null
    case 'truncated':
    case 'censored':
      return lawRank(law.of)
  }
}

/** log density of a value, which may be an array of values. */
export function lawLogDensity(law: Law, value: Value): number {
  const own = lawRank(law)
  if (own !== null && rank(value) > own) {
    const depth = rank(value) - own
    const parts = asArray(value).map((v, i) => lawLogDensity(elementLaw(law, i, depth), v))
    return addLogs(parts)
  }
  switch (law.kind) {
    case 'plain':
      return law.density.logDensity(value, new Arguments(spread(law.density, law.args, value)))
    case 'mixture':
      return logSumExp(
        law.laws.map((l, k) => {
          const weight = at(law.weights, k)
          return weight === 0 ? Number.NEGATIVE_INFINITY : Math.log(weight) + lawLogDensity(l, value)
        }),
      )
    case 'truncated': {
      const x = asNumber(value)
      const low = law.low === null ? Number.NEGATIVE_INFINITY : asNumber(law.low)
      const high = law.high === null ? Number.POSITIVE_INFINITY : asNumber(law.high)
      if (x < low || x > high) return Number.NEGATIVE_INFINITY
      return lawLogDensity(law.of, value) - intervalOf(law.of, low, high)
    }
    case 'censored':
      return censoredLog(law.of, law.mode, value, law.low, law.high)
    case 'custom':
      return law.logDensity()
  }
}

/** Sum in which −∞ absorbs everything but NaN. */
export function addLogs(parts: readonly number[]): number {
  let total = 0
  let impossible = false
  for (const p of parts) {
    if (p === Number.NEGATIVE_INFINITY) impossible = true
    else total += p
  }
  return impossible && !Number.isNaN(total) ? Number.NEGATIVE_INFINITY : total
}

/** The law of element `i` where `depth` dimensions of elements remain: arguments with as many go along. */
function elementLaw(law: Law, i: number, depth: number): Law {
  const bound = (v: Value | null): Value | null => (v === null ? null : elementOf(v, 0, i, depth))
  switch (law.kind) {
    case 'plain': {
      const { density } = law
      const args = [...law.args].map(([name, v]) => {
        return [name, elementOf(v, density.argumentRanks.get(name) ?? 0, i, depth)] as const
      })
      return { ...law, args: new Map(args) }
    }
    case 'truncated':
    case 'censored':
      return { ...law, of: elementLaw(law.of, i, depth), low: bound(law.low), high: bound(law.high) }
    case 'mixture':
    case 'custom':
      return law
  }
}

function elementOf(value: Value, own: Rank, i: number, depth: number): Value {
  const extra = rank(value) - own
  if (extra > depth) throw new OracleError('an argument has more dimensions than the value')
  return extra === depth ? at(asArray(value), i) : value
}

/** A number for a vector argument stands for that number at each place. */
function spread(density: Density, args: ReadonlyMap<string, Value>, value: Value): ReadonlyMap<string, Value> {
  if (density.rank !== 1) return args
  const length = asArray(value).length
  return new Map(
    [...args].map(([name, v]) => {
      const wanted = density.argumentRanks.get(name)
      return [name, wanted === 1 && typeof v === 'number' ? new Array<number>(length).fill(v) : v] as const
    }),
  )
}

/**
 * log P(low ≤ X ≤ high). A mixture's is the mixture of its components' (not renormalised where they are truncated).
 */
function intervalOf(law: Law, low: number, high: number): number {
  switch (law.kind) {
    case 'plain':
      return logIntervalProbability(law.density, new Arguments(law.args), low, high)
    case 'mixture':
      return logSumExp(law.laws.map((l, k) => Math.log(at(law.weights, k)) + intervalOf(l, low, high)))
    case 'truncated': {
      const a = law.low === null ? Number.NEGATIVE_INFINITY : asNumber(law.low)
      const b = law.high === null ? Number.POSITIVE_INFINITY : asNumber(law.high)
      return intervalOf(law.of, Math.max(a, low), Math.min(b, high)) - intervalOf(law.of, a, b)
    }
    case 'censored':
    case 'custom':
      throw new OracleError('the probability of an interval is not known under this distribution')
  }
}

/** Above: P(X > v), below: P(X < v), between: P(low < X ≤ high). */
function censoredLog(
  of: Law,
  mode: 'above' | 'below' | 'between',
  value: Value,
  low: Value | null,
  high: Value | null,
): number {
  const infinite = Number.POSITIVE_INFINITY
  const after = (x: number): number => (isDiscrete(of) ? Math.floor(x) + 1 : x)
  const before = (x: number): number => (isDiscrete(of) ? Math.ceil(x) - 1 : x)
  if (mode === 'above') return intervalOf(of, after(asNumber(value)), infinite)
  if (mode === 'below') return intervalOf(of, -infinite, before(asNumber(value)))
  const a = low === null ? -infinite : asNumber(low)
  const b = high === null ? infinite : asNumber(high)
  return intervalOf(of, after(a), b)
}

function isDiscrete(law: Law): boolean {
  switch (law.kind) {
    case 'plain':
      return law.density.discrete
    case 'mixture':
      return law.laws.every(isDiscrete)
    case 'truncated':
    case 'censored':
      return isDiscrete(law.of)
    case 'custom':
      return false
  }
}

/** Where one value of the law lies, for a target of `size` elements; null under a Custom density. */
export function lawSupport(law: Law): Support | null {
  switch (law.kind) {
    case 'plain':
      return law.density.support(new Arguments(law.args))
    case 'mixture':
      return law.laws.map(lawSupport).reduce(hull)
    case 'truncated': {
      const of = lawSupport(law.of)
      if (of === null || (of.kind !== 'interval' && of.kind !== 'integers')) return of
      const low = law.low === null ? of.low : Math.max(of.low, asNumber(law.low))
      const high = law.high === null ? of.high : Math.min(of.high, asNumber(law.high))
      return of.kind === 'interval' ? { ...of, low, high } : { ...of, low: Math.ceil(low), high: Math.floor(high) }
    }
    case 'censored':
      throw new OracleError('a latent cannot have a censored distribution')
    case 'custom':
      return null
  }
}

function hull(a: Support | null, b: Support | null): Support | null {
  if (a === null || b === null) return null
  const x = asRange(a)
  const y = asRange(b)
  if (x === null || y === null) {
    if (a.kind === b.kind) return a
    throw new OracleError('components of a mixture over a latent have values of different kinds')
  }
  if (x.kind !== y.kind) throw new OracleError('a latent with both a density and a point mass is not supported')
  return { kind: x.kind, low: Math.min(x.low, y.low), high: Math.max(x.high, y.high) }
}

function asRange(s: Support): Extract<Support, { kind: 'interval' | 'integers' }> | null {
  if (s.kind === 'interval' || s.kind === 'integers') return s
  if (s.kind === 'point' && Number.isInteger(s.value)) {
    return { kind: 'integers', low: asNumber(s.value), high: asNumber(s.value) }
  }
  return null
}

/** The law of one element of an array-valued target, by its path (from 0). */
export function lawAt(law: Law, path: readonly number[]): Law {
  const own = lawRank(law)
  if (own === null) return law
  return path.slice(0, path.length - own).reduce<Law>((l, i, k) => elementLaw(l, i, path.length - own - k), law)
}
