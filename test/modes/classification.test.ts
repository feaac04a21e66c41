/** Classification EM: what it shares with hard mode, and where it differs. */
import { describe, expect, it } from 'vitest'
import { CompileError, compileOrThrow } from '../../index.js'
import { chain, factors, groups, mixed, mixture, pairs } from './models.js'

const numbers = (trace: readonly unknown[]): readonly number[] => trace.map(Number)

describe('mode cem', () => {
  it.each([
    ['a mixture', mixture],
    ['discrete and Normal latents', mixed],
  ])('is hard mode where rows stand alone: %s', async (_, { source, data }) => {
    const model = compileOrThrow(source)
    const cem = (await model.fit(data, { mode: 'cem', restarts: 5 })).toJSON()
    const hard = (await model.fit(data, { mode: 'hard', restarts: 5 })).toJSON()
    expect(cem.mode).toBe('cem')
    expect(cem.objective).toBeCloseTo(Number(hard.objective), 8)
    expect(cem.logLikelihood).toBeCloseTo(Number(hard.logLikelihood), 8)
  })

  it.each([
    ['a chain', chain],
    ['two latents of a row', pairs],
    ['latents of groups', groups],
  ])('never lowers the complete-data log-likelihood: %s', async (_, { source, data }) => {
    const fit = (await compileOrThrow(source).fit(data, { mode: 'cem', restarts: 3 })).toJSON()
    const trace = numbers(fit.trace)
    expect(fit.converged).toBe(true)
    trace.slice(1).forEach((l, t) => {
      expect(l).toBeGreaterThanOrEqual((trace[t] ?? 0) - 1e-9 * Math.abs(l))
    })
    expect(Number(fit.objective)).toBeLessThanOrEqual(Number(fit.logLikelihood) + 1e-9)
  })

  it('takes each latent at its own mode, which is not the mode of all together', async () => {
    // P(a=1) = 0.6, yet the pair (2, 1) has the largest probability
    const source = `model Modes
data  y : real[N]
param s : positive
for n in 1..N {
  latent a ~ Categorical([0.6, 0.4])
  latent b ~ Categorical([[0.5, 0.5], [1, 0]][a])
  y[n] ~ Normal(0, s)
}`
    const model = compileOrThrow(source)
    const data = { y: [1, -1, 2] }
    const at = async (mode: 'cem' | 'hard') => {
      const fit = await model.fit(data, { mode, start: { s: 1 } })
      return ['a', 'b'].map((name) => [...(fit.posterior(name).modes ?? [])])
    }
    expect(await at('hard')).toEqual([
      [1, 1, 1],
      [0, 0, 0],
    ])
    expect(await at('cem')).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ])
  })

  it('gives the sum of squares of k-means', async () => {
    const source = `model KMeans
const w = [1/2, 1/2]
data  x : real[N]
param mu : real[2]
for n in 1..N {
  latent z ~ Categorical(w)
  x[n] ~ Normal(mu[z], 1)
}`
    const data = { x: [0, 1, 10, 12] }
    const fit = (await compileOrThrow(source).fit(data, { mode: 'cem' })).toJSON()
    expect(fit.withinSS).toBeCloseTo(2.5, 12)
  })

  it('is refused without discrete latents', async () => {
    const fit = compileOrThrow(factors.source).fit(factors.data, { mode: 'cem' })
    await expect(fit).rejects.toThrow(CompileError)
    await expect(fit).rejects.toThrow(/puts each row into a class/)
  })
})

it('regressions of classes whose probabilities run to 0 and 1 are looked for under the classes', async () => {
  const fit = await compileOrThrow(`model Classes
data g : category[N]
data t : bool[N]
data y, n : count[N]
param w : simplex[2]
param b : real[2]
param slope : real
for c in levels(g) { latent z ~ Categorical(w) }
for i in 1..N { y[i] ~ Binomial(n[i], logit = b[z[g[i]]] + slope * t[i]) }`).fit(
    {
      g: Array.from({ length: 24 }, (_, i) => `g${i % 8}`),
      y: Array.from({ length: 24 }, (_, i) => (i % 8 < 4 ? 0 : 5)),
      n: Array.from({ length: 24 }, () => 10),
      t: Array.from({ length: 24 }, (_, i) => i % 2 === 0),
    },
    { mode: 'cem', restarts: 2 },
  )
  expect(fit.warnings.map((w) => w.code)).toContain('W535')
})
