import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { fitModel } from './run-case.js'

const read = (file: string): string =>
  readFileSync(new URL(`../../examples/blood-groups/${file}`, import.meta.url), 'utf8')

const fit = (model: string, data: string) =>
  fitModel(read(model), [{ name: data, text: read(data) }], { tolerance: 1e-13 })

test('the counts are A 38, B 22, O 31, AB 9', () => {
  const people = read('textbook_people.csv').trim().split('\n').slice(1)
  const counts = new Map<string, number>()
  for (const row of people) counts.set(row.trim(), (counts.get(row.trim()) ?? 0) + 1)
  expect(Object.fromEntries(counts)).toEqual({ A: 38, B: 22, O: 31, AB: 9 })
})

test.each([
  ['abo-counts.estep', 'textbook.csv', -6.655966],
  ['abo-people.estep', 'textbook_people.csv', -128.0619105],
])('one locus, three alleles: %s', async (model, data, expected) => {
  const { params, logLikelihood } = await fit(model, data)
  expect(Math.abs(logLikelihood - expected)).toBeLessThan(1e-7)
  const f = params.f as readonly number[]
  for (const [i, p] of [0.2722469, 0.1694982, 0.5582549].entries()) expect(Math.abs((f[i] ?? 0) - p)).toBeLessThan(1e-7)
})

test.each([
  ['rival-counts.estep', 'textbook.csv', -9.6387318],
  ['rival-people.estep', 'textbook_people.csv', -131.0446763],
])('two loci: %s', async (model, data, expected) => {
  const { params, logLikelihood } = await fit(model, data)
  expect(Math.abs(logLikelihood - expected)).toBeLessThan(1e-7)
  expect(Math.abs(Number(params.alpha) - 0.271989)).toBeLessThan(1e-7)
  expect(Math.abs(Number(params.beta) - 0.1693376)).toBeLessThan(1e-7)
})
