import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { CompileError, compileOrThrow, loadFit, readTable } from '../../index.js'
import { lgamma } from '../../oracle/special-functions.js'
import { schemaProblems } from '../runtime/json-schema.js'

const lines = (...text: readonly string[]): string => `${text.join('\n')}\n`

const normal = lines(
  'model OneMean',
  'data  y : real[N]',
  'param mu : real ~ Normal(1, 2)',
  'for n in 1..N { y[n] ~ Normal(mu, 0.5) }',
)

const mixture = lines(
  'model Groups',
  'const K = 2',
  'data  y : real[N]',
  'param pi  : simplex[K] ~ Dirichlet(2)',
  'param mu  : real[K] ~ Normal(0, 10)',
  'param tau : positive[K] ~ Gamma(2, 1)',
  'for n in 1..N {',
  '  latent z ~ Categorical(pi)',
  '  y[n] ~ Normal(mu[z], precision=tau[z])',
  '}',
)
const y = [-3.2, -2.7, -2.9, -3.4, -2.2, 1.1, 0.6, 1.9, 1.4, 0.8, 1.5, 2.2]

/** log Γ to 1e-12 is enough here. */
const logBeta = (a: number, b: number): number => lgamma(a) + lgamma(b) - lgamma(a + b)

describe('variational Bayes', () => {
  it('is exact where the posterior is', async () => {
    const data = [0.4, 1.3, 2.2, 0.9]
    const fit = await compileOrThrow(normal).fit({ y: data }, { mode: 'vb' })
    const precision = 1 / 4 + data.length / 0.25
    const mean = (1 / 4 + data.reduce((a, b) => a + b) / 0.25) / precision
    expect(fit.params.mu).toBeCloseTo(mean, 12)
    const { family, sd } = fit.result.posteriors?.mu ?? {}
    expect(family).toBe('Normal')
    expect(sd).toBeCloseTo(1 / Math.sqrt(precision), 12)
    // the evidence, one value after the other given those before it
    let [m, v, evidence] = [1, 4, 0]
    for (const x of data) {
      const s = v + 0.25
      evidence += -0.5 * Math.log(2 * Math.PI * s) - (x - m) ** 2 / (2 * s)
      m += (v / s) * (x - m)
      v = (v * 0.25) / s
    }
    expect(fit.objective).toBeCloseTo(evidence, 10)
    expect(fit.result.parameters).toBe(0)
  })

  it('is exact for a probability', async () => {
    const text = lines(
      'model Share',
      'data  k, n : count[N]',
      'param p : unit ~ Beta(2, 3)',
      'for i in 1..N { k[i] ~ Binomial(n[i], p) }',
    )
    const fit = await compileOrThrow(text).fit({ k: [3, 1], n: [10, 4] }, { mode: 'vb' })
    expect(fit.params.p).toBeCloseTo(6 / 19, 12)
    const choose = -Math.log(11) - logBeta(4, 8) - Math.log(5) - logBeta(2, 4)
    expect(fit.objective).toBeCloseTo(choose + logBeta(6, 13) - logBeta(2, 3), 10)
  })

  it('is exact for a mean with a variance that is a multiple of that of the data', async () => {
    const text = lines(
      'model Scaled',
      'data  y : real[N]',
      'param v  : positive ~ InverseGamma(2, 3)',
      'param mu : real',
      'mu ~ Normal(1, var=v / 0.1)',
      'for n in 1..N { y[n] ~ Normal(mu, var=v) }',
    )
    const data = [0.4, 1.3, 2.2, 0.9, -0.5]
    const fit = await compileOrThrow(text).fit({ y: data }, { mode: 'vb' })
    // Normal–inverse-Gamma: Bishop (2006), section 2.3.6
    const [k, shape] = [0.1 + data.length, 2 + data.length / 2]
    const mean = (0.1 * 1 + data.reduce((a, b) => a + b)) / k
    const scale = 3 + 0.5 * (0.1 * (mean - 1) ** 2 + data.reduce((s, x) => s + (x - mean) ** 2, 0))
    const { mu, v } = fit.result.posteriors ?? {}
    expect(fit.result.bound).toBe('exact')
    expect(v?.parameters).toEqual({ shape: expect.closeTo(shape, 12), scale: expect.closeTo(scale, 12) })
    expect(mu?.family).toBe('StudentT')
    expect(mu?.parameters).toEqual({
      df: expect.closeTo(2 * shape, 12),
      location: expect.closeTo(mean, 12),
      scale: expect.closeTo(Math.sqrt(scale / (shape * k)), 12),
    })
    expect(mu?.sd).toBeCloseTo(Math.sqrt(scale / ((shape - 1) * k)), 12)
    const evidence =
      lgamma(shape) -
      lgamma(2) +
      2 * Math.log(3) -
      shape * Math.log(scale) +
      0.5 * Math.log(0.1 / k) -
      0.5 * data.length * Math.log(2 * Math.PI)
    expect(fit.objective).toBeCloseTo(evidence, 11)
  })

  it('places the lines of its derivation in the text as it was written', () => {
    const { lines: shown } = compileOrThrow(mixture).variationalDerivation
    const texts = shown.flatMap(({ source }) => (source === null ? [] : [mixture.slice(source.start, source.end)]))
    expect(texts).toContain('param mu  : real[K] ~ Normal(0, 10)')
    expect(texts).toContain('y[n] ~ Normal(mu[z], precision=tau[z])')
    for (const { source } of shown)
      if (source !== null)
        expect(mixture.split('\n')[source.line - 1]).toContain(mixture.slice(source.start, source.end))
  })

  it('is at the fixed point of its equations (Bishop 2006, eqs. 10.26 to 10.30, for each component)', async () => {
    const fit = await compileOrThrow(mixture).fit({ y }, { mode: 'vb', tolerance: 1e-13 })
    expect(fit.result.bound).toBe('variational')
    const r = fit.posterior('z').probabilities ?? new Float64Array()
    const { mu, tau, pi } = fit.result.posteriors ?? {}
    const at = (x: unknown, k: number): number => (x as readonly number[])[k] ?? Number.NaN
    for (const k of [0, 1]) {
      const weights = y.map((_, n) => r[2 * n + k] ?? Number.NaN)
      const count = weights.reduce((a, b) => a + b)
      const sum = weights.reduce((a, w, n) => a + w * (y[n] ?? 0), 0)
      const precision = 1 / 100 + at(tau?.mean, k) * count
      expect(at(mu?.mean, k)).toBeCloseTo((at(tau?.mean, k) * sum) / precision, 5)
      expect(at(mu?.sd, k)).toBeCloseTo(1 / Math.sqrt(precision), 5)
      const squares = weights.reduce(
        (a, w, n) => a + w * (((y[n] ?? 0) - at(mu?.mean, k)) ** 2 + at(mu?.sd, k) ** 2),
        0,
      )
      expect(at(tau?.mean, k)).toBeCloseTo((2 + count / 2) / (1 + squares / 2), 5)
      expect(at(pi?.mean, k)).toBeCloseTo((2 + count) / (4 + y.length), 5)
    }
    for (let i = 1; i < fit.trace.length; i++)
      expect(fit.trace[i]).toBeGreaterThanOrEqual((fit.trace[i - 1] ?? 0) - 1e-9)
  })

  it('gives topics the bound that scikit-learn has for them', async () => {
    const text = lines(
      'model Topics',
      'const K = 2',
      'data  doc, word : category[N]',
      'data  n_times   : count[N]',
      'param topics_of : simplex[levels(doc), K]  ~ Dirichlet(0.5)',
      'param words_of  : simplex[K, levels(word)] ~ Dirichlet(0.1)',
      'for n in 1..N weight n_times[n] {',
      '  latent z ~ Categorical(topics_of[doc[n]])',
      '  word[n] ~ Categorical(words_of[z])',
      '}',
    )
    const file = readFileSync(new URL('../../examples/latent-dirichlet/pride.csv', import.meta.url), 'utf8')
    const table = readTable('pride.csv', file).value
    const fit = await compileOrThrow(text).fit(table === undefined ? [] : [table], { mode: 'vb', restarts: 20 })
    // examples/latent-dirichlet/expected.json: LatentDirichletAllocation with these priors
    expect(Math.abs(fit.objective + 43568.6471)).toBeLessThanOrEqual(0.01)
  })

  it('keeps as params what has no posterior, and says why', async () => {
    const text = lines(
      'model Kept',
      'data  x : real[N, D]',
      'data  w : real[N]',
      'param mu    : real[D] ~ Normal(0, 10)',
      'param Sigma : covariance[D] ~ InverseWishart(D + 2, identity(D))',
      'param a     : positive ~ Normal(0, 1)',
      'for n in 1..N {',
      '  x[n] ~ MvNormal(a * mu, Sigma)',
      '  w[n] ~ Normal(0, var=Sigma[1, 1])',
      '}',
    )
    const rows = y.map((a, i) => [a, 0.3 * a + Math.sin(i)])
    const fit = await compileOrThrow(text).fit({ x: rows, w: y }, { mode: 'vb' })
    expect(Object.keys(fit.result.posteriors ?? {})).toEqual(['mu'])
    const why = fit.warnings.filter((w) => w.code === 'W558').map((w) => w.message)
    expect(why.find((w) => w.startsWith('`a`'))).toContain(
      'its type is `positive`, and `Normal` is a density on `real`',
    )
    expect(why.find((w) => w.startsWith('`Sigma`'))).toContain(
      'has the statistics {log |u|, u⁻¹, log u, 1/u} on covariance matrices, which is no family',
    )
    expect(fit.params).toHaveProperty('Sigma')
  })

  it('moves a param after those whose priors read it', () => {
    const text = lines(
      'model Conjugate',
      'data  y : real[N]',
      'param v  : positive ~ InverseGamma(2, 2)',
      'param mu : real',
      'mu ~ Normal(0, var=v / 0.1)',
      'for n in 1..N { y[n] ~ Normal(mu, var=v) }',
    )
    const document = compileOrThrow(text).variationalDerivation.toText()
    expect(document).toContain('latent v ~ InverseGamma(2, 2)')
    expect(document).toMatch(/latent mu ~ Normal\(0, var=v ?\/ ?0.1\)/)
  })

  it('is refused where no param has a prior that is conjugate, and where a posterior is given a start', async () => {
    const plain = compileOrThrow(normal.replace(' ~ Normal(1, 2)', ''))
    await expect(plain.fit({ y }, { mode: 'vb' })).rejects.toThrow(CompileError)
    expect(() => plain.variationalDerivation).toThrow('no param has a prior')
    await expect(compileOrThrow(normal).fit({ y }, { mode: 'vb', start: { mu: 1 } })).rejects.toThrow(
      '`mu` has a posterior in mode vb',
    )
  })

  it('matches the published schema, and predicts by the posterior means once it is loaded', async () => {
    const schema: unknown = JSON.parse(readFileSync(new URL('../../docs/fit.schema.json', import.meta.url), 'utf8'))
    const fit = await compileOrThrow(mixture).fit({ y }, { mode: 'vb' })
    const document: unknown = JSON.parse(JSON.stringify(fit.toJSON()))
    expect(schemaProblems(schema, document)).toEqual([])
    const { latents } = await loadFit(document).predict({ y: [-3, 1.3] })
    expect(latents.map((l) => l.name)).toEqual(['z'])
    const [low, high] = latents[0]?.modes ?? []
    expect(low).not.toBe(high)
  })
})
