import { describe, expect, test } from 'vitest'
import { fitText, modelText, table } from '../holding/read.js'

const text = modelText('A06-faithful-gmm-full')
const columns = { x: ['eruptions', 'waiting'] }
const fitted = (options: Parameters<typeof fitText>[2]): ReturnType<typeof fitText> =>
  fitText(text, [table('faithful.csv')], { columns, restarts: 2, seed: 1, ...options })

describe('modes on standardised columns', () => {
  test.each(['hard', 'cem', 'anneal'] as const)('%s ends where it does in the units of the data', async (mode) => {
    const [raw, fit] = [await fitted({ mode }), await fitted({ mode, standardize: true })]
    expect(fit.result.standardized?.sameModel).toBe(true)
    expect(fit.objective).toBeCloseTo(raw.objective, 3)
    expect(fit.logLikelihood).toBeCloseTo(raw.logLikelihood, 3)
  })

  test('sem says what its draws were worth in the units of the data', async () => {
    const [raw, fit] = [await fitted({ mode: 'sem' }), await fitted({ mode: 'sem', standardize: true })]
    const [own, other] = [raw.result.draws, fit.result.draws]
    expect(Number(other?.meanObjective)).toBeCloseTo(Number(own?.meanObjective), 0)
    expect(fit.logLikelihood).toBeCloseTo(raw.logLikelihood, 1)
  })

  test('online comes as near', async () => {
    const [raw, fit] = [await fitted({ mode: 'online' }), await fitted({ mode: 'online', standardize: true })]
    expect(Math.abs(fit.logLikelihood - raw.logLikelihood)).toBeLessThan(1)
  })
})

test('vb says which posteriors stay on the standardised scale', async () => {
  const priors = `data x : real[N]
param pi : simplex[2] ~ Dirichlet(2)
param mu : real[2] ~ Normal(3, 5)
param tau : positive[2] ~ Gamma(2, 3)
for n in 1..N {
  latent z ~ Categorical(pi)
  x[n] ~ Normal(mu[z], 1 / sqrt(tau[z]))
}`
  const options = { columns: { x: ['eruptions'] }, restarts: 2, mode: 'vb', standardize: true } as const
  const { result } = await fitText(priors, [table('faithful.csv')], options)
  expect(result.standardized).toMatchObject({ sameModel: false, onStandardisedScale: ['mu', 'tau'] })
  expect(result.warnings.find((w) => w.code === 'W536')?.message).toMatch(/posteriors \(`mu`, `tau`\) are given/)
})

test('draws of another model are in the units of the data', async () => {
  const fit = await fitText(modelText('A04-faithful-gmm-spherical'), [table('faithful.csv')], {
    columns,
    restarts: 2,
    standardize: true,
  })
  const scales = fit.result.standardized?.columns.x
  const sigma = Number((fit.result.standardized?.params.sigma as number[] | undefined)?.[1])
  const drawn = fit.simulate({ N: 4000 }, { seed: 3 })
  const latents = drawn.latents.z as number[]
  const rows = (drawn.data.x as number[][]).filter((_, n) => latents[n] === 2)
  for (const c of [0, 1]) {
    const values = rows.map((row) => row[c] ?? Number.NaN)
    const mean = values.reduce((a, b) => a + b) / values.length
    const sd = Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length)
    expect(sd / (sigma * (scales?.sd[c] ?? Number.NaN))).toBeCloseTo(1, 1)
    expect(Math.abs(mean - Number((fit.params.mu as number[][])[1]?.[c]))).toBeLessThan(0.1 * sd)
  }
})

test('a column without spread leaves all params on the standardised scale, and that is said', async () => {
  const x = Array.from({ length: 30 }, (_, i) => [i % 7, 50])
  const { result } = await fitText(text, { x }, { standardize: true, restarts: 2 })
  expect(result.standardized).toMatchObject({ sameModel: false, onStandardisedScale: ['mu', 'Sigma'] })
  expect(result.warnings.find((w) => w.code === 'W536')?.message).toMatch(/`mu`, `Sigma` are given on the standardised/)
})

test.each([
  [{ mode: 'sem' }, /mode sem has draws in between/],
  [{ mode: 'online' }, /there are batches/],
  [{ mode: 'hard', batch: 50 }, /there are batches/],
] as const)('%o refuses to be accelerated', async (options, message) => {
  await expect(fitted({ ...options, accelerate: 'squarem' })).rejects.toThrow(message)
})

test('hard mode states no rate of convergence', async () => {
  expect((await fitted({ mode: 'hard' })).result.rateOfConvergence).toBeUndefined()
})

describe('modes with cells that are held', () => {
  const mu = [
    [2.1, null],
    [null, 80.5],
  ]
  test.each(['hard', 'cem', 'anneal', 'sem', 'online'] as const)('%s leaves them where they are', async (mode) => {
    const held = await fitted({ mode, fix: { mu } })
    const free = await fitted({ mode })
    expect(held.params.mu).toMatchObject([
      [2.1, expect.any(Number)],
      [expect.any(Number), 80.5],
    ])
    expect(held.logLikelihood).toBeLessThan(free.logLikelihood)
    expect(held.logLikelihood).toBeGreaterThan(free.logLikelihood - 20)
    expect(held.result.parameters).toBe(free.result.parameters - 2)
  })
})
