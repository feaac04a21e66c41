/** K-means as hard mode, against scikit-learn 1.9.1 (`test/conformance/peers/hard_mode.py`), and what is and is not a sum of squares. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { compileOrThrow, type FitCallOptions, type FitResult, readTable } from '../../index.js'

const iris = (() => {
  const text = readFileSync(new URL('../conformance/data/iris.csv', import.meta.url), 'utf8')
  const { value } = readTable('iris.csv', text)
  if (value === undefined) throw new Error('iris.csv')
  return value
})()
const rows = readFileSync(new URL('../conformance/data/iris.csv', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => line.split(',').slice(0, 4).map(Number))

const kMeans = (sd: string, more = ''): string => `model KMeans
const K = 3
const w = [1/3, 1/3, 1/3]
data  x : real[N, D]
param mu : real[K, D]
${more}
for n in 1..N {
  latent z ~ Categorical(w)
  x[n] ~ Normal(mu[z], ${sd})
}`

/** Means from which no row is as far from two of them. */
const begin = [
  [5.137, 3.511, 1.431, 0.223],
  [4.911, 3.023, 1.417, 0.207],
  [4.737, 3.217, 1.311, 0.219],
]
/** Iris has two maxima close to one another. */
const many = { restarts: 50 }
const columns = { x: ['sl', 'sw', 'pl', 'pw'] }
const fitted = async (source: string, options: FitCallOptions = {}): Promise<FitResult> =>
  (await compileOrThrow(source).fit([iris], { columns, mode: 'hard', ...options })).toJSON()

describe('K-means', () => {
  it('comes to the least sum of squares', async () => {
    expect((await fitted(kMeans('1'), many)).withinSS).toBeCloseTo(78.851441426146, 9)
    const five = kMeans('1').replace('K = 3', 'K = 5').replace('[1/3, 1/3, 1/3]', '[1/5, 1/5, 1/5, 1/5, 1/5]')
    expect((await fitted(five, many)).withinSS).toBeCloseTo(46.446182051282065, 9)
  })

  it('takes the steps of Lloyd’s algorithm from given means', async () => {
    const start = { mu: begin }
    for (const [maxIterations, inertia] of [
      [1, 236.61551277070504],
      [2, 91.604640625],
      [3, 85.97871700680275],
      [100, 78.85566582597731],
    ] as const)
      expect((await fitted(kMeans('1'), { start, maxIterations })).withinSS).toBeCloseTo(inertia, 9)
  })

  it('has its first E-step in the trace: each row at the nearest mean', async () => {
    const mu = begin
    const { iterates } = await fitted(kMeans('1'), { start: { mu }, maxIterations: 1, trace: true })
    const nearest = rows.map((row) => {
      const distances = mu.map((m) => m.reduce((sum, v, d) => sum + (v - (row[d] ?? 0)) ** 2, 0))
      return distances.indexOf(Math.min(...distances))
    })
    // the result has its components in canonical order
    const first = iterates?.[0]
    const means = (first?.params.mu ?? []) as readonly (readonly number[])[]
    const order = means.map((m) => mu.findIndex((own) => own.every((v, d) => v === m[d])))
    expect(first?.labels?.z?.map((k) => order[Number(k) - 1])).toEqual(nearest)
  })

  it.each(['auto', 'kmeans++', 'random'] as const)('starts from %s', async (init) => {
    expect((await fitted(kMeans('1'), { ...many, init })).withinSS).toBeCloseTo(78.851441426146, 9)
  })

  it('is the same under any one sd, fixed or estimated', async () => {
    expect((await fitted(kMeans('0.3'), many)).withinSS).toBeCloseTo(78.851441426146, 9)
    const shared = await fitted(kMeans('s', 'param s : positive'), many)
    expect(shared.withinSS).toBeCloseTo(78.851441426146, 9)
    expect(shared.params.s).toBeCloseTo(Math.sqrt(78.851441426146 / 600), 9)
  })
})

describe('the sum of squares', () => {
  const none = async (source: string): Promise<void> => {
    const fit = await fitted(source, { restarts: 3 })
    expect(fit.mode).toBe('hard')
    expect(fit).not.toHaveProperty('withinSS')
  }
  it('is not given where components or columns have an sd each', async () => {
    await none(kMeans('s[z]', 'param s : positive[K]'))
    await none(kMeans('s', 'param s : positive[D]'))
  })
  it('is not given where data is not Gaussian', async () => {
    await none(kMeans('1').replace('Normal(mu[z], 1)', 'StudentT(4, mu[z], 1)'))
  })
  it('counts weights and leaves out missing cells', async () => {
    const source = `model Weighted
data  x : real?[N]
data  c : count[N]
param mu : real[2]
for n in 1..N weight c[n] {
  latent z ~ Categorical([1/2, 1/2])
  x[n] ~ Normal(mu[z], 1)
}`
    const data = { x: [0, 1, 10, null, 12], c: [1, 3, 2, 5, 1] }
    const fit = (await compileOrThrow(source).fit(data, { mode: 'hard' })).toJSON()
    expect(fit.params.mu).toEqual([0.75, expect.closeTo(32 / 3, 12)])
    expect(fit.withinSS).toBeCloseTo(0.75 ** 2 + 3 * 0.25 ** 2 + 2 * (2 / 3) ** 2 + (4 / 3) ** 2, 12)
  })
  it('is not given outside hard mode', async () => {
    const fit = await fitted(kMeans('1'), { mode: 'em', restarts: 3 })
    expect(fit).not.toHaveProperty('withinSS')
    expect(fit).not.toHaveProperty('mode')
  })
})
