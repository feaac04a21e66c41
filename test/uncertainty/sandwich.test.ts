/** Sandwich errors beside their formulas, over rows, weights and groups. */
import { expect, test } from 'vitest'
import { unitsByData } from '../../api/uncertainty/parts.js'
import { compileOrThrow, type Fit } from '../../index.js'
import { chain, grouped, keyed, nested, normal, skew, weighted } from './models.js'

const y = skew(90, 13)

async function errorsOf(fit: Fit, options: Parameters<Fit['standardErrors']>[1] = {}) {
  const found = await fit.standardErrors('sandwich', options)
  return new Map(found.estimates.map((e) => [e.name, e.standardError ?? Number.NaN]))
}

test('rows: White 1982 for a normal sample', async () => {
  const n = y.length
  const mean = y.reduce((a, b) => a + b, 0) / n
  const m = (k: number): number => y.reduce((s, x) => s + (x - mean) ** k, 0) / n
  const found = await errorsOf(await compileOrThrow(normal).fit({ y }))
  expect(found.get('mu')).toBeCloseTo(Math.sqrt(m(2) / n), 8)
  expect(found.get('sigma')).toBeCloseTo(Math.sqrt((m(4) / m(2) - m(2)) / (4 * n)), 8)
})

test('frequency weights are rows, sampling weights are not', async () => {
  const w = y.map((_, i) => 1 + (i % 4))
  const rows = y.flatMap((x, i) => Array.from({ length: w[i] ?? 1 }, () => x))
  const fit = await compileOrThrow(weighted).fit({ y, w })
  const [counted, expanded] = [await errorsOf(fit), await errorsOf(await compileOrThrow(normal).fit({ y: rows }))]
  for (const name of ['mu', 'sigma']) expect(counted.get(name)).toBeCloseTo(expanded.get(name) ?? Number.NaN, 8)
  const total = w.reduce((a, b) => a + b, 0)
  const mean = y.reduce((s, x, i) => s + (w[i] ?? 0) * x, 0) / total
  const sampled = await errorsOf(fit, { weights: 'sampling' })
  expect(sampled.get('mu')).toBeCloseTo(
    Math.sqrt(y.reduce((s, x, i) => s + ((w[i] ?? 0) * (x - mean)) ** 2, 0)) / total,
    8,
  )
  // their unit does not count
  const tenth = await compileOrThrow(weighted).fit({ y, w: w.map((x) => x / 10) })
  expect((await errorsOf(tenth, { weights: 'sampling' })).get('sigma')).toBeCloseTo(sampled.get('sigma') ?? 0, 7)
})

test('sampling weights ask for the sandwich', async () => {
  const w = y.map((_, i) => 0.5 + (i % 4))
  const fit = await compileOrThrow(weighted).fit({ y, w }, { weights: 'sampling' })
  expect(fit.toJSON().errors).toMatchObject({ kind: 'sandwich', units: y.length })
})

test('groups are units, found through a key or a nested plate', async () => {
  const rows = grouped(15, 4, 17)
  const flat = { y: rows.flat(), group: rows.flatMap((r, g) => r.map(() => `g${g}`)) }
  const byKey = await compileOrThrow(keyed).fit(flat, { tolerance: 1e-13 })
  const byPlate = await compileOrThrow(nested).fit({ y: rows }, { tolerance: 1e-13 })
  const [first, second] = [await errorsOf(byKey), await errorsOf(byPlate)]
  for (const name of ['mu', 't', 's']) expect((first.get(name) ?? 0) / (second.get(name) ?? 0)).toBeCloseTo(1, 5)
  expect((await byKey.standardErrors('sandwich')).fields.errors.units).toBe(15)
  // in a balanced design the mean's is that of the means of groups
  const means = rows.map((r) => r.reduce((a, b) => a + b, 0) / r.length)
  const mean = means.reduce((a, b) => a + b, 0) / means.length
  const expected = Math.sqrt(means.reduce((s, x) => s + (x - mean) ** 2, 0)) / means.length
  expect(first.get('mu')).toBeCloseTo(expected, 6)
})

