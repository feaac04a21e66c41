/** Residuals of cells whose continuous latents are integrated out over their posterior: by hand, and of simulated data. */
import { describe, expect, test } from 'vitest'
import { logPhi } from '../../compiler/numerics/index.js'
import { compileOrThrow } from '../../index.js'
import { fitAt } from './fit-at.js'

const close = (a: number | null | undefined, b: number, digits = 9): void =>
  expect(a ?? Number.NaN).toBeCloseTo(b, digits)

/** Rates of one of two kinds. */
const kinds = `model Kinds
data  y : count[N]
param w : simplex[2]
param a, b : positive[2]
for n in 1..N {
  latent z ~ Categorical(w)
  latent r ~ Gamma(a[z], b[z])
  y[n] ~ Poisson(r)
}`

describe('latents that are integrated out over their posterior', () => {
  test('of a vector each coordinate has its own distribution, all of the vector left out', async () => {
    const source = `model RobustVectors
data  x : real[N, 2]
param m : real[2]
param S : covariance[2]
for n in 1..N {
  latent u ~ Gamma(1.5, rate = 1.5)
  x[n] ~ MvNormal(m, S / u)
}`
    const x = [
      [1, 2],
      [-3, 0.5],
      [40, -60],
    ]
    const fit = await fitAt(
      source,
      { x },
      {
        m: [0.5, 1],
        S: [
          [4, 1],
          [1, 9],
        ],
      },
    )
    const { arrays } = await fit.residuals({ x })
    // Student's t of 3 degrees of freedom: P(T ≤ t) = ½ + (atan(s) + s/(1 + s²))/π, s = t/√3
    expect(arrays.flatMap(({ cells }) => cells).length).toBe(6)
    for (const { cells } of arrays)
      for (const c of cells) {
        const [n, i] = [(c.index[0] ?? 1) - 1, (c.index[1] ?? 1) - 1]
        const t = ((x[n]?.[i] ?? 0) - (i === 0 ? 0.5 : 1)) / (i === 0 ? 2 : 3)
        const s = t / Math.sqrt(3)
        close(c.pit, 0.5 + (Math.atan(s) + s / (1 + s * s)) / Math.PI, 8)
        close(c.residual, t / Math.sqrt(3), 6)
      }
  })

  test('a location and its spread under a logarithm have a t of 4 degrees of freedom', async () => {
    const source = `model Pair
data  y : positive[N]
param c : positive
for n in 1..N {
  latent r ~ Gamma(2, 1)
  latent m ~ Normal(0, sqrt(1 / r))
  y[n] ~ LogNormal(m, c / sqrt(r))
}`
    const y = [0.1, 2, 1, 0.5, 300]
    const own = (await (await fitAt(source, { y }, { c: 1.5 })).residuals({ y })).arrays.find((r) => r.data === 'y')
    expect(own?.cells.length).toBe(5)
    own?.cells.forEach((c, n) => {
      const t = Math.log(y[n] ?? 0) / Math.sqrt((1 + 1.5 ** 2) / 2)
      const x = t / Math.sqrt(4 + t * t)
      close(c.pit, 0.5 + 0.75 * (x - x ** 3 / 3), 5)
    })
  })

  test('a sum of two numbers of a Normal vector under a logarithm', async () => {
    const source = `model Sum
data  y : positive[N]
param c : positive
for n in 1..N {
  latent m : real[2] ~ MvNormal([0, 1], [[1, 0.5], [0.5, 2]])
  y[n] ~ LogNormal(m[1] + m[2], c)
}`
    const y = [0.1, 2, 1, 0.5, 300]
    const own = (await (await fitAt(source, { y }, { c: 0.3 })).residuals({ y })).arrays.find((r) => r.data === 'y')
    expect(own?.cells.length).toBe(5)
    own?.cells.forEach((c, n) => {
      close(c.pit, Math.exp(logPhi((Math.log(y[n] ?? 0) - 1) / Math.sqrt(4 + 0.09))), 5)
    })
  })

  test('the same about one of two means', async () => {
    const source = `model SumOfKind
data  y : positive[N]
param w : simplex[2]
param a : real[2]
param c : positive
for n in 1..N {
  latent z ~ Categorical(w)
  latent m : real[2] ~ MvNormal([a[z], 1], [[1, 0.5], [0.5, 2]])
  y[n] ~ LogNormal(m[1] + m[2], c)
}`
    const y = [0.1, 2, 1, 0.5, 300]
    const fit = await fitAt(source, { y }, { w: [0.3, 0.7], a: [-2, 3], c: 0.3 })
    const own = (await fit.residuals({ y })).arrays.find((r) => r.data === 'y')
    expect(own?.cells.length).toBe(5)
    own?.cells.forEach((c, n) => {
      const below = (a: number): number => Math.exp(logPhi((Math.log(y[n] ?? 0) - 1 - a) / Math.sqrt(4 + 0.09)))
      close(c.pit, 0.3 * below(-2) + 0.7 * below(3), 5)
    })
  })

  test('vectors about a mean of their group: Normal given the others of the group', async () => {
    const source = `model Vectors
data  g : category[N]
data  x : real[N, 2]
param S : covariance[2]
for j in levels(g) { latent m : real[2] ~ MvNormal([0, 0], [[4, 1], [1, 3]]) }
for n in 1..N { x[n] ~ MvNormal(m[g[n]], S) }`
    const g = ['a', 'a', 'b']
    const x = [
      [1, 2],
      [-0.5, 3],
      [2, -1],
    ]
    const S = [
      [1, 0.3],
      [0.3, 0.5],
    ]
    const T = [
      [4, 1],
      [1, 3],
    ]
    const of = (m: readonly (readonly number[])[], i: number, j: number): number => m[i]?.[j] ?? 0
    const plus = [0, 1].map((i) => [0, 1].map((j) => of(S, i, j) + of(T, i, j)))
    const det = of(plus, 0, 0) * of(plus, 1, 1) - of(plus, 0, 1) ** 2
    const inverse = [
      [of(plus, 1, 1) / det, -of(plus, 0, 1) / det],
      [-of(plus, 0, 1) / det, of(plus, 0, 0) / det],
    ]
    // T (S + T)⁻¹ is what another vector of the group says of this one
    const gain = [0, 1].map((i) => [0, 1].map((j) => [0, 1].reduce((s, k) => s + of(T, i, k) * of(inverse, k, j), 0)))
    const { arrays } = await (await fitAt(source, { g, x }, { S })).residuals({ g, x })
    const cells = arrays.flatMap((a) => a.cells)
    expect(cells.length).toBe(6)
    for (const c of cells) {
      const [n, i] = [(c.index[0] ?? 1) - 1, (c.index[1] ?? 1) - 1]
      const other = n === 2 ? null : (x[1 - n] ?? [])
      const mean = other === null ? 0 : [0, 1].reduce((s, k) => s + of(gain, i, k) * (other[k] ?? 0), 0)
      const less = other === null ? 0 : [0, 1].reduce((s, k) => s + of(gain, i, k) * of(T, k, i), 0)
      const z = ((x[n]?.[i] ?? 0) - mean) / Math.sqrt(of(plus, i, i) - less)
      close(c.pit, Math.exp(logPhi(z)), 5)
      close(c.residual, z, 5)
    }
  })

  test('of truth values that share a Beta probability', async () => {
    const source = `model Shared
data  g : category[N]
data  y : bool[N]
param a, b : positive
for j in levels(g) { latent p ~ Beta(a, b) }
for n in 1..N { y[n] ~ Bernoulli(p[g[n]]) }`
    const g = ['a', 'a', 'a', 'b', 'b', 'c']
    const y = [true, false, true, true, true, false]
    const fit = await fitAt(source, { g, y }, { a: 0.4, b: 0.7 })
    const own = (await fit.residuals({ g, y })).arrays.find((r) => r.data === 'y')
    own?.cells.forEach((c, n) => {
      const others = y.filter((_, i) => i !== n && g[i] === g[n])
      const p = (0.4 + others.filter((v) => v).length) / (1.1 + others.length)
      close(c.probability, y[n] ? p : 1 - p)
    })
    expect(own?.cells.length).toBe(6)
    // P(true) over all cells, as the model has it
    const expected = own?.cells.reduce((sum, c, n) => sum + (y[n] ? (c.probability ?? 0) : 1 - (c.probability ?? 0)), 0)
    close(own?.frequencies?.find((f) => f.value === 'true')?.expected, expected ?? Number.NaN)
  })

  test('of labels whose probabilities are Dirichlet and shared', async () => {
    const source = `model Labels
data  g, y : category[N]
param alpha : positive[3]
for j in levels(g) { latent p : simplex[3] ~ Dirichlet(alpha) }
for n in 1..N { y[n] ~ Categorical(p[g[n]]) }`
    const g = ['a', 'a', 'a', 'a', 'b', 'b', 'c']
    const y = ['u', 'v', 'u', 'w', 'v', 'v', 'u']
    const alpha = [0.3, 2, 1.5]
    const fit = await fitAt(source, { g, y }, { alpha })
    const own = (await fit.residuals({ g, y })).arrays.find((r) => r.data === 'y')
    const labels = ['u', 'v', 'w']
    const expected = [0, 0, 0]
    own?.cells.forEach((c, n) => {
      const others = y.filter((_, i) => i !== n && g[i] === g[n])
      const p = labels.map((l, k) => ((alpha[k] ?? 0) + others.filter((v) => v === l).length) / (3.8 + others.length))
      close(c.probability, p[labels.indexOf(y[n] ?? '')] ?? Number.NaN, 8)
      p.forEach((q, k) => {
        expected[k] = (expected[k] ?? 0) + q
      })
    })
    own?.frequencies?.forEach((f, k) => {
      close(f.expected, expected[k] ?? Number.NaN, 7)
    })
    expect(own?.cells.length).toBe(7)
  })

  test('a kind of rate thousands of sds off, known from the posterior without the cell', async () => {
    const y = [2, 4_001_000]
    const fit = await fitAt(kinds, { y }, { w: [0.25, 0.75], a: [3, 4e6], b: [1, 1] })
    const own = (await fit.residuals({ y })).arrays.find((r) => r.data === 'y')
    expect(own?.left).toBe(0)
    // P(X ≤ 1) and P(X ≤ 2) of the first kind: ½³ (1 + 3/2) and ½³ (1 + 3/2 + 6/4)
    expect(own?.cells[0]?.pit).toBeGreaterThan((0.25 * 2.5) / 8)
    expect(own?.cells[0]?.pit).toBeLessThan((0.25 * 4) / 8)
  })

  test.each([1e6, 1e7, 1e9])('none beside %d of the same rate', async (many) => {
    const source = `model Rates
data  g : category[N]
data  y : count[N]
param a, b : positive
for j in levels(g) { latent r ~ Gamma(a, b) }
for n in 1..N { y[n] ~ Poisson(r[g[n]]) }`
    const data = { g: ['a', 'a'], y: [0, many] }
    const fit = await fitAt(source, data, { a: 2, b: 1 })
    const own = (await fit.residuals(data)).arrays.find((r) => r.data === 'y')
    expect(own?.left).toBe(0)
    // the rate is Gamma(2 + many, 2) without it: P(X = 0) = (2/3)^(2 + many), and that of X below is a drawn part of it
    const log = (2 + many) * Math.log(2 / 3)
    expect(logPhi(own?.cells[0]?.quantile ?? Number.NaN) / log - 1).toBeLessThan(1e-5)
    expect(logPhi(own?.cells[0]?.quantile ?? Number.NaN) / log - 1).toBeGreaterThan(-1e-5)
    const mean = (2 + many) / 2
    close(own?.cells[0]?.residual, -Math.sqrt(mean / 1.5), 3)
  })

  test('a kind of rate so far off that it has no posterior left', async () => {
    // beside rates of some thousands: P(y = 0) is that of the first kind alone, ¼ · 2^−3
    const y = [0, 0, 3, 4100]
    const fit = await fitAt(kinds, { y }, { w: [0.25, 0.75], a: [3, 40], b: [1, 0.01] })
    const own = (await fit.residuals({ y })).arrays.find((r) => r.data === 'y')
    expect(own?.left).toBe(0)
    close(own?.frequencies?.[0]?.expected, 4 * 0.25 * 2 ** -3, 8)
  })

  test('of data drawn from the model residuals are standard normal, and places uniform', async () => {
    const source = `model Rates
data  g : category[N]
data  y : count[N]
data  x : real[N]
param a, b, s : positive
for j in levels(g) { latent r ~ Gamma(a, b) }
for n in 1..N {
  y[n] ~ Poisson(r[g[n]])
  x[n] ~ Normal(0, s / sqrt(r[g[n]]))
}`
    const g = Array.from({ length: 600 }, (_, n) => `${n % 200}`)
    const model = compileOrThrow(source)
    const params = { a: 0.8, b: 0.3, s: 1.5 }
    const seeds = [1, 2, 3]
    const found = new Map<string, { quantiles: number[]; tenths: number[] }>()
    for (const seed of seeds) {
      const { y, x } = model.simulate(params, {}, { data: { g }, seed }).data
      const data = { g, y, x }
      for (const own of (await (await fitAt(source, data, params)).residuals(data)).arrays) {
        if (own.kind === 'labels' || own.reason !== null) continue
        expect(own.left, own.data).toBe(0)
        const known = found.get(own.data) ?? { quantiles: [], tenths: new Array<number>(10).fill(0) }
        known.quantiles.push(...own.cells.map((c) => c.quantile ?? Number.NaN))
        own.histogram?.forEach((share, i) => {
          known.tenths[i] = (known.tenths[i] ?? 0) + share / seeds.length
        })
        found.set(own.data, known)
      }
    }
    expect([...found.keys()].sort()).toEqual(['x', 'y'])
    for (const [name, { quantiles, tenths }] of found) {
      const mean = quantiles.reduce((a, b) => a + b, 0) / quantiles.length
      const sd = Math.sqrt(quantiles.reduce((a, z) => a + (z - mean) ** 2, 0) / quantiles.length)
      // four standard errors over 1800 cells: those of one group are not independent
      expect(Math.abs(mean), name).toBeLessThan(0.092)
      expect(Math.abs(sd - 1), name).toBeLessThan(0.085)
      for (const share of tenths) expect(Math.abs(share - 0.1), name).toBeLessThan(0.028)
    }
  })
})
