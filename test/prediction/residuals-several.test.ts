/**
 * Residuals of cells that depend on several latents of a factorised posterior at once, by products of rules or by draws: against
 * moments, grids and closed forms.
 */
import { describe, expect, test } from 'vitest'
import { compileOrThrow } from '../../index.js'
import {
  at,
  cellsOf,
  det2,
  digamma,
  gamma,
  gammaOf,
  inverse2,
  momentsOf,
  normalised,
  overLog,
  phi,
  posteriorOf,
  product2,
  productCavity,
} from './cavities.js'
import { numbers } from './fit-at.js'

describe('several latents of a cell at once', () => {
  test('counts of a row rate times a column rate: drawn, against a grid of both', async () => {
    const cells = Array.from({ length: 12 }, (_, c) => [Math.floor(c / 3), c % 3] as const)
    const counts = [1, 4, 0, 3, 9, 2, 0, 1, 0, 6, 15, 3]
    const fit = await compileOrThrow(`model RatesCrossed
data  row, col : category[N]
data  y : count[N]
for i in levels(row) { latent u ~ Gamma(2, 2) }
for j in levels(col) { latent v ~ Gamma(3, 3) }
for n in 1..N { y[n] ~ Poisson(2 * u[row[n]] * v[col[n]]) }`).fit(
      { row: cells.map(([i]) => `r${i}`), col: cells.map(([, j]) => `c${j}`), y: counts },
      { tolerance: 1e-14 },
    )
    const { arrays } = await fit.residuals()
    const own = arrays.find((a) => a.data === 'y')
    expect(own?.reason).toBeNull()
    expect(own?.left).toBe(0)
    cells.forEach(([i, j], n) => {
      const [a, b] = gammaOf(fit, 'u', i)
      const [c, d] = gammaOf(fit, 'v', j)
      const y = at(counts, n)
      const u = gamma(a - y, b - (2 * c) / d)
      const v = gamma(c - y, d - (2 * a) / b)
      const mean = 2 * overLog(u, (x) => x) * overLog(v, (x) => x)
      const square = 4 * overLog(u, (x) => x * x) * overLog(v, (x) => x * x)
      const sd = Math.sqrt(mean + square - mean * mean)
      expect(Math.abs((own?.cells[n]?.residual ?? Number.NaN) - (y - mean) / sd)).toBeLessThan(1e-3)
    })
  })

  test('factors of a matrix: drawn, the mean and the variance of the product', async () => {
    const cells = Array.from({ length: 12 }, (_, c) => [Math.floor(c / 3), c % 3] as const)
    const x = cells.map(([i, j]) => Math.sin(3 * i + j) + 0.5 * i * (j - 1))
    const fit = await compileOrThrow(`model M
data row, col : category[N]
data x : real[N]
for i in levels(row) { latent u ~ Normal(0, 1) }
for j in levels(col) { latent v ~ Normal(0, 1) }
for n in 1..N { x[n] ~ Normal(u[row[n]] * v[col[n]], 0.5) }`).fit(
      { row: cells.map(([i]) => `r${i}`), col: cells.map(([, j]) => `c${j}`), x },
      { tolerance: 1e-14, restarts: 6 },
    )
    const own = await cellsOf(fit, 'x')
    cells.forEach(([i, j], n) => {
      const [mu, vu] = momentsOf(fit, 'u', i)
      const [mv, vv] = momentsOf(fit, 'v', j)
      const cavity = (m: number, v: number, o: number, s: number): readonly [number, number] => {
        const free = 1 / (1 / v - (o * o + s) / 0.25)
        return [free * (m / v - (at(x, n) * o) / 0.25), free]
      }
      const [u, su] = cavity(mu, vu, mv, vv)
      const [v, sv] = cavity(mv, vv, mu, vu)
      const sd = Math.sqrt(0.25 + u * u * sv + v * v * su + su * sv)
      expect(Math.abs((own[n]?.residual ?? Number.NaN) - (at(x, n) - u * v) / sd)).toBeLessThan(1e-3)
    })
  })

  test.each([
    ['Sigma[k] / 0.5', 1],
    ['[[9, 0], [0, 9]]', 0],
  ] as const)('mode vb: vectors of one of two kinds, means about %s: coordinates of a t', async (spread, scaled) => {
    const x = Array.from({ length: 16 }, (_, n) => {
      const far = n % 3 === 0 ? 5 : 0
      return [Math.sin(5 * n) + far, Math.cos(3 * n) + 0.5 * Math.sin(5 * n) - far] as const
    })
    const fit = await compileOrThrow(`model Vectors
const K = 2
data  x : real[N, 2]
param pi    : simplex[K]
param Sigma : covariance[K, 2] ~ InverseWishart(5, [[1, 0.2], [0.2, 2]])
param mu    : real[K, 2]
for k in 1..K { mu[k] ~ MvNormal([1, 0], ${spread}) }
for n in 1..N {
  latent z ~ Categorical(pi)
  x[n] ~ MvNormal(mu[z], Sigma[z])
}`).fit({ x }, { mode: 'vb', tolerance: 1e-13 })
    const r = numbers(posteriorOf(fit, 'z').probabilities)
    const { arrays } = await fit.residuals()
    const cells = arrays.flatMap((a) => a.cells)
    expect(arrays.map((a) => a.reason)).toEqual(arrays.map(() => null))
    expect(cells.length).toBe(32)
    const q = [0, 1].map((k) => {
      const values = posteriorOf(fit, 'Sigma').parameters?.values
      const [df, scale] = [at(numbers(values?.get('df')), k), numbers(values?.get('scale')).slice(4 * k, 4 * k + 4)]
      const mean = numbers(posteriorOf(fit, 'mu').mean).slice(2 * k, 2 * k + 2)
      const weight = x.reduce((s, _, n) => s + at(r, 2 * n + k), 0)
      return { df, scale, mean, kappa: 0.5 + weight }
    })
    for (const c of cells) {
      const [n, i] = [(c.index[0] ?? 1) - 1, (c.index[1] ?? 1) - 1]
      const parts = q.map(({ df, scale, mean, kappa }, k) => {
        const w = at(r, 2 * n + k)
        const off = [0, 1].map((j) => (x[n]?.[j] ?? 0) - at(mean, j))
        // of the mean under q, beside Sigma where it scales with that
        const own = scaled === 1 ? [0, 0, 0, 0] : numbers(posteriorOf(fit, 'mu').covariance).slice(4 * k, 4 * k + 4)
        const precision = inverse2(scale).map((v) => df * v)
        const logdet = Math.log(det2(scale)) - digamma(df / 2) - digamma((df - 1) / 2) - 2 * Math.log(2)
        const square = [0, 1, 2, 3].reduce(
          (sum, e) => sum + at(precision, e) * (at(off, e >> 1) * at(off, e & 1) + at(own, e)),
          scaled === 1 ? 2 / kappa : 0,
        )
        const left = scaled === 1 ? kappa - w : Number.POSITIVE_INFINITY
        const cavity = scaled === 1 ? own : inverse2(inverse2(own).map((v, e) => v - w * at(precision, e)))
        // the mean without the vector is farther off it: by (I − w V P)⁻¹
        const farther =
          scaled === 1
            ? at(off, i) * (kappa / left)
            : [0, 1].reduce((sum, j) => sum + at(product2(cavity, inverse2(own)), 2 * i + j) * at(off, j), 0)
        const more = scaled === 1 ? ((w * kappa) / left) * at(off, i) ** 2 : w * (at(off, i) ** 2 + at(own, 3 * i))
        const spread = (at(scale, 3 * i) - more) / 2
        const below = overLog(gamma((df - w - 1) / 2, spread), (u) =>
          phi(farther / Math.sqrt((1 + 1 / left) / u + at(cavity, 3 * i))),
        )
        return { share: w / Math.exp(-0.5 * (logdet + square)), below }
      })
      const shares = normalised(parts.map((p) => p.share))
      const expected = parts.reduce((s, p, k) => s + at(shares, k) * p.below, 0)
      expect(Math.abs((c.pit ?? Number.NaN) - expected)).toBeLessThan(0.02)
    }
  })

  test('two chains whose product is seen: each of its numbers by its mean and variance', async () => {
    const x = [0.4, 1.1, -0.6, 2.3, 1.9, -0.2]
    const fit = await compileOrThrow(`model TwoChains
data  y : real[T]
latent m[1] ~ Normal(1, 1)
for t in 2..T { latent m[t] ~ Normal(m[t-1], 0.5) }
latent g[1] ~ Normal(1, 1)
for t in 2..T { latent g[t] ~ Normal(g[t-1], 0.5) }
for t in 1..T { y[t] ~ Normal(m[t] * g[t], 0.8) }`).fit({ y: x }, { tolerance: 1e-14 })
    const own = await cellsOf(fit, 'y')
    x.forEach((value, t) => {
      const [m, g] = [productCavity(fit, 'm', 'g', t, value, 0.64), productCavity(fit, 'g', 'm', t, value, 0.64)]
      const sd = Math.sqrt(0.64 + m.mean ** 2 * g.variance + g.mean ** 2 * m.variance + m.variance * g.variance)
      expect(Math.abs((own[t]?.residual ?? Number.NaN) - (value - m.mean * g.mean) / sd)).toBeLessThan(1e-3)
    })
  })

  test('means that are vectors, or numbers of their own: the same', async () => {
    const x = Array.from({ length: 16 }, (_, n) => {
      const far = n % 3 === 0 ? 5 : 0
      return [Math.sin(5 * n) + far, Math.cos(3 * n) + 0.5 * Math.sin(5 * n) - far] as const
    })
    const of = async (means: string): Promise<readonly number[]> => {
      const fit = await compileOrThrow(`model Vectors
const K = 2
data  x : real[N, D]
param pi    : simplex[K]
param Sigma : covariance[K, D] ~ InverseWishart(5, [[1, 0.2], [0.2, 2]])
param mu    : real[K, D]
for k in 1..K { ${means} }
for n in 1..N {
  latent z ~ Categorical(pi)
  x[n] ~ MvNormal(mu[z], Sigma[z])
}`).fit({ x }, { mode: 'vb', tolerance: 1e-13 })
      return (await fit.residuals()).arrays.flatMap((a) => a.cells.map((c) => c.pit ?? Number.NaN))
    }
    const [vectors, own] = [
      await of('mu[k] ~ MvNormal([0, 0], [[9, 0], [0, 9]])'),
      await of('for d in 1..D { mu[k, d] ~ Normal(0, 3) }'),
    ]
    expect(vectors.length).toBe(32)
    expect(own.length).toBe(32)
    vectors.forEach((p, i) => {
      expect(Math.abs(p - at(own, i))).toBeLessThan(0.03)
    })
  })
})