test('one chain is one unit: there is no sandwich', async () => {
  const counts = y.map((x, i) => Math.round(x) + (i % 30 < 15 ? 0 : 6))
  const fit = await compileOrThrow(chain).fit({ y: counts }, { restarts: 2 })
  await expect(fit.standardErrors('sandwich')).rejects.toThrow('one unit')
  await expect(fit.standardErrors('bootstrap')).rejects.toThrow('one unit')
})

test('rows are units where the latents of a row stand in a loop of their own, as they are with one vector', async () => {
  const factor = (latent: string) => `model F
data y : real[N, D]
param m : real[D]
param a : real[D]
param s : positive[D]
for i in 1..N {
  ${latent}
  y[i] ~ Normal([m[d] + a[d] * f[1] + f[2] for d in 1..D], s)
}`
  const rows = grouped(60, 4, 5).map((r, i) => r.map((v, d) => v + Math.sin(7 * i + d * d)))
  const apart = await compileOrThrow(factor('for k in 1..2 { latent f[k] ~ Normal(0, 1) }')).fit(
    { y: rows },
    { restarts: 3, tolerance: 1e-13 },
  )
  const joined = await compileOrThrow(
    factor('latent f ~ MvNormal([0 for k in 1..2], [[1 if k == j else 0 for k in 1..2] for j in 1..2])'),
  ).fit({ y: rows }, { restarts: 3, tolerance: 1e-13 })
  expect(apart.logLikelihood).toBeCloseTo(joined.logLikelihood, 7)
  const [first, second] = [await errorsOf(apart), await errorsOf(joined)]
  for (const name of ['m', 's']) expect((first.get(name) ?? 0) / (second.get(name) ?? 0)).toBeCloseTo(1, 5)
  expect((await apart.standardErrors('sandwich')).fields.errors.units).toBe(60)
  const drawn = await apart.standardErrors('bootstrap', { replicates: 10 })
  expect(drawn.fields.errors.units).toBe(60)
})

