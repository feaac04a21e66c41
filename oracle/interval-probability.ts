/** log P(low ≤ X ≤ high) of scalar distributions: closed forms, sums of masses, or quadrature of the density. */
import type { Arguments, Density } from './densities/types.js'
import { logIntegral } from './quadrature.js'
import { logDiffExp, logSumExp } from './special-functions.js'
import { OracleError } from './types.js'

/** Terms of an infinite sum are taken until they are this much below the total and falling. */
const NEGLIGIBLE = 45

/** Relative accuracy: that of the distribution function where there is one, else the quadrature's (about 1e-13). */
export function logIntervalProbability(density: Density, args: Arguments, low: number, high: number): number {
  if (!(low <= high)) return Number.isNaN(low + high) ? Number.NaN : Number.NEGATIVE_INFINITY
  const support = density.support(args)
  switch (support.kind) {
    case 'point':
      return typeof support.value === 'number' && low <= support.value && support.value <= high
        ? 0
        : Number.NEGATIVE_INFINITY
    case 'integers': {
      const from = Math.max(support.low, Math.ceil(low))
      const to = Math.min(support.high, Math.floor(high))
      // an upper tail that is not small is what the lower one leaves
      if (to === Number.POSITIVE_INFINITY && support.low > Number.NEGATIVE_INFINITY) {
        const below =
          from === support.low ? Number.NEGATIVE_INFINITY : sumOfMasses(density, args, support.low, from - 1)
        if (below <= -0.001) return Math.log1p(-Math.exp(below))
      }
      return sumOfMasses(density, args, from, to)
    }
    case 'interval': {
      const a = Math.max(low, support.low)
      const b = Math.min(high, support.high)
      if (a <= support.low && b >= support.high) return 0
      if (density.logCdf !== undefined && density.logSurvival !== undefined) {
        return difference(a, b, args, density.logCdf, density.logSurvival)
      }
      return logIntegral((x) => density.logDensity(x, args), a, b).log
    }
    default:
      throw new OracleError(`${density.name} is not a distribution over numbers`)
  }
}

type Tail = (x: number, args: Arguments) => number

/** From whichever side keeps the digits. */
function difference(a: number, b: number, args: Arguments, logCdf: Tail, logSurvival: Tail): number {
  const half = -Math.LN2
  if (logCdf(b, args) <= half) return logDiffExp(logCdf(b, args), logCdf(a, args))
  if (logSurvival(a, args) <= half) return logDiffExp(logSurvival(a, args), logSurvival(b, args))
  return Math.log1p(-Math.exp(logCdf(a, args)) - Math.exp(logSurvival(b, args)))
}

function sumOfMasses(density: Density, args: Arguments, low: number, high: number): number {
  const terms: number[] = []
  let top = Number.NEGATIVE_INFINITY
  let previous = Number.NEGATIVE_INFINITY
  for (let k = low; k <= high; k++) {
    const term = density.logDensity(k, args)
    if (Number.isNaN(term)) return term
    terms.push(term)
    top = Math.max(top, term)
    if (high === Number.POSITIVE_INFINITY) {
      if (term < previous && term < top - NEGLIGIBLE) break
      if (terms.length > 1_000_000) throw new OracleError(`the tail of ${density.name} is too long to be summed`)
      if (term === Number.NEGATIVE_INFINITY && terms.length > 3) break
    }
    previous = term
  }
  return logSumExp(terms)
}
