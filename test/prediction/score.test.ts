import { expect, test } from 'vitest'
import { logSum, normalDensity } from '../oracle/joint-gaussian.js'
import { fitAt } from './fit-at.js'

const mixture = `model Mixture
data  y : real[N]
data  w : count[N]
param p : simplex[2]
param mu : real[2]
for n in 1..N weight w[n] {
  latent z ~ Categorical(p)
  y[n] ~ Normal(mu[z], 1)
}`

test('a row of a mixture adds its log density, as often as its weight says', async () => {
  const [p, mu] = [
    [0.25, 0.75],
    [0, 3],
  ]
  const data = { y: [0.1, 2.5, -4], w: [1, 3, 0] }
  const fit = await fitAt(mixture, data, { p, mu })
  const score = await fit.score(data)
  const rows = data.y.map(
    (y, n) => (data.w[n] ?? 0) * logSum(p.map((q, k) => Math.log(q * normalDensity(y, mu[k] ?? 0, 1)))),
  )
  expect(score.contributions.map((c) => c.plate)).toEqual(['n'])
  rows.forEach((x, n) => {
    expect(score.contributions[0]?.values[n]).toBeCloseTo(x, 12)
  })
  expect(score.logLikelihood).toBeCloseTo(
    rows.reduce((a, b) => a + b, 0),
    12,
  )
})

const chain = `model Chain
data  y : real?[T]
data  k : count[T]
param start, stay : unit
param rate : positive[2]
latent z[1] ~ Bernoulli(start)
for t in 2..T { latent z[t] ~ Bernoulli(if_stay(z[t-1], stay)) }
for t in 1..T {
  k[t] ~ Poisson(rate[1 + z[t]])
  y[t] ~ Normal(0, 1)
}
fn if_stay(z, s) = s * z + (1 - s) * (1 - z)`

const groups = `model Groups
data  g : category[N]
data  y : real[N]
param b, s, t : real
for j in levels(g) { latent u[j] ~ Normal(0, exp(t)) }
for n in 1..N { y[n] ~ Normal(b + u[g[n]], exp(s)) }`

const grades = `model Grades
data  h, c, d : count
param mu : real in (0, 1/6)
latent a, b : count
[a, b, c, d] ~ Multinomial([1/2, mu, 2*mu, 1/2 - 3*mu])
observe h = a + b`

test.each([
  [
    'a chain beside rows without latents',
    chain,
    { y: [0.1, null, 2], k: [3, 0, 4] },
    { start: 0.5, stay: 0.9, rate: [1, 4] },
  ],
  ['groups', groups, { g: ['a', 'b', 'a'], y: [1, 2, 3] }, { b: 0.5, s: 0.1, t: 0.2 }],
  ['one table of counts', grades, { h: 14, c: 9, d: 10 }, { mu: 0.1 }],
])('what is added sums to the log-likelihood: %s', async (_, text, data, params) => {
  const fit = await fitAt(text, data, params)
  const { logLikelihood, contributions } = await fit.score(data)
  const all = contributions.flatMap((c) => [...c.values])
  expect(all.every(Number.isFinite)).toBe(true)
  expect(all.length).toBeGreaterThan(0)
  expect(all.reduce((a, b) => a + b, 0)).toBeCloseTo(logLikelihood, 10)
})

test('the log-likelihood of the data of a fit is that of the fit', async () => {
  const { compileOrThrow } = await import('../../index.js')
  const data = { g: ['a', 'b', 'a', 'c', 'b'], y: [1, 2, 3, -1, 0.5] }
  const fit = await compileOrThrow(groups).fit(data)
  expect((await fit.score(data)).logLikelihood).toBeCloseTo(fit.logLikelihood, 10)
})