test('groups that only the data nest are units: the sandwich of their densities written out', async () => {
  const rows = Array.from({ length: 48 }, (_, i) => ({
    batch: i % 8,
    cask: (i % 8) * 3 + (Math.floor(i / 8) % 3),
    y: 2 + Math.sin(5 * i) + 1.5 * Math.sin(i % 8) + Math.cos(7 * ((i % 8) * 3 + (Math.floor(i / 8) % 3))),
  }))
  const fit = await compileOrThrow(`model Nested
data batch, cask : category[N]
data y : real[N]
param m : real
param p, q, s : positive
for g in levels(batch) { latent a[g] ~ Normal(0, p) }
for h in levels(cask)  { latent b[h] ~ Normal(0, q) }
for n in 1..N { y[n] ~ Normal(m + a[batch[n]] + b[cask[n]], s) }`).fit(
    { batch: rows.map((r) => `b${r.batch}`), cask: rows.map((r) => `c${r.cask}`), y: rows.map((r) => r.y) },
    { tolerance: 1e-14, maxIterations: 50_000, accelerate: 'squarem' },
  )
  const names = ['m', 'p', 'q', 's'] as const
  const at = names.map((name) => Number(fit.params[name]))
  // log density of a batch, by elimination
  const density = (batch: number, [m = 0, p = 0, q = 0, s = 0]: readonly number[]): number => {
    const own = rows.filter((r) => r.batch === batch)
    const n = own.length
    const c = own.map((a, i) => own.map((b, j) => p * p + (a.cask === b.cask ? q * q : 0) + (i === j ? s * s : 0)))
    const r = own.map((x) => x.y - m)
    let log = (-n / 2) * Math.log(2 * Math.PI)
    for (let k = 0; k < n; k++) {
      const pivot = c[k]?.[k] ?? Number.NaN
      log -= Math.log(pivot) / 2 + (r[k] ?? 0) ** 2 / pivot / 2
      for (let i = k + 1; i < n; i++) {
        const f = (c[i]?.[k] ?? 0) / pivot
        r[i] = (r[i] ?? 0) - f * (r[k] ?? 0)
        for (let j = k; j < n; j++) {
          const row = c[i]
          if (row !== undefined) row[j] = (row[j] ?? 0) - f * (c[k]?.[j] ?? 0)
        }
      }
    }
    return log
  }
  const moved = (by: readonly (readonly [number, number])[]): readonly number[] =>
    at.map((x, i) => x + by.reduce((a, [j, h]) => a + (i === j ? h : 0), 0))
  const h = 1e-4
  const slope = (b: number, i: number): number => (density(b, moved([[i, h]])) - density(b, moved([[i, -h]]))) / (2 * h)
  const total = (by: readonly (readonly [number, number])[]): number =>
    Array.from({ length: 8 }, (_, b) => density(b, moved(by))).reduce((a, x) => a + x, 0)
  const wide = 1e-3
  const A = names.map((_, i) =>
    names.map((__, j) => {
      const four = [1, -1].flatMap((a) =>
        [1, -1].map(
          (b) =>
            a *
            b *
            total([
              [i, a * wide],
              [j, b * wide],
            ]),
        ),
      )
      return -four.reduce((x, v) => x + v, 0) / (4 * wide * wide)
    }),
  )
  const B = names.map((_, i) =>
    names.map((__, j) => Array.from({ length: 8 }, (___, b) => slope(b, i) * slope(b, j)).reduce((x, v) => x + v, 0)),
  )
  const inverse = inverted(A)
  const product = (x: number[][], y: number[][]): number[][] =>
    x.map((row) => names.map((_, j) => row.reduce((a, v, k) => a + v * (y[k]?.[j] ?? 0), 0)))
  const sandwich = product(product(inverse, B), inverse)
  const errors = await fit.standardErrors('sandwich')
  expect(errors.fields.errors.units).toBe(8)
  errors.estimates.forEach((e, i) => {
    expect((e.standardError ?? 0) / Math.sqrt(sandwich[i]?.[i] ?? 0)).toBeCloseTo(1, 3)
  })
  const drawn = await fit.standardErrors('bootstrap', { replicates: 200 })
  expect(drawn.fields.errors.units).toBe(8)
  // m is the mean of the means of the batches, which are of one size: its bootstrap is known
  const means = Array.from({ length: 8 }, (_, b) => {
    const own = rows.filter((r) => r.batch === b)
    return own.reduce((a, r) => a + r.y, 0) / own.length
  })
  const mean = means.reduce((a, x) => a + x, 0) / 8
  const known = Math.sqrt(means.reduce((a, x) => a + (x - mean) ** 2, 0)) / 8
  expect((drawn.estimates[0]?.standardError ?? 0) / known).toBeGreaterThan(0.85)
  expect((drawn.estimates[0]?.standardError ?? 0) / known).toBeLessThan(1.15)
})

function inverted(matrix: readonly (readonly number[])[]): number[][] {
  const n = matrix.length
  const a = matrix.map((row, i) => [...row, ...row.map((_, j) => (i === j ? 1 : 0))])
  for (let k = 0; k < n; k++) {
    const pivot = a[k]?.[k] ?? Number.NaN
    a[k] = (a[k] ?? []).map((x) => x / pivot)
    for (let i = 0; i < n; i++) {
      const f = a[i]?.[k] ?? 0
      if (i !== k) a[i] = (a[i] ?? []).map((x, j) => x - f * (a[k]?.[j] ?? 0))
    }
  }
  return a.map((row) => row.slice(n))
}

