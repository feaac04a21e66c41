/** Rows whose number says something of them cannot be drawn anew or left out: they would have the numbers of others. */
import { expect, test } from 'vitest'
import { compileOrThrow, select } from '../../index.js'

const y = Array.from({ length: 40 }, (_, i) => 1 + 0.5 * i + Math.sin(i * i))

const trend = (before: string, mean: string) => `model Trend
data y : real[N]
param a, b : real
param s : positive
${before}
for n in 1..N { y[n] ~ Normal(${mean}, s) }`

test.each([
  ['a number', trend('', 'a + b * n')],
  ['a number in a let', trend('let line = [a + b * n for n in 1..N]', 'line[n]')],
  ['a number in a condition', trend('', 'a if n < 3 else b')],
])('%s: neither a bootstrap of rows nor folds', async (_, text) => {
  const model = compileOrThrow(text)
  const fit = await model.fit({ y })
  await expect(fit.standardErrors('bootstrap', { replicates: 10 })).rejects.toThrow(/number `n` of a row/)
  expect((await fit.standardErrors('sandwich')).estimates.length).toBeGreaterThan(2)
  const { candidates, notes } = await select([model, model], { y }, { folds: 4 })
  expect(candidates[0]?.figures?.cv).toBe(null)
  expect(notes[0]).toMatch(/number `n` of a row/)
})

test('rows that read the one before are not drawn', async () => {
  const fit = await compileOrThrow(`model Lag
data y : real[N]
param f : real
param s : positive
for n in 2..N { y[n] ~ Normal(f * y[n-1], s) }`).fit({ y })
  await expect(fit.standardErrors('bootstrap', { replicates: 10 })).rejects.toThrow(/from row 2 on/)
})

test('places within a row are those of the row wherever it stands', async () => {
  const rows = Array.from({ length: 12 }, (_, i) => [1, 2, 3].map((t) => t + Math.sin(5 * i + t)))
  const model = compileOrThrow(`model Rows
data y : real[N, T]
param a, b : real
param s : positive
for n in 1..N { for t in 1..T { y[n, t] ~ Normal(a + b * t, s) } }`)
  const fit = await model.fit({ y: rows })
  const { fields } = await fit.standardErrors('bootstrap', { replicates: 10 })
  expect(fields.errors.units).toBe(12)
  expect((await select([model, model], { y: rows }, { folds: 4 })).candidates[0]?.figures?.cv).toBeLessThan(0)
})
