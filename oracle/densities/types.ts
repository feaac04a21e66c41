/** A distribution as the oracle knows it: its log density by the textbook, and where its values lie. */
import { asMatrix, asNumber, asVector } from '../arrays.js'
import { OracleError, type Value } from '../types.js'

export type Rank = 0 | 1 | 2

/** Where values lie, given the arguments. */
export type Support =
  | { readonly kind: 'interval'; readonly low: number; readonly high: number }
  /** low, low + 1, …, high; high may be infinite. */
  | { readonly kind: 'integers'; readonly low: number; readonly high: number }
  /** All mass at one value. */
  | { readonly kind: 'point'; readonly value: Value }
  /** Vectors: of reals, on the simplex, of counts. */
  | { readonly kind: 'reals' | 'simplex' | 'counts' }
  | { readonly kind: 'matrices' }

export interface Density {
  readonly name: string
  /** Rank of one value: 0 a number, 1 a vector, 2 a matrix. */
  readonly rank: Rank
  readonly discrete: boolean
  /** Rank of each argument, of all parametrisations. */
  readonly argumentRanks: ReadonlyMap<string, Rank>
  /** log density or log mass at a value of rank `rank`; −∞ outside the support and where undefined at an end. */
  logDensity(value: Value, args: Arguments): number
  support(args: Arguments): Support
  /** log P(X ≤ x) and log P(X > x) where there is a closed form; continuous scalar distributions only. */
  readonly logCdf?: (x: number, args: Arguments) => number
  readonly logSurvival?: (x: number, args: Arguments) => number
}

/** Arguments by name, each of the rank its density says. */
export class Arguments {
  constructor(private readonly values: ReadonlyMap<string, Value>) {}

  has(name: string): boolean {
    return this.values.has(name)
  }

  get(name: string): Value {
    const value = this.values.get(name)
    if (value === undefined) throw new OracleError(`argument ${name} is missing`)
    return value
  }

  number(name: string): number {
    return asNumber(this.get(name))
  }

  vector(name: string): readonly number[] {
    return asVector(this.get(name))
  }

  matrix(name: string): readonly (readonly number[])[] {
    return asMatrix(this.get(name))
  }
}

interface ScalarDefinition {
  readonly name: string
  readonly discrete?: boolean
  readonly vectors?: readonly string[]
  readonly numbers: readonly string[]
  /** Called for x in the support only. */
  log(x: number, args: Arguments): number
  support(args: Arguments): Support
  readonly logCdf?: (x: number, args: Arguments) => number
  readonly logSurvival?: (x: number, args: Arguments) => number
}

/** True where `x` is in the support of a scalar distribution, ends included. */
export function contains(support: Support, x: number): boolean {
  switch (support.kind) {
    case 'interval':
      return x >= support.low && x <= support.high
    case 'integers':
      return Number.isInteger(x) && x >= support.low && x <= support.high
    case 'point':
      return x === support.value
    default:
      throw new OracleError('a scalar distribution was expected')
  }
}

/** NaN, met at an end of a range of definition such as sd = 0, counts as −∞. */
export function definedOr(value: number): number {
  return Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value
}

/** A distribution over numbers. NaN in the value or the arguments gives NaN. */
export function scalar(d: ScalarDefinition): Density {
  const vectors = d.vectors ?? []
  const ranks: readonly (readonly [string, Rank])[] = [
    ...d.numbers.map((name) => [name, 0] as const),
    ...vectors.map((name) => [name, 1] as const),
  ]
  return {
    name: d.name,
    rank: 0,
    discrete: d.discrete ?? false,
    argumentRanks: new Map(ranks),
    logDensity(value, args) {
      const x = asNumber(value)
      const unknown = d.numbers.some((name) => args.has(name) && Number.isNaN(args.number(name)))
      if (Number.isNaN(x) || unknown) return Number.NaN
      return contains(d.support(args), x) ? definedOr(d.log(x, args)) : Number.NEGATIVE_INFINITY
    },
    support: d.support,
    ...(d.logCdf === undefined ? {} : { logCdf: d.logCdf }),
    ...(d.logSurvival === undefined ? {} : { logSurvival: d.logSurvival }),
  }
}

export const REALS: Support = { kind: 'interval', low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY }
export const POSITIVE: Support = { kind: 'interval', low: 0, high: Number.POSITIVE_INFINITY }
export const COUNTS: Support = { kind: 'integers', low: 0, high: Number.POSITIVE_INFINITY }
