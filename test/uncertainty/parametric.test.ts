/** The parametric bootstrap: refits to data drawn from the fit. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { compileOrThrow, type Fit } from '../../index.js'
import { normal, skew, weighted } from './models.js'

const chain = `model Walk
data  y : real[T]
param a, c : real
param s : positive
y[1] ~ Normal(580, 2)
for t in 2..T { y[t] ~ Normal(c + a * y[t-1], s) }`

test('a mean and an sd: their errors are those of Normal data, whatever the data are', async () => {
  const y = skew(100, 5).map((x) => x ** 3)
  const fit = await compileOrThrow(normal).fit({ y })
  const found = await fit.standardErrors('parametric', { replicates: 300 })
  const sigma = Number(fit.params.sigma)
  const error = (name: string): number => found.estimates.find((e) => e.name === name)?.standardError ?? Number.NaN
  // s/√n and s/√(2n); the sd of 300 draws is known to 4 %. The rows themselves are skew: their bootstrap says more of sigma
  expect(error('mu') / (sigma / 10)).toBeGreaterThan(0.85)
  expect(error('mu') / (sigma / 10)).toBeLessThan(1.15)
  expect(error('sigma') / (sigma / Math.sqrt(200))).toBeGreaterThan(0.85)
  expect(error('sigma') / (sigma / Math.sqrt(200))).toBeLessThan(1.15)
  expect(found.fields.errors).toEqual({ kind: 'parametric', level: 0.95, replicates: 300, used: 300, failures: [] })
  const rows = await fit.standardErrors('bootstrap', { replicates: 300 })
  const ofRows = rows.estimates.find((e) => e.name === 'sigma')?.standardError ?? Number.NaN
  expect(ofRows / error('sigma')).toBeGreaterThan(1.2)
})

test('one long chain: the levels of Lake Huron', async () => {
  const lines = readFileSync('examples/autoregression/huron.csv', 'utf8').trim().split('\n')
  const at = lines[0]?.split(',').indexOf('y') ?? -1
  const y = lines.slice(1).map((line) => Number(line.split(',')[at]))
  const model = compileOrThrow(chain)
  await expect(model.fit({ y }, { errors: 'bootstrap' })).rejects.toThrow(/one unit.*parametric draws whole data/)
  const fit = await model.fit({ y }, { errors: 'parametric', replicates: 100 })
  const { fields } = await fit.standardErrors('information')
  const [own, other] = [fit.result.standardErrors?.a, fields.standardErrors.a].map(Number)
  // the sd of 100 draws is known to 7 %; with 98 years the estimates are a little wider than the parabola says
  expect((own ?? 0) / (other ?? 1)).toBeGreaterThan(0.8)
  expect((own ?? 0) / (other ?? 1)).toBeLessThan(1.5)
  const [one, two] = [await ten(fit), await ten(fit)]
  expect(one).toEqual(two)
})

const ten = async (fit: Fit) => (await fit.standardErrors('parametric', { replicates: 10 })).estimates

test('a row with a frequency weight is drawn as so many rows', async () => {
  const errors = { errors: 'parametric', replicates: 20 } as const
  const counted = await compileOrThrow(weighted).fit({ y: [1, 2, 4], w: [2, 1, 3] }, errors)
  const rows = await compileOrThrow(weighted).fit({ y: [1, 1, 2, 4, 4, 4], w: [1, 1, 1, 1, 1, 1] }, errors)
  expect(counted.result.standardErrors).toEqual(rows.result.standardErrors)
  const sampled = compileOrThrow(weighted).fit({ y: [1, 2, 4], w: [2, 1, 3] }, { ...errors, weights: 'sampling' })
  await expect(sampled).rejects.toThrow('a weight of a sample')
})
