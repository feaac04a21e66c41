import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { compileOrThrow } from '../../../index.js'
import { certifyText, complaints } from '../../certify/certified.js'

const folder = new URL('../../certify/models/', import.meta.url)
const files = readdirSync(folder).filter((f) => f.startsWith('half-observed-'))

describe('half-observed columns under conjugate distributions, read by another statement', () => {
  test.each(files)('%s: the cells that are observed stay at their data', (file) => {
    const outcome = certifyText(readFileSync(new URL(file, folder), 'utf8'), { replicates: 3 })
    if (outcome.kind === 'refused') throw new Error(outcome.text)
    expect(complaints(outcome.certificate)).toEqual([])
    const names = outcome.certificate.checks.map((c) => c.name)
    expect(names).toEqual(expect.arrayContaining(['log-likelihood', 'posterior means', "Fisher's identity"]))
  })

  test('there are some of several families', () => {
    expect(files.length).toBeGreaterThanOrEqual(5)
  })
})

test('an observed cell has its datum and no variance, a missing one its posterior', () => {
  const source = `model RatesHalfSeen
data  y : positive?[N]
data  c : count[N]
param a, b : positive
for n in 1..N {
  y[n] ~ Gamma(a, b)
  c[n] ~ Poisson(y[n])
}`
  const { model } = compileOrThrow(source).bind({ y: [2.5, null], c: [1, 4] }, {})
  const { mean, variance } = model.continuous(Float64Array.of(3, 2)).get('y') ?? {}
  expect(mean?.[0]).toBe(2.5)
  expect(mean?.[1]).toBeCloseTo((3 + 4) / (2 + 1), 12)
  expect(variance?.[0]).toBe(0)
  expect(variance?.[1]).toBeCloseTo(7 / 9, 12)
  // Gamma and Poisson at the data; the marginal of a Poisson over a Gamma is negative binomial
  const observed = 3 * Math.log(2) - Math.log(2) + 2 * Math.log(2.5) - 2 * 2.5 + Math.log(2.5) - 2.5
  const missing = Math.log((6 * 5 * 4 * 3) / 24) + 3 * Math.log(2 / 3) + 4 * Math.log(1 / 3)
  expect(model.eStep(Float64Array.of(3, 2)).logLikelihood).toBeCloseTo(observed + missing, 12)
})

test('a column that nothing else reads has its missing cells left out', () => {
  const source = `model Alone
data  y : positive?[N]
data  c : count[N]
param a, b : positive
for n in 1..N {
  y[n] ~ Gamma(a, b)
  c[n] ~ Poisson(b)
}`
  expect(compileOrThrow(source).plan).toMatchObject({ eStep: [] })
})
