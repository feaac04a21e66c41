/** Sandwich errors beside their formulas, over rows, weights and groups. */
import { expect, test } from 'vitest'
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
