/**
 * Intervals of ± 1.96 standard errors, on the scale on which the support of a number has no ends: its logarithm, its
 * logit, Fisher's z of a correlation. They stay within the support.
 */
import type { ParamLayout } from '../../runtime/contract.js'
import type { Quantity } from './quantities.js'

export const LEVEL = 0.95
/** The 0.975 quantile of the standard normal distribution. */
const Z = 1.959963984540054

export interface Interval {
  readonly low: number
  readonly high: number
}

interface Scale {
  to(x: number): number
  from(y: number): number
  /** Derivative of `to`. */
  slope(x: number): number
}

const identity: Scale = { to: (x) => x, from: (y) => y, slope: () => 1 }

const logit = (low: number, high: number): Scale => ({
  to: (x) => Math.log((x - low) / (high - x)),
  from: (y) => low + (high - low) / (1 + Math.exp(-y)),
  slope: (x) => 1 / (x - low) + 1 / (high - x),
})

const above = (low: number): Scale => ({
  to: (x) => Math.log(x - low),
  from: (y) => low + Math.exp(y),
  slope: (x) => 1 / (x - low),
})

const below = (high: number): Scale => ({
  to: (x) => -Math.log(high - x),
  from: (y) => high - Math.exp(-y),
  slope: (x) => 1 / (high - x),
})

const fisher: Scale = { to: Math.atanh, from: Math.tanh, slope: (x) => 1 / (1 - x * x) }

export function intervalOf(quantity: Quantity, standardError: number): Interval {
  const { value, layout, index } = quantity
  const scale = layout === null ? identity : scaleOf(layout, index)
  const middle = scale.to(value)
  const half = Z * standardError * scale.slope(value)
  return Number.isFinite(half)
    ? { low: scale.from(middle - half), high: scale.from(middle + half) }
    : { low: value - Z * standardError, high: value + Z * standardError }
}

function scaleOf({ support }: ParamLayout, index: readonly number[]): Scale {
  switch (support.kind) {
    case 'positive':
    case 'nonnegative':
      return above(0)
    case 'unit':
    case 'simplex':
      return logit(0, 1)
    case 'interval': {
      const { low, high } = support
      if (Number.isFinite(low)) return Number.isFinite(high) ? logit(low, high) : above(low)
      return Number.isFinite(high) ? below(high) : identity
    }
    case 'covariance':
      return index.at(-1) === index.at(-2) ? above(0) : identity
    case 'correlation':
      return index.at(-1) === index.at(-2) ? identity : fisher
    default:
      return identity
  }
}
