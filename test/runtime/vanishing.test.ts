import { describe, expect, it } from 'vitest'
import { compileOrThrow } from '../../index.js'

const schools = {
  y: [28, 8, -3, 7, -1, 1, 18, 12],
  se: [15, 10, 16, 11, 9, 11, 10, 18],
}
const model = (scale: string, spread: string, extra = ''): string => `model Schools
data  y, se : real[J]
param mu  : real
param ${scale} : nonnegative${extra}
for j in 1..J {
  latent theta ~ Normal(mu, ${spread})
  y[j] ~ Normal(theta, se[j])
}
`

/** Maximum at scale 0: the mean weighted by precision. metafor 3.8.1, rma(method = 'ML'): 7.68561672495604, −29.6742436879967. */
const MU = 7.68561672495604
const LOG_LIKELIHOOD = -29.6742436879967

describe('scales of latents whose maximum is 0', () => {
  for (const [scale, spread] of [
    ['tau', 'tau'],
    ['tau', '2 * tau'],
    ['tau2', 'var=tau2'],
  ] as const)
    it(`are set to 0 with the other params at their maximum there: Normal(mu, ${spread})`, async () => {
      const fit = await compileOrThrow(model(scale, spread)).fit(schools)
      expect(fit.params).toMatchObject({ [scale]: 0 })
      expect(Math.abs(Number(fit.params.mu) - MU)).toBeLessThan(1e-9)
      expect(Math.abs(fit.logLikelihood - LOG_LIKELIHOOD)).toBeLessThan(1e-9)
      expect(fit.converged).toBe(true)
      expect(fit.warnings.map((w) => w.code)).toContain('W528')
      expect(fit.result.iterations).toBeLessThan(300)
    })

  it('are noticed as soon where a run goes from one choice among starts to the next', async () => {
    const fit = await compileOrThrow(model('tau', 'tau')).fit(schools, { seed: 1 })
    const ended = fit.starts.filter(({ brief }) => !brief).map(({ iterations }) => iterations)
    expect(Math.min(...ended)).toBeLessThan(140)
  })

  it('stay positive where the maximum is', async () => {
    const far = { y: [28, -8, -30, 47, -11, 1, 38, 12], se: [5, 4, 6, 3, 4, 4, 3, 7] }
    const fit = await compileOrThrow(model('tau', 'tau')).fit(far)
    expect(Number(fit.params.tau)).toBeGreaterThan(15)
    expect(fit.warnings.map((w) => w.code)).not.toContain('W528')
  })

  it('are not tried where the maximum is small and positive', async () => {
    // variance of the y a little above se²
    const se = 1
    const y = [-1.9, -1.1, -0.6, -0.2, 0.2, 0.6, 1.1, 1.9].map((x) => x * 0.95)
    const fit = await compileOrThrow(model('tau', 'tau')).fit({ y, se: y.map(() => se) }, { maxIterations: 100_000 })
    const variance = y.reduce((a, b) => a + b * b, 0) / y.length
    expect(variance).toBeGreaterThan(1)
    expect(Number(fit.params.tau)).toBeCloseTo(Math.sqrt(variance - 1), 3)
  })

  it('keep a start of 0', async () => {
    const fit = await compileOrThrow(model('tau', 'tau')).fit(schools, { start: { tau: 0, mu: 3 } })
    expect(fit.params).toMatchObject({ tau: 0 })
    const theta = fit.toJSON()
    expect(Number.isFinite(Number(theta.logLikelihood))).toBe(true)
  })
})
