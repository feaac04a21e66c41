/** The bootstrap over rows, counts, groups and sequences. */
import { expect, test } from 'vitest'
import { compileOrThrow, type Fit } from '../../index.js'
import { bell, grouped, keyed, mixture, nested, normal, skew, twoBells, weighted } from './models.js'

async function bootstrapped(fit: Fit, replicates: number, seed = 1) {
  const found = await fit.standardErrors('bootstrap', { replicates, seed })
  const by = new Map(found.estimates.map((e) => [[e.name, ...e.index].join(' '), e]))
  return { found, error: (name: string): number => by.get(name)?.standardError ?? Number.NaN, by }
}

test('rows: the spread of a mean, and its percentiles', async () => {
  const y = skew(100, 5)
  const n = y.length
  const mean = y.reduce((a, b) => a + b, 0) / n
  const sd = Math.sqrt(y.reduce((s, x) => s + (x - mean) ** 2, 0) / n)
  const { error, by, found } = await bootstrapped(await compileOrThrow(normal).fit({ y }), 400)
  // the sd of 400 draws is known to 3.5 %
  expect(error('mu') / (sd / Math.sqrt(n))).toBeGreaterThan(0.87)
  expect(error('mu') / (sd / Math.sqrt(n))).toBeLessThan(1.13)
  const mu = by.get('mu')
  expect(mu?.low).toBeLessThan(mean - 1.5 * error('mu'))
  expect(mu?.high).toBeGreaterThan(mean + 1.5 * error('mu'))
  expect(by.get('twice 2')?.standardError).toBeGreaterThan(0)
  expect(found.fields.errors).toMatchObject({ replicates: 400, used: 400, failures: [], units: n })
})

test('a seed gives the same numbers, another one others', async () => {
  const fit = await compileOrThrow(mixture).fit({ y: twoBells(90, 3) }, { restarts: 2 })
  const [a, b, c] = [await bootstrapped(fit, 20), await bootstrapped(fit, 20), await bootstrapped(fit, 20, 2)]
  expect(a.found.estimates).toEqual(b.found.estimates)
  expect(a.error('sigma')).not.toBe(c.error('sigma'))
})

test('labels do not switch: components that lie close', async () => {
  const y = bell(120, 8).map((x, i) => (i % 2 === 0 ? x : 1.8 + x))
  const fit = await compileOrThrow(mixture).fit({ y })
  const { by } = await bootstrapped(fit, 60)
  const [first, second] = [by.get('mu 1'), by.get('mu 2')]
  expect(first?.value).toBeLessThan(second?.value ?? Number.NaN)
  expect(by.get('gap')?.low).toBeGreaterThan(-1)
})

test('counts are drawn one by one', async () => {
  const y = skew(25, 6)
  const w = y.map((_, i) => 1 + (i % 5))
  const rows = y.flatMap((x, i) => Array.from({ length: w[i] ?? 1 }, () => x))
  const counted = await bootstrapped(await compileOrThrow(weighted).fit({ y, w }), 300)
  const expanded = await bootstrapped(await compileOrThrow(normal).fit({ y: rows }), 300)
  expect(counted.error('mu') / expanded.error('mu')).toBeGreaterThan(0.82)
  expect(counted.error('mu') / expanded.error('mu')).toBeLessThan(1.22)
})

test('groups are drawn as wholes, through a key or a nested plate', async () => {
  const rows = grouped(30, 4, 19)
  const flat = { y: rows.flat(), group: rows.flatMap((r, g) => r.map(() => `g${g + 10}`)) }
  const byKey = await bootstrapped(await compileOrThrow(keyed).fit(flat), 100)
  const byPlate = await bootstrapped(await compileOrThrow(nested).fit({ y: rows }), 100)
  // the same groups are drawn by the same seed
  for (const name of ['mu', 't', 's']) expect(byKey.error(name) / byPlate.error(name)).toBeCloseTo(1, 3)
  const means = rows.map((r) => r.reduce((a, b) => a + b, 0) / r.length)
  const mean = means.reduce((a, b) => a + b, 0) / means.length
  const expected = Math.sqrt(means.reduce((s, x) => s + (x - mean) ** 2, 0)) / means.length
  expect(byKey.error('mu') / expected).toBeGreaterThan(0.75)
  expect(byKey.error('mu') / expected).toBeLessThan(1.25)
})

test('sequences of different lengths', async () => {
  const source = `model Sequences
const S = 2
data y : real[R][T]
param start : simplex[S]
param step : simplex[S, S]
param mu : real[S]
param sigma : positive
for r in 1..R {
  latent z[1] ~ Categorical(start)
  for t in 2..T[r] { latent z[t] ~ Categorical(step[z[t-1]]) }
  for t in 1..T[r] { y[r, t] ~ Normal(mu[z[t]], sigma) }
}`
  const noise = bell(400, 29)
  let at = 0
  const y = Array.from({ length: 16 }, (_, r) =>
    Array.from({ length: 8 + (r % 5) }, (__, t) => (noise[at++] ?? 0) + ((t + r) % 7 < 3 ? 0 : 5)),
  )
  const fit = await compileOrThrow(source).fit({ y }, { restarts: 3 })
  const { found, error } = await bootstrapped(fit, 30)
  expect(found.fields.errors.units).toBe(16)
  expect(error('mu 1')).toBeGreaterThan(0.05)
  expect(error('mu 1')).toBeLessThan(1)
  const information = await fit.standardErrors()
  const own = information.estimates.find((e) => e.name === 'mu')?.standardError ?? Number.NaN
  expect(error('mu 1') / own).toBeGreaterThan(0.5)
  expect(error('mu 1') / own).toBeLessThan(2)
})

test('a param for each group cannot be drawn with the groups', async () => {
  const source = `model Fixed
data g : category[N]
data y : real[N]
param a : real[levels(g)]
param s : positive
param t : positive
for j in levels(g) { latent u[j] ~ Normal(a[j], t) }
for n in 1..N { y[n] ~ Normal(u[g[n]], s) }`
  const rows = grouped(5, 6, 3)
  const fit = await compileOrThrow(source).fit(
    { y: rows.flat(), g: rows.flatMap((r, i) => r.map(() => `g${i}`)) },
    { restarts: 1 },
  )
  await expect(fit.standardErrors('bootstrap', { replicates: 10 })).rejects.toThrow('a value for each unit')
})
