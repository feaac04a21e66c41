import { describe, expect, it } from 'vitest'
import { densityNamed } from '../../oracle/densities/index.js'
import { Arguments } from '../../oracle/densities/types.js'
import { cubature, denseNodes, gaussianIntegral } from '../../oracle/gaussian.js'
import { logIntervalProbability } from '../../oracle/interval-probability.js'
import { logIntegral } from '../../oracle/quadrature.js'
import { spaceIntegral } from '../../oracle/space-integral.js'
import { lgamma } from '../../oracle/special-functions.js'
import type { Value } from '../../oracle/types.js'

const HALF_LOG_TWO_PI = 0.5 * Math.log(2 * Math.PI)

describe('double-exponential quadrature', () => {
  it('integrates algebraic singularities on an interval', () => {
    expect(logIntegral((x) => -0.5 * Math.log(x), 0, 1).log).toBeCloseTo(Math.log(2), 12)
  })
  it('integrates a gamma function on the half-line', () => {
    expect(logIntegral((x) => 2.7 * Math.log(x) - x, 0, Number.POSITIVE_INFINITY).log).toBeCloseTo(lgamma(3.7), 12)
  })
  it('integrates Gaussian and Cauchy tails on the line', () => {
    const { log, error } = logIntegral((x) => (-x * x) / 2, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)
    expect(log).toBeCloseTo(HALF_LOG_TWO_PI, 13)
    expect(error).toBeLessThan(1e-12)
    const cauchy = logIntegral((x) => -Math.log1p(x * x), Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)
    expect(cauchy.log).toBeCloseTo(Math.log(Math.PI), 12)
  })
})

describe('distributions have mass 1', () => {
  const cases: readonly [string, Record<string, Value>][] = [
    ['Normal', { mean: 3, sd: 2 }],
    ['LogNormal', { mean: 0.3, sd: 0.7 }],
    ['Gamma', { shape: 2.5, rate: 3 }],
    ['InverseGamma', { shape: 2.5, scale: 3 }],
    ['Exponential', { rate: 0.2 }],
    ['Weibull', { shape: 1.5, scale: 2 }],
    ['Beta', { a: 2.5, b: 1.2 }],
    ['StudentT', { df: 3.5, mean: 1, scale: 2 }],
    ['Logistic', { location: 1, scale: 0.5 }],
    ['Cauchy', { location: 1, scale: 0.5 }],
    ['HalfNormal', { sd: 4 }],
    ['Pareto', { shape: 2, scale: 3 }],
  ]
  it.each(cases)('%s', (name, args) => {
    const density = densityNamed(name)
    const a = new Arguments(new Map(Object.entries(args)))
    const support = density.support(a)
    if (support.kind !== 'interval') throw new Error('expected an interval')
    expect(logIntegral((x) => density.logDensity(x, a), support.low, support.high).log).toBeCloseTo(0, 11)
    if (density.logCdf !== undefined && density.logSurvival !== undefined) {
      const whole = Math.exp(density.logCdf(3.3, a)) + Math.exp(density.logSurvival(3.3, a))
      expect(whole).toBeCloseTo(1, 14)
      expect(logIntegral((x) => density.logDensity(x, a), support.low, 3.3).log).toBeCloseTo(density.logCdf(3.3, a), 11)
    }
  })
  it.each([
    ['Poisson', { rate: 7 }],
    ['Geometric', { p: 0.2 }],
    ['NegativeBinomial', { size: 2.5, mean: 4 }],
    ['Binomial', { n: 9, p: 0.3 }],
    ['BetaBinomial', { n: 9, a: 0.3, b: 2 }],
    ['Ordinal', { location: 0.3, cuts: [-1, 0.5, 2] }],
  ] as const)('%s', (name, args) => {
    const a = new Arguments(new Map<string, Value>(Object.entries(args)))
    const all = logIntervalProbability(densityNamed(name), a, Number.NEGATIVE_INFINITY, 400)
    expect(all).toBeCloseTo(0, 13)
  })
})

describe('integrals over space', () => {
  it('is exact for a correlated Gaussian in 2 and 3 dimensions', () => {
    for (const d of [1, 2, 3]) {
      const f = (s: readonly number[]): number => {
        const z = s.map((x, i) => (x - i) / (1 + i) + (i > 0 ? 0.8 * (s[i - 1] ?? 0) : 0))
        return -z.reduce((t, v) => t + v * v, 0) / 2
      }
      const expected = d * HALF_LOG_TWO_PI + Math.log([1, 2, 6][d - 1] ?? 0)
      const { log, error } = spaceIntegral(f, d)
      expect(log).toBeCloseTo(expected, 10)
      expect(error).toBeLessThan(1e-9)
      expect(gaussianIntegral(f, d)?.log).toBeCloseTo(expected, 11)
    }
  })
  it('finds a narrow peak far from the origin', () => {
    const f = (s: readonly number[]): number => -((((s[0] ?? 0) - 300) / 0.01) ** 2) / 2
    expect(spaceIntegral(f, 1).log).toBeCloseTo(HALF_LOG_TWO_PI + Math.log(0.01), 9)
  })
  it('takes exponential and algebraic tails', () => {
    const gumbel = (s: readonly number[]): number => 2.5 * (s[0] ?? 0) - Math.exp(s[0] ?? 0)
    expect(spaceIntegral(gumbel, 1).log).toBeCloseTo(lgamma(2.5), 10)
    const student = (s: readonly number[]): number => -2 * Math.log1p((s[0] ?? 0) ** 2)
    expect(spaceIntegral(student, 1).log).toBeCloseTo(Math.log(Math.PI / 2), 9)
  })
  it('says where a function is not quadratic', () => {
    expect(gaussianIntegral((s) => -((s[0] ?? 0) ** 4), 1)).toBeNull()
    expect(gaussianIntegral((s) => (s[0] ?? 0) ** 2, 1)).toBeNull()
  })
  it('gives points with the moments of the Gaussian', () => {
    const g = {
      log: 0,
      mean: [1, 2],
      covariance: [
        [2, 0.5],
        [0.5, 1],
      ],
    }
    const points = cubature(g)
    const mean = points.reduce((t, p) => t + Math.exp(p.log) * (p.at[0] ?? 0) * (p.at[1] ?? 0), 0)
    expect(mean).toBeCloseTo(2.5, 13)
    const dense = denseNodes(g).reduce((t, p) => t + Math.exp(p.log + 0.3 * (p.at[0] ?? 0)), 0)
    expect(dense).toBeCloseTo(Math.exp(0.3 + (0.09 * 2) / 2), 12)
  })
})
