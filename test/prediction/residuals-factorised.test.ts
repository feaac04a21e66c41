/**
 * Residuals under a factorised posterior: each factor of q that a cell reads without what the cell adds to it, by formulas of
 * their own from the numbers of the posterior, and sums over a fine grid.
 */
import { describe, expect, test } from 'vitest'
import { compileOrThrow, type Fit, type LatentPosterior } from '../../index.js'
import { named, numbers } from './fit-at.js'

const close = (a: number | null | undefined, b: number, digits = 8): void =>
  expect(a ?? Number.NaN).toBeCloseTo(b, digits)

/** ψ(x) by its recurrence and asymptotic series. */
function digamma(x: number): number {
  let [y, out] = [x, 0]
  for (; y < 12; y++) out -= 1 / y
  const s = 1 / (y * y)
  return out + Math.log(y) - 0.5 / y - s * (1 / 12 - s * (1 / 120 - s * (1 / 252 - s / 240)))
}

/** Φ by its Taylor series about 0. */
function phi(z: number): number {
  if (Math.abs(z) > 7) return z > 0 ? 1 : 0
  let [term, total] = [z, z]
  for (let k = 1; k < 400; k++) {
    term *= (z * z) / (2 * k + 1)
    total += term
  }
  return 0.5 + (total * Math.exp(-0.5 * z * z)) / Math.sqrt(2 * Math.PI)
}

/** E f(u) of a density that is known up to a constant, by a sum over log u. */
function overLog(logDensity: (u: number) => number, f: (u: number) => number): number {
  const us = Array.from({ length: 24_001 }, (_, i) => Math.exp(-30 + i / 500))
  const logs = us.map((u) => logDensity(u) + Math.log(u))
  const most = Math.max(...logs)
  let [all, part] = [0, 0]
  us.forEach((u, i) => {
    const w = Math.exp((logs[i] ?? 0) - most)
    if (w < 1e-18) return
    all += w
    part += w * f(u)
  })
  return part / all
}

const normalised = (xs: readonly number[]): readonly number[] => {
  const total = xs.reduce((a, b) => a + b, 0)
  return xs.map((x) => x / total)
}

const at = (xs: readonly number[], i: number): number => xs[i] ?? Number.NaN

function cellsOf(
  fit: Fit,
  data: string,
): Promise<readonly { pit: number | null; residual: number | null; probability: number | null }[]> {
  return fit.residuals().then(({ arrays }) => {
    const own = arrays.find((a) => a.data === data)
    expect(own?.reason).toBeNull()
    expect(own?.left).toBe(0)
    expect(own?.approximate).toBe(true)
    return own?.cells ?? []
  })
}

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
})

const at2 = (xs: readonly string[], i: number): string => xs[i] ?? ''

const det2 = (m: readonly number[]): number => at(m, 0) * at(m, 3) - at(m, 1) * at(m, 2)
const inverse2 = (m: readonly number[]): readonly number[] =>
  [at(m, 3), -at(m, 1), -at(m, 2), at(m, 0)].map((v) => v / det2(m))
const product2 = (a: readonly number[], b: readonly number[]): readonly number[] =>
  [0, 1, 2, 3].map((e) => at(a, e & 2) * at(b, e & 1) + at(a, (e & 2) + 1) * at(b, 2 + (e & 1)))

/** A cell less a Normal mean, without what it adds to that times `precision`; z of the cell with a variance of its own. */
function without(x: number, m: number, v: number, precision: number) {
  const free = 1 / (1 / v - precision)
  const off = x - free * (m / v - precision * x)
  return {
    z: (variance: number) => off / Math.sqrt(free + variance),
    beside: (more: number, variance: number) => (off + more) / Math.sqrt(free + variance),
  }
}

/** Of an unnormalised Gamma density. */
const gamma =
  (shape: number, rate: number) =>
  (u: number): number =>
    (shape - 1) * Math.log(u) - rate * u

const posteriorOf = (fit: Fit, name: string): LatentPosterior => named(fit.posteriors() ?? [], name)

const momentsOf = (fit: Fit, name: string, k: number): readonly [number, number] => {
  const { mean, variance } = posteriorOf(fit, name)
  return [at(numbers(mean), k), at(numbers(variance), k)]
}

const gammaOf = (fit: Fit, name: string, k: number): readonly [number, number] => {
  const values = posteriorOf(fit, name).parameters?.values
  return [at(numbers(values?.get('shape')), k), at(numbers(values?.get('rate')), k)]
}
