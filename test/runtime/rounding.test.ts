/** Where a component shrinks onto one value, rounding is all that moves the log-likelihood: a fit ends, and says where. */
import { describe, expect, it } from 'vitest'
import { collapsedSpread } from '../../compiler/bind/collapsed-spread.js'
import { compileOrThrow } from '../../index.js'
import type { ParamLayout } from '../../runtime/contract.js'
import { deriveText } from '../support/derive.js'

const gamma = `model Waiting
const K = 2
data  y : positive[N]
param pi : simplex[K]
param shape, rate : positive[K]
for n in 1..N {
  latent z ~ Categorical(pi)
  y[n] ~ Gamma(shape[z], rate[z])
}
`

const censored = `model Lifetimes
data  y : positive[N]
data  seen : bool[N]
param mu : real
param sigma : positive ~ Gamma(2, 1)
for n in 1..N {
  if seen[n] { y[n] ~ LogNormal(mu, sigma) }
  else { y[n] ~ Censored(LogNormal(mu, sigma), above) }
}
`

describe('rounding', () => {
  it('ends a fit whose component shrinks onto one value, and names its params', async () => {
    const y = [3.7, 3.7001, 3.7, 3.70005, 0.4, 0.9, 1.3, 2.1, 5.2, 6.8, 9.5]
    const start = { pi: [0.4, 0.6], shape: [1e4, 1], rate: [1e4 / 3.7, 0.3] }
    const fit = await compileOrThrow(gamma).fit({ y }, { start })
    expect(fit.result.stop).toBe('numerical')
    expect(fit.warnings[0]?.message).toMatch(
      /rounding alone moves the log-likelihood by \S+ at `(shape|rate)` = \S+, \S+: a component has shrunk to nearly one value/,
    )
    expect(Math.max(...(fit.params.shape as number[]))).toBeGreaterThan(1e9)
  })

  // Q is a sum of squares beside a variance of 1e-4: it rounds more than the log-likelihood, and that is no harm
  it('of the change of Q ends no fit where it is little', async () => {
    const logs = Array.from({ length: 40 }, (_, i) => 3 + 0.01 * Math.sin(17 * i))
    const data = { y: logs.map(Math.exp), seen: logs.map((_, i) => i % 5 > 0) }
    const fit = await compileOrThrow(censored).fit(data)
    expect(fit.result.stop).toBe('tolerance')
    expect(fit.warnings).toEqual([])
    const other = await compileOrThrow(censored).fit(data, { start: { mu: 3, sigma: 1 } })
    expect(Math.abs(Number(fit.result.objective) - Number(other.result.objective))).toBeLessThan(1e-7)
    expect(Number(fit.params.mu)).toBeCloseTo(3, 2)
    expect(Number(fit.params.sigma)).toBeLessThan(0.01)
  })
})

describe('a spread that has collapsed', () => {
  const layout: ParamLayout = {
    name: 'sigma',
    offset: 0,
    length: 1,
    shape: [],
    used: null,
    labels: [],
    support: { kind: 'positive' },
    components: [],
    role: 'other',
  }
  const scales = new Map([['y', { means: [1], variances: [1], bulk: [1], largest: 8, isComplete: true }]])

  // with the first its M-step is in closed form, with the second it is the root of a slope
  it.each(['InverseGamma(2, 1)', 'Gamma(2, 1)'])('is named whatever its prior: %s', (prior) => {
    const derivation = deriveText(`model Sizes
data  y : positive[N]
param mu : real
param ${prior.startsWith('Inverse') ? 'sigma2' : 'sigma'} : positive ~ ${prior}
for n in 1..N { y[n] ~ Normal(mu, ${prior.startsWith('Inverse') ? 'var=sigma2' : 'sigma'}) }
`)
    const name = prior.startsWith('Inverse') ? 'sigma2' : 'sigma'
    const tiny = prior.startsWith('Inverse') ? 1e-16 : 1e-8
    const own = [{ ...layout, name }]
    expect(collapsedSpread(derivation, own, scales, Float64Array.of(tiny))).toBe(name)
    expect(collapsedSpread(derivation, own, scales, Float64Array.of(0.01))).toBeNull()
  })
})
