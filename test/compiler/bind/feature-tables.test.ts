import { describe, expect, it } from 'vitest'
import { compileOrThrow } from '../../../index.js'

const MIXTURE = `
model Mixture
const K = 2
data  x : real[N, D]
param pi    : simplex[K]
param mu    : real[K, D]
param sigma : positive[K, D]
for n in 1..N {
  latent z ~ Categorical(pi)
  x[n] ~ Normal(mu[z], sigma[z])
}
`

// columns of different places and widths: a table of columns that is left at 0 takes the first one for all
const rows = Array.from({ length: 1500 }, (_, n) => [Math.sin(n) + (n % 2), 10 + 3 * Math.cos(7 * n) - (n % 2)])
const start = {
  pi: [0.5, 0.5],
  mu: [
    [0, 10],
    [1, 9],
  ],
  sigma: [
    [1, 2],
    [1, 2],
  ],
}

describe('tables that features need', () => {
  it('keep their numbers in the memory of the data pass', async () => {
    const fit = (backend: 'wasm' | 'js') =>
      compileOrThrow(MIXTURE).fit({ x: rows }, { backend, start, tolerance: 0, maxIterations: 5, threads: 1 })
    const [found, wanted] = [await fit('wasm'), await fit('js')]
    expect(Math.abs(found.logLikelihood - wanted.logLikelihood)).toBeLessThan(1e-9)
    expect(JSON.stringify(found.params)).not.toBe(JSON.stringify(start))
  })

  it('are not used where terms are far larger than their sums', async () => {
    // two clouds 10⁶ deviations apart
    const far = Array.from({ length: 1500 }, (_, n) => [Math.sin(n) + 1e6 * (n % 2), 3 * Math.cos(7 * n)])
    const mu = [
      [0, 0],
      [1e6, 1],
    ]
    const apart = { ...start, mu }
    const fit = (backend: 'wasm' | 'js') =>
      compileOrThrow(MIXTURE).fit({ x: far }, { backend, start: apart, tolerance: 0, maxIterations: 5, threads: 1 })
    const [found, wanted] = [await fit('wasm'), await fit('js')]
    expect(Math.abs(found.logLikelihood - wanted.logLikelihood)).toBeLessThan(1e-9)
    // with features sigma would be a difference of numbers of 10¹²
    const sigma = (params: unknown): number[] => [JSON.parse(JSON.stringify(params))].flatMap((p) => p.sigma.flat())
    sigma(found.params).forEach((value, i) => {
      expect(value).toBeCloseTo(sigma(wanted.params)[i] ?? Number.NaN, 9)
    })
  })
})
