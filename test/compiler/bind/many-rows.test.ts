/** Of many rows, expected counts and entropies are added up in passes: the same as from the posterior of every row. */
import { describe, expect, it } from 'vitest'
import { compileOrThrow, type FitData } from '../../../index.js'
import { seededRandom } from '../../laws/support/random.js'

const N = 17_000
const random = seededRandom(8)
const x = Array.from({ length: N }, (_, i) => random() + random() + (i % 3 === 0 ? 1 : 0))
const copies = x.map((_, i) => 1 + (i % 4))
const kind = x.map((_, i) => (i % 5 === 0 ? (i % 3 === 0 ? 'b' : 'a') : null))

const MODELS: readonly (readonly [string, string, FitData, (row: number) => number])[] = [
  [
    'two components',
    `model M
data x : real[N]
param p : simplex[2]
param mu : real[2]
param s : positive
for n in 1..N {
  latent z ~ Categorical(p)
  x[n] ~ Normal(mu[z], s)
}`,
    { x },
    () => 1,
  ],
  [
    'weights, and labels of some',
    `model M
data x : real[N]
data copies : count[N]
data kind : category?[N]
param p : simplex[levels(kind)]
param mu : real[levels(kind)]
param s : positive
for n in 1..N weight copies[n] {
  kind[n] ~ Categorical(p)
  x[n] ~ Normal(mu[kind[n]], s)
}`,
    { x, copies, kind },
    (n) => copies[n] ?? 0,
  ],
]

describe.each(MODELS)('%s', (_, text, data, weight) => {
  const { model } = compileOrThrow(text).bind(data, {})
  const params = model.separated(seededRandom(2))
  const [latent] = model.latents
  const r = model.posterior(params).get(latent?.name ?? '') ?? new Float64Array(0)
  const values = latent?.values ?? 0

  it('has the counts of its posterior', () => {
    for (const { value, expectedCount } of model.components(params)) {
      const count = x.reduce((sum, _, n) => sum + weight(n) * (r[n * values + value] ?? 0), 0)
      expect(Math.abs(expectedCount - count) / count).toBeLessThan(1e-12)
    }
  })

  it('has its entropy', () => {
    let entropy = 0
    r.forEach((p, i) => {
      if (p > 0) entropy -= weight(Math.floor(i / values)) * p * Math.log(p)
    })
    expect(entropy).toBeGreaterThan(1)
    expect((model.marginalEntropy(params, latent?.name ?? '') ?? Number.NaN) / entropy).toBeCloseTo(1, 11)
  })
})

it('of few rows with many cells, posteriors are those of JavaScript', () => {
  const text = `model M
data x : real[N, D]
param p : simplex[2]
param mu : real[2, D]
param s : positive
for n in 1..N {
  latent z ~ Categorical(p)
  x[n] ~ Normal(mu[z], s)
}`
  const wide = Array.from({ length: 300 }, (_, n) => x.slice(8 * n, 8 * n + 8))
  const of = (backend: 'js' | 'wasm'): Float64Array => {
    const { model } = compileOrThrow(text).bind({ x: wide }, { backend })
    return model.posterior(model.separated(seededRandom(2))).get('z') ?? new Float64Array(0)
  }
  const [one, other] = [of('js'), of('wasm')]
  expect(Math.max(...one)).toBeGreaterThan(0.5)
  one.forEach((p, i) => {
    expect(other[i]).toBeCloseTo(p, 12)
  })
})

describe('a chain', () => {
  const text = `model M
data x : real[T]
param first : simplex[2]
param A : simplex[2, 2]
param mu : real[2]
param s : positive
latent z[1] ~ Categorical(first)
for t in 2..T { latent z[t] ~ Categorical(A[z[t - 1]]) }
for t in 1..T { x[t] ~ Normal(mu[z[t]], s) }`

  it('has its entropy and counts from all places together', async () => {
    const few = x.slice(0, 17_000)
    const fit = await compileOrThrow(text).fit({ x: few }, { restarts: 1, maxIterations: 3 })
    const { model } = compileOrThrow(text).bind({ x: few }, {})
    expect(model.marginalEntropy(model.separated(seededRandom(2)), 'z')).toBeNull()
    const { entropy = Number.NaN, certainty = Number.NaN } = fit.toJSON()
    expect(certainty).toBeCloseTo(1 - Number(entropy) / (few.length * Math.log(2)), 10)
    expect(Number(entropy)).toBeGreaterThan(0)
  })
})