const topics = (K: number): string => `model Topics
data doc, word : category[N]
data n_times   : count[N]
param words_of : simplex[${K}, levels(word)]
for d in levels(doc) { latent topics_of : simplex[${K}] ~ Dirichlet(0.5) }
for n in 1..N weight n_times[n] {
  latent z ~ Categorical(topics_of[doc[n]])
  word[n] ~ Categorical(words_of[z])
}`

/** How often each of three words comes in each of eight documents. */
const counts = [
  [9, 2, 1],
  [7, 3, 2],
  [1, 8, 3],
  [2, 9, 1],
  [5, 5, 4],
  [8, 1, 1],
  [3, 6, 6],
  [1, 7, 2],
]
const corpus = {
  doc: counts.flatMap((row, d) => row.map(() => `d${d}`)),
  word: counts.flatMap((row) => row.map((_, w) => `w${w}`)),
  n_times: counts.flat(),
}

test('documents are the units of topics: those of one topic are clusters of a multinomial', async () => {
  const fit = await compileOrThrow(topics(1)).fit(corpus)
  expect(fit.toJSON().bound).toBe('variational')
  const { estimates, fields } = await fit.standardErrors('sandwich')
  expect(fields.errors.units).toBe(8)
  const total = counts.flat().reduce((a, b) => a + b, 0)
  for (let w = 0; w < 3; w++) {
    const p = counts.reduce((sum, row) => sum + (row[w] ?? 0), 0) / total
    const squares = counts.map((row) => ((row[w] ?? 0) - p * row.reduce((a, b) => a + b, 0)) ** 2)
    const error = Math.sqrt(squares.reduce((a, b) => a + b, 0)) / total
    expect(estimates[w]?.value).toBeCloseTo(p, 6)
    expect(estimates[w]?.standardError).toBeCloseTo(error, 6)
  }
})

test('what documents add is the bound of all, with a slope of 0 at its maximum', async () => {
  const model = compileOrThrow(topics(2))
  const fit = await model.fit(corpus, { restarts: 4, tolerance: 1e-12, maxIterations: 20_000 })
  const units = unitsByData(model.bind(corpus, {}, null).model)
  if (units === null) throw new Error('no units')
  const params = Float64Array.from([fit.params.words_of].flat(2).map(Number))
  const at = (own: Float64Array): number => units.at(own).reduce((a, b) => a + b, 0)
  expect(at(params)).toBeCloseTo(fit.logLikelihood, 6)
  // along the simplex of each topic
  for (const from of [0, 3]) {
    const own = params.subarray(from, from + 3)
    const largest = from + own.indexOf(Math.max(...own))
    const moved = (by: number): Float64Array => {
      const tilted = params.map((x, i) => (i === largest ? x * Math.exp(by) : x))
      const total = tilted.slice(from, from + 3).reduce((a, b) => a + b, 0)
      return tilted.map((x, i) => (i >= from && i < from + 3 ? x / total : x))
    }
    expect(Math.abs(at(moved(1e-3)) - at(moved(-1e-3))) / 2e-3).toBeLessThan(0.01)
    expect(at(moved(0.2))).toBeLessThan(at(params) - 1e-3)
  }
})

test('crossed groups have no units of their own', async () => {
  const crossed = `model Crossed
data g, h : category[N]
data y    : real[N]
param m : real[2, 2]
param p : simplex[2]
for i in levels(g) { latent a[i] ~ Categorical(p) }
for j in levels(h) { latent b[j] ~ Categorical(p) }
for n in 1..N { y[n] ~ Normal(m[a[g[n]], b[h[n]]], 1) }`
  const cells = Array.from({ length: 16 }, (_, i) => [i % 4, Math.floor(i / 4)] as const)
  const data = {
    g: cells.map(([i]) => `g${i}`),
    h: cells.map(([, j]) => `h${j}`),
    y: cells.map(([i, j]) => (i * j) % 5),
  }
  const fit = await compileOrThrow(crossed).fit(data, { restarts: 2 })
  await expect(fit.standardErrors('sandwich')).rejects.toThrow(/its rows fall into no units that keep to themselves/)
})
