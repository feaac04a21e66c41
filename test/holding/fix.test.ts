import { describe, expect, test } from 'vitest'
import { compileOrThrow, loadFit, OptionError } from '../../index.js'
import { fitText, modelText, published, table } from './read.js'

const galaxies = (mu: string): string => `model Galaxies
const K = 3
data  y : real[N]
param w  : simplex[K]
${mu}
param sigma : positive
for n in 1..N {
  latent z ~ Categorical(w)
  y[n] ~ Normal(mu[z], sigma)
}`

const faithful = table('faithful.csv')
const columns = { x: ['eruptions', 'waiting'] }

describe('a param that is held', () => {
  test('is a constant: the fit is that of the model with the constant written in it', async () => {
    const values = [9.7, 21.4, 32.9]
    const y = table('galaxies.csv').columns[0]?.cells
    const held = await fitText(galaxies('param mu : real[K]'), { y }, { fix: { mu: values }, restarts: 2 })
    const written = await fitText(galaxies(`const mu = [${values.join(', ')}]`), { y }, { restarts: 2 })
    expect(held.logLikelihood).toBeCloseTo(written.logLikelihood, 10)
    expect(held.result.parameters).toBe(3)
    expect(held.result.parametersNominal).toBe(3)
    expect(held.result.bic).toBeCloseTo(Number(written.result.bic), 8)
    expect(held.params.mu).toEqual(values)
    expect(Object.keys(held.params)).toEqual(['w', 'mu', 'sigma'])
    expect(held.result.fixed).toEqual({ mu: values })
  })

  test('leaves the others their closed forms: an sd about a known mean, a slope beside a known one', async () => {
    const x = [1, 2, 4, 7]
    const about = await fitText(
      'data x : real[N]\nparam m : real\nparam s : positive\nfor n in 1..N { x[n] ~ Normal(m, s) }',
      { x },
      { fix: { m: 3 } },
    )
    expect(about.params.s).toBeCloseTo(Math.sqrt((4 + 1 + 1 + 16) / 4), 12)
    expect(about.result.stop).toBe('direct')
    const line = await fitText(
      'data x, y : real[N]\nparam a, b : real\nparam s : positive\nfor n in 1..N { y[n] ~ Normal(a + b * x[n], s) }',
      { x, y: [3, 4, 9, 16] },
      { fix: { b: 2 } },
    )
    expect(line.params.a).toBeCloseTo((1 + 0 + 1 + 2) / 4, 12)
    expect(line.result.parameters).toBe(2)
  })

  test('gives the published log-likelihood where all params are held at the published estimates', async () => {
    const { logLik } = published('A06-faithful-gmm-full')
    const free = await fitText(modelText('A06-faithful-gmm-full'), [faithful], { columns, restarts: 1 })
    const all = await fitText(modelText('A06-faithful-gmm-full'), [faithful], { columns, fix: free.params })
    expect(all.logLikelihood).toBeCloseTo(logLik, 4)
    expect(all.result.parameters).toBe(0)
    expect(all.converged).toBe(true)
  })

  test('k-means is a spherical mixture in hard mode with even weights and a known sd: within-cluster sum of squares 78.8514', async () => {
    const text = `const K = 3
data  x : real[N, D]
param w  : simplex[K]
param mu : real[K, D]
param sigma : positive
for n in 1..N {
  latent z ~ Categorical(w)
  x[n] ~ Normal(mu[z], sigma)
}`
    const iris = [table('iris.csv')]
    const options = { mode: 'hard', columns: { x: ['sl', 'sw', 'pl', 'pw'] } } as const
    const fit = await fitText(text, iris, { ...options, fix: { w: [1 / 3, 1 / 3, 1 / 3], sigma: 1 } })
    expect(Number(fit.result.withinSS)).toBeCloseTo(78.8514, 3)
    expect(fit.result.parameters).toBe(12)
  })

  test('tells components apart, which then keep their order', async () => {
    const y = [...Array(20).keys()].map((i) => (i % 2) * 10 + i / 20)
    const fit = await fitText(galaxies('param mu : real[K]'), { y }, { set: { K: 2 }, fix: { mu: [10, 0] } })
    expect(fit.params.mu).toEqual([10, 0])
    expect(fit.posterior('z').modes?.[1]).toBe(0)
  })

  test('keeps its prior: as a number, and as a term of Q where the prior reads another param', async () => {
    const text = `data x : real[N]
param m : real
param s : positive
m ~ Normal(1, s)
for n in 1..N { x[n] ~ Normal(m, s) }`
    const x = [1, 2, 4, 7]
    const fit = await fitText(text, { x }, { fix: { m: 3 } })
    // five squares of one sd: those of the rows and (m − 1)²
    expect(fit.params.s).toBeCloseTo(Math.sqrt((4 + 1 + 1 + 16 + 4) / 5), 10)
    const s = Number(fit.params.s)
    const prior = -0.5 * Math.log(2 * Math.PI * s * s) - 4 / (2 * s * s)
    expect(fit.objective - fit.logLikelihood).toBeCloseTo(prior, 10)
  })

  test('at 0 of a scale of latents leaves the latents at their mean: eight schools in one', async () => {
    const text = `data y, se : real[J]
param mu : real
param tau : nonnegative
for j in 1..J {
  latent theta ~ Normal(mu, tau)
  y[j] ~ Normal(theta, se[j])
}`
    const data = { y: [28, 8, -3, 7, -1, 1, 18, 12], se: [15, 10, 16, 11, 9, 11, 10, 18] }
    const fit = await fitText(text, data, { fix: { tau: 0 } })
    const weights = data.se.map((s) => 1 / s ** 2)
    const mean = weights.reduce((s, w, i) => s + w * (data.y[i] ?? 0), 0) / weights.reduce((s, w) => s + w, 0)
    expect(fit.params.mu).toBeCloseTo(mean, 9)
    expect(fit.params.tau).toBe(0)
  })

  test('works along chains, in groups and for vectors', async () => {
    const chain = `data y : count[T]
param start : simplex[2]
param step : simplex[2, 2]
param rate : positive[2]
latent z[1] ~ Categorical(start)
for t in 2..T { latent z[t] ~ Categorical(step[z[t-1]]) }
for t in 1..T { y[t] ~ Poisson(rate[z[t]]) }`
    const y = table('earthquakes.csv').columns.at(-1)?.cells
    const step = [
      [0.9, 0.1],
      [0.2, 0.8],
    ]
    const fit = await fitText(chain, { y }, { fix: { step }, restarts: 2 })
    expect(fit.params.step).toEqual(step)
    expect(fit.result.parametersNominal).toBe(3)
    expect(fit.converged).toBe(true)
    const free = await fitText(chain, { y }, { restarts: 2 })
    expect(fit.logLikelihood).toBeLessThan(free.logLikelihood)
  })

  test('is in the file of the fit, which predicts and scores with it', async () => {
    const fit = await fitText(modelText('A05-faithful-gmm-diag'), [faithful], {
      columns,
      restarts: 2,
      fix: {
        sigma: [
          [0.3, 6],
          [0.4, 6],
        ],
      },
    })
    const again = loadFit(JSON.parse(JSON.stringify(fit.toJSON())))
    const score = await again.score([faithful])
    expect(score.logLikelihood).toBeCloseTo(fit.logLikelihood, 8)
    const { latents } = await again.predict([faithful])
    expect([...(latents[0]?.modes ?? [])]).toEqual([...(fit.posterior('z').modes ?? [])])
  })

  test('may stand in a start, which it overrules: a whole fit is a start', async () => {
    const text = modelText('A05-faithful-gmm-diag')
    const free = await fitText(text, [faithful], { columns, restarts: 1 })
    const fit = await fitText(text, [faithful], { columns, start: free.params, fix: { pi: [0.5, 0.5] } })
    expect(fit.params.pi).toEqual([0.5, 0.5])
    expect(fit.logLikelihood).toBeLessThan(free.logLikelihood)
  })
})

describe('what cannot be held', () => {
  const model = compileOrThrow(modelText('A05-faithful-gmm-diag'))
  test.each([
    [{ nu: 1 }, 'the model has no param `nu`; it has `pi`, `mu`, `sigma`'],
    [{ pi: [0.5, 0.6] }, 'the fixed value of `pi` sums to 1.1, and must sum to 1'],
    [
      { pi: [0.5, null] },
      'the fixed value of `pi` has 1 of its 2 numbers: a probability vector is given whole or left free',
    ],
    [{ mu: [1, 2] }, 'the fixed value of `mu[1]` is the number 1, and an array of 2 is needed'],
    [
      {
        sigma: [
          [1, -1],
          [1, 1],
        ],
      },
      'the fixed value of `sigma[1, 2]` is -1, and must be above 0',
    ],
  ])('%j', async (fix, message) => {
    await expect(model.fit([faithful], { columns, fix })).rejects.toThrow(new OptionError(message))
  })
})
