/**
 * Residuals under a factorised posterior: each factor of q that a cell reads without what the cell adds to it, by formulas of
 * their own from the numbers of the posterior, and sums over a fine grid.
 */
import { describe, expect, test } from 'vitest'
import { compileOrThrow } from '../../index.js'
import {
  at,
  at2,
  cellsOf,
  close,
  digamma,
  gamma,
  gammaOf,
  momentsOf,
  normalised,
  overLog,
  phi,
  posteriorOf,
  without,
} from './cavities.js'
import { numbers } from './fit-at.js'

const words = {
  doc: ['a', 'a', 'a', 'a', 'b', 'b', 'b', 'c', 'c', 'c', 'c', 'c'],
  word: ['u', 'v', 'u', 'u', 'w', 'w', 'v', 'u', 'w', 'w', 'v', 'w'],
}

describe('residuals under a factorised posterior', () => {
  test('words of topics: the topics without the word', async () => {
    const w = [
      [0.7, 0.2, 0.1],
      [0.1, 0.3, 0.6],
    ]
    const fit = await compileOrThrow(`model Words
const K = 2
data  doc, word : category[N]
param w : simplex[K, levels(word)]
for d in levels(doc) { latent t : simplex[K] ~ Dirichlet(0.5) }
for n in 1..N {
  latent z ~ Categorical(t[doc[n]])
  word[n] ~ Categorical(w[z])
}`).fit(words, { fix: { w } })
    const alpha = numbers(posteriorOf(fit, 't').parameters?.values.get('alpha'))
    const cells = await cellsOf(fit, 'word')
    expect(cells.length).toBe(12)
    cells.forEach((c, n) => {
      const d = 'abc'.indexOf(at2(words.doc, n))
      const share = normalised([0, 1].map((k) => Math.exp(digamma(at(alpha, 2 * d + k)))))
      const v = 'uvw'.indexOf(at2(words.word, n))
      close(
        c.probability,
        share.reduce((s, p, k) => s + p * at(w[k] ?? [], v), 0),
      )
    })
  })

  test('words of topics that are latent: their counts without the word', async () => {
    const fit = await compileOrThrow(`model Words
const K = 2
data  doc, word : category[N]
for d in levels(doc) { latent t : simplex[K] ~ Dirichlet(0.5) }
for k in 1..K { latent w : simplex[levels(word)] ~ Dirichlet(0.4) }
for n in 1..N {
  latent z ~ Categorical(t[doc[n]])
  word[n] ~ Categorical(w[z])
}`).fit(words, { tolerance: 1e-13, seed: 3 })
    const alpha = numbers(posteriorOf(fit, 't').parameters?.values.get('alpha'))
    const counts = numbers(posteriorOf(fit, 'w').parameters?.values.get('alpha'))
    const cells = await cellsOf(fit, 'word')
    cells.forEach((c, n) => {
      const d = 'abc'.indexOf(at2(words.doc, n))
      const v = 'uvw'.indexOf(at2(words.word, n))
      const row = (k: number): readonly number[] => counts.slice(3 * k, 3 * k + 3)
      const total = (k: number): number => row(k).reduce((a, b) => a + b, 0)
      const prior = [0, 1].map((k) => Math.exp(digamma(at(alpha, 2 * d + k))))
      const r = normalised([0, 1].map((k) => at(prior, k) * Math.exp(digamma(at(row(k), v)) - digamma(total(k)))))
      const p = normalised(prior).reduce((s, q, k) => s + (q * (at(row(k), v) - at(r, k))) / (total(k) - at(r, k)), 0)
      close(c.probability, p, 6)
    })
  })

  test('truth values of a row and a column, each of a class', async () => {
    const x = [
      [true, false, true],
      [true, true, true],
      [false, false, true],
      [false, false, false],
    ]
    const [pi, rho] = [
      [0.4, 0.6],
      [0.3, 0.7],
    ]
    const theta = [
      [0.9, 0.35],
      [0.2, 0.6],
    ]
    const fit = await compileOrThrow(`model Blocks
data  x : bool[I, J]
param pi, rho : simplex[2]
param theta : unit[2, 2]
for i in 1..I { latent z ~ Categorical(pi) }
for j in 1..J { latent w ~ Categorical(rho) }
for i in 1..I { for j in 1..J { x[i, j] ~ Bernoulli(theta[z[i], w[j]]) } }`).fit({ x }, { fix: { pi, rho, theta } })
    const z = numbers(posteriorOf(fit, 'z').probabilities)
    const w = numbers(posteriorOf(fit, 'w').probabilities)
    const { arrays } = await fit.residuals()
    const cells = arrays.flatMap((a) => a.cells)
    expect(cells.length).toBe(12)
    for (const c of cells) {
      const [i, j] = [(c.index[0] ?? 0) - 1, (c.index[1] ?? 0) - 1]
      const p = (k: number, l: number): number => (x[i]?.[j] ? at(theta[k] ?? [], l) : 1 - at(theta[k] ?? [], l))
      const both = [0, 1]
      const qz = normalised(
        both.map(
          (k) => at(z, 2 * i + k) / Math.exp(both.reduce((s, l) => s + at(w, 2 * j + l) * Math.log(p(k, l)), 0)),
        ),
      )
      const qw = normalised(
        both.map(
          (l) => at(w, 2 * j + l) / Math.exp(both.reduce((s, k) => s + at(z, 2 * i + k) * Math.log(p(k, l)), 0)),
        ),
      )
      close(
        c.probability,
        both.reduce((s, k) => s + both.reduce((t, l) => t + at(qz, k) * at(qw, l) * p(k, l), 0), 0),
      )
    }
  })

  const y = [1.2, -0.4, 2.3, 0.7, 1.9, 3.1, 9.5]

  test('a mean and a precision with priors of their own', async () => {
    const fit = await compileOrThrow(`model M
data y : real[N]
latent tau ~ Gamma(2, 1.5)
latent mu ~ Normal(0.5, precision=0.3)
for n in 1..N { y[n] ~ Normal(mu, precision=tau) }`).fit({ y }, { tolerance: 1e-14 })
    const [m, v] = momentsOf(fit, 'mu', 0)
    const [shape, rate] = gammaOf(fit, 'tau', 0)
    const cells = await cellsOf(fit, 'y')
    y.forEach((x, n) => {
      const own = without(x, m, v, shape / rate)
      close(
        cells[n]?.pit,
        overLog(gamma(shape - 0.5, rate - ((x - m) ** 2 + v) / 2), (t) => phi(own.z(1 / t))),
        7,
      )
    })
  })

  const mixture = `model Groups
const K = 2
data  y : real[N]
param pi  : simplex[K] ~ Dirichlet(2)
param mu  : real[K] ~ Normal(0, 10)
param tau : positive[K] ~ Gamma(2, 1)
for n in 1..N {
  latent z ~ Categorical(pi)
  y[n] ~ Normal(mu[z], precision=tau[z])
}`
  test('mode vb: a mixture whose params are all latent', async () => {
    const values = [...y, 10.2, 11.1, 8.7, 4.4]
    const fit = await compileOrThrow(mixture).fit({ y: values }, { mode: 'vb', tolerance: 1e-14 })
    const cells = await cellsOf(fit, 'y')
    const r = numbers(posteriorOf(fit, 'z').probabilities)
    values.forEach((x, n) => {
      const parts = [0, 1].map((k) => {
        const [m, v] = momentsOf(fit, 'mu', k)
        const [shape, rate] = gammaOf(fit, 'tau', k)
        const weight = at(r, 2 * n + k)
        const square = (x - m) ** 2 + v
        const expected =
          0.5 * (digamma(shape) - Math.log(rate)) - 0.5 * Math.log(2 * Math.PI) - ((shape / rate) * square) / 2
        const own = without(x, m, v, (weight * shape) / rate)
        const density = gamma(shape - weight / 2, rate - (weight * square) / 2)
        return { share: weight / Math.exp(expected), below: overLog(density, (t) => phi(own.z(1 / t))) }
      })
      const shares = normalised(parts.map((p) => p.share))
      close(
        cells[n]?.pit,
        parts.reduce((s, p, k) => s + at(shares, k) * p.below, 0),
        6,
      )
    })
  })

  test('mode vb: means with a prior that scales with the variance of their kind', async () => {
    const fit = await compileOrThrow(`model Groups
const K = 2
data  y : real[N]
param pi  : simplex[K]
param v  : positive[K] ~ InverseGamma(3, 4)
param mu : real[K]
for k in 1..K { mu[k] ~ Normal(2, var=v[k] / 0.2) }
for n in 1..N {
  latent z ~ Categorical(pi)
  y[n] ~ Normal(mu[z], var=v[z])
}`).fit({ y }, { mode: 'vb', tolerance: 1e-14 })
    const cells = await cellsOf(fit, 'y')
    const r = numbers(posteriorOf(fit, 'z').probabilities)
    const q = [0, 1].map((k) => {
      const weights = y.map((_, n) => at(r, 2 * n + k))
      const kappa = 0.2 + weights.reduce((a, b) => a + b, 0)
      const mean = (0.4 + weights.reduce((s, w, n) => s + w * at(y, n), 0)) / kappa
      const shape = 3 + weights.reduce((a, b) => a + b, 0) / 2
      const squares = weights.reduce((s, w, n) => s + w * (at(y, n) - mean) ** 2, 0.2 * (2 - mean) ** 2)
      return { kappa, mean, shape, scale: 4 + squares / 2 }
    })
    y.forEach((x, n) => {
      const parts = [0, 1].map((k) => {
        const { kappa, mean, shape, scale } = q[k] ?? { kappa: 0, mean: 0, shape: 0, scale: 0 }
        const w = at(r, 2 * n + k)
        const left = kappa - w
        const center = (kappa * mean - w * x) / left
        const rate = scale - (((w * left) / kappa) * (x - center) ** 2) / 2
        const below = overLog(gamma(shape - w / 2, rate), (t) => phi((x - center) / Math.sqrt((1 + 1 / left) / t)))
        const expected =
          0.5 * (digamma(shape) - Math.log(scale)) -
          0.5 * Math.log(2 * Math.PI) -
          ((shape / scale) * (x - mean) ** 2 + 1 / kappa) / 2
        return { share: w / Math.exp(expected), below }
      })
      const shares = normalised(parts.map((p) => p.share))
      close(
        cells[n]?.pit,
        parts.reduce((s, p, k) => s + at(shares, k) * p.below, 0),
        5,
      )
    })
  })

  test('intercepts beside a mean whose prior scales with the precision', async () => {
    const g = ['a', 'a', 'b', 'b', 'b', 'c', 'c']
    const fit = await compileOrThrow(`model ScaledIntercepts
data  g : category[N]
data  y : real[N]
latent lambda ~ Gamma(2, 1)
latent mu ~ Normal(1, precision=0.5 * lambda)
for i in levels(g) { latent u ~ Normal(0, 2) }
for n in 1..N { y[n] ~ Normal(mu + u[g[n]], precision=lambda) }`).fit({ g, y }, { tolerance: 1e-14 })
    const [shape, rate] = gammaOf(fit, 'lambda', 0)
    const cells = await cellsOf(fit, 'y')
    const mu = numbers(posteriorOf(fit, 'mu').mean)
    const kappa = 0.5 + y.length
    y.forEach((x, n) => {
      const [m, v] = momentsOf(fit, 'u', 'abc'.indexOf(at2(g, n)))
      const own = without(x - at(mu, 0), m, v, shape / rate)
      // mu given lambda has a precision of (kappa − 1) lambda without the cell
      const off = (x - m - at(mu, 0)) / (kappa - 1)
      const left = rate - v / 2 - (x - m - at(mu, 0)) ** 2 / (2 * (1 - 1 / kappa))
      const below = overLog(gamma(shape - 0.5, left), (t) => phi(own.beside(off, (1 + 1 / (kappa - 1)) / t)))
      close(cells[n]?.pit, below, 6)
    })
  })

  test('a shared level with a noise of one of two kinds', async () => {
    const [w, s] = [
      [0.6, 0.4],
      [0.5, 4],
    ]
    const fit = await compileOrThrow(`model Noise
data  y : real[N]
param w : simplex[2]
param s : positive[2]
latent m ~ Normal(0, 2)
for n in 1..N {
  latent z ~ Categorical(w)
  y[n] ~ Normal(m, s[z])
}`).fit({ y }, { fix: { w, s } })
    const [m, v] = momentsOf(fit, 'm', 0)
    const r = numbers(posteriorOf(fit, 'z').probabilities)
    const cells = await cellsOf(fit, 'y')
    y.forEach((x, n) => {
      const precision = s.reduce((sum, sd, k) => sum + at(r, 2 * n + k) / sd ** 2, 0)
      const own = without(x, m, v, precision)
      const shares = normalised(
        s.map((sd, k) => (at(r, 2 * n + k) * sd) / Math.exp(-((x - m) ** 2 + v) / (2 * sd * sd))),
      )
      close(
        cells[n]?.pit,
        s.reduce((sum, sd, k) => sum + at(shares, k) * phi(own.z(sd * sd)), 0),
        7,
      )
    })
  })

  test('counts of one of two rates: mode vb', async () => {
    const counts = [0, 2, 1, 7, 9, 3, 12, 1]
    const fit = await compileOrThrow(`model Kinds
data  y : count[N]
param w : simplex[2]
param rate : positive[2] ~ Gamma(1.5, 0.4)
for n in 1..N {
  latent z ~ Categorical(w)
  y[n] ~ Poisson(rate[z])
}`).fit({ y: counts }, { mode: 'vb', tolerance: 1e-14 })
    const { arrays } = await fit.residuals()
    const own = arrays.find((a) => a.data === 'y')
    const r = numbers(posteriorOf(fit, 'z').probabilities)
    let expected = 0
    counts.forEach((x, n) => {
      const parts = [0, 1].map((k) => {
        const [shape, rate] = gammaOf(fit, 'rate', k)
        const weight = at(r, 2 * n + k)
        const message = x * (digamma(shape) - Math.log(rate)) - shape / rate
        const [a, b] = [shape - weight * x, rate - weight]
        return { share: weight / Math.exp(message), none: (b / (b + 1)) ** a }
      })
      const shares = normalised(parts.map((p) => p.share))
      expected += parts.reduce((s, p, k) => s + at(shares, k) * p.none, 0)
    })
    close(own?.frequencies?.find((f) => f.value === '0')?.expected, expected, 6)
    expect(own?.cells.length).toBe(8)
  })

  test('mode vb: kinds that are so far apart that no other one is left a probability', async () => {
    const values = [0.2, -0.5, 0.9, 1000.3, 999.1, 1000.8, 999.9]
    const fit = await compileOrThrow(mixture.replace('Normal(0, 10)', 'Normal(500, 1000)')).fit(
      { y: values },
      { mode: 'vb', tolerance: 1e-14, restarts: 20 },
    )
    const cells = await cellsOf(fit, 'y')
    expect(cells.length).toBe(7)
    const alpha = numbers(posteriorOf(fit, 'pi').parameters?.values.get('alpha'))
    const shares = normalised(alpha.map((a) => Math.exp(digamma(a))))
    values.forEach((x, n) => {
      const k = x < 500 ? 0 : 1
      const [m, v] = momentsOf(fit, 'mu', k)
      const [shape, rate] = gammaOf(fit, 'tau', k)
      const own = without(x, m, v, shape / rate)
      const density = gamma(shape - 0.5, rate - ((x - m) ** 2 + v) / 2)
      const below = overLog(density, (t) => phi(own.z(1 / t)))
      close(cells[n]?.pit, k === 0 ? at(shares, 0) * below : at(shares, 0) + at(shares, 1) * below, 6)
    })
  })
})
