/**
 * Discrete distributions over numbers. Masses as in Johnson, Kemp and Kotz, Univariate Discrete Distributions, 3rd ed.
 * (Binomial 3.1, Poisson 4.1, negative binomial 5.1, beta-binomial 6.2.2). Bools are 0 and 1, categories 1..K.
 */
import { asNumber, at, sum } from '../arrays.js'
import {
  lgammaRatio,
  logChoose,
  logDiffExp,
  logFactorial,
  logLogistic,
  logSumExp,
  xlog1py,
  xlogy,
} from '../special-functions.js'
import type { Value } from '../types.js'
import { type Arguments, COUNTS, type Density, scalar } from './types.js'

export const bernoulli: Density = scalar({
  name: 'Bernoulli',
  discrete: true,
  numbers: ['p', 'logit'],
  support: () => ({ kind: 'integers', low: 0, high: 1 }),
  log(x, a) {
    if (a.has('logit')) return logLogistic(x === 1 ? a.number('logit') : -a.number('logit'))
    return x === 1 ? Math.log(a.number('p')) : Math.log1p(-a.number('p'))
  },
})

function categories(a: Arguments): readonly Value[] {
  const weights = a.get(a.has('p') ? 'p' : 'logit')
  return typeof weights === 'number' ? [weights] : weights
}

/** Over 1..K; reads only p[x], so that the other entries of p may be anything. */
export const categorical: Density = scalar({
  name: 'Categorical',
  discrete: true,
  numbers: [],
  vectors: ['p', 'logit'],
  support: (a) => ({ kind: 'integers', low: 1, high: categories(a).length }),
  log(x, a) {
    if (a.has('p')) return Math.log(asNumber(at(categories(a), x - 1)))
    const logits = a.vector('logit')
    const own = at(logits, x - 1)
    const others = logits.filter((_, i) => i !== x - 1).map((v) => v - own)
    const top = Math.max(...others)
    return top > 0 ? -logSumExp([0, ...others]) : -Math.log1p(sum(others.map(Math.exp)))
  },
})

/** Ordered logit: P(y ≤ k) = logistic(cuts[k] − location), y in 1..length(cuts) + 1 (McCullagh 1980). */
export const ordinal: Density = scalar({
  name: 'Ordinal',
  discrete: true,
  numbers: ['location'],
  vectors: ['cuts'],
  support: (a) => ({ kind: 'integers', low: 1, high: a.vector('cuts').length + 1 }),
  log(x, a) {
    const cuts = a.vector('cuts')
    const upper = (k: number): number =>
      k > cuts.length ? Number.POSITIVE_INFINITY : at(cuts, k - 1) - a.number('location')
    const lower = x === 1 ? Number.NEGATIVE_INFINITY : upper(x - 1)
    const high = upper(x)
    // logistic(high) − logistic(lower) from the side on which both are small
    if (lower > 0) return logDiffExp(logLogistic(-lower), logLogistic(-high))
    return logDiffExp(logLogistic(high), logLogistic(lower))
  },
})

export const binomial: Density = scalar({
  name: 'Binomial',
  discrete: true,
  numbers: ['n', 'p', 'logit'],
  support: (a) => ({ kind: 'integers', low: 0, high: a.number('n') }),
  log(x, a) {
    const n = a.number('n')
    if (a.has('logit')) {
      const t = a.number('logit')
      return logChoose(n, x) + times(x, logLogistic(t)) + times(n - x, logLogistic(-t))
    }
    return logChoose(n, x) + xlogy(x, a.number('p')) + xlog1py(n - x, -a.number('p'))
  },
})

function times(count: number, logProbability: number): number {
  return count === 0 ? 0 : count * logProbability
}

export const poisson: Density = scalar({
  name: 'Poisson',
  discrete: true,
  numbers: ['rate', 'log'],
  support: () => COUNTS,
  log(x, a) {
    if (a.has('log')) return times(x, a.number('log')) - Math.exp(a.number('log')) - logFactorial(x)
    return xlogy(x, a.number('rate')) - a.number('rate') - logFactorial(x)
  },
})

/** Number of failures before the first success: mass p (1 − p)^k on 0, 1, 2, … */
export const geometric: Density = scalar({
  name: 'Geometric',
  discrete: true,
  numbers: ['p'],
  support: () => COUNTS,
  log: (x, a) => Math.log(a.number('p')) + xlog1py(x, -a.number('p')),
})

/** Mean m and variance m + m²/size: mass Γ(x + s)/(x! Γ(s)) (s/(s + m))^s (m/(s + m))^x. */
export const negativeBinomial: Density = scalar({
  name: 'NegativeBinomial',
  discrete: true,
  numbers: ['size', 'mean'],
  support: () => COUNTS,
  log(x, a) {
    const s = a.number('size')
    const m = a.number('mean')
    const choose = x === 0 ? 0 : lgammaRatio(s, x) - logFactorial(x)
    return choose - s * Math.log1p(m / s) + (x === 0 ? 0 : -x * Math.log1p(s / m))
  },
})

export const betaBinomial: Density = scalar({
  name: 'BetaBinomial',
  discrete: true,
  numbers: ['n', 'a', 'b'],
  support: (a) => ({ kind: 'integers', low: 0, high: a.number('n') }),
  log(x, a) {
    const [n, p, q] = [a.number('n'), a.number('a'), a.number('b')]
    return logChoose(n, x) + lgammaRatio(p, x) + lgammaRatio(q, n - x) - lgammaRatio(p + q, n)
  },
})
