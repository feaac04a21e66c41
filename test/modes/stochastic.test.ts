/** Stochastic EM: its average lies near the maximum, its draws depend on the seed alone. */
import { describe, expect, it } from 'vitest'
import { compileOrThrow, OptionError } from '../../index.js'
import { chain, covarianceMatrices, factors, intercepts, level, mixture, precisionMatrices, robust } from './models.js'

describe('mode sem', () => {
  it.each([
    ['a mixture', mixture],
    ['a chain', chain],
    ['a Gamma posterior', robust],
    ['Normal vectors of rows', factors],
    ['one Normal system', level],
    ['nodes of groups', intercepts],
    ['means with matrices of precision', precisionMatrices],
    ['means with covariance matrices', covarianceMatrices],
  ])(
    'averages to params as likely as the maximum, or nearly so: %s',
    { timeout: 120_000 },
    async (_, { source, data }) => {
      const model = compileOrThrow(source)
      const em = await model.fit(data)
      const sem = (await model.fit(data, { mode: 'sem' })).toJSON()
      expect(sem.mode).toBe('sem')
      expect(sem.stop).toBe('completed')
      expect(sem.iterations).toBe(500)
      expect(sem.trace).toHaveLength(501)
      // the chain moves about the maximum within about its standard errors
      expect(Number(sem.logLikelihood)).toBeGreaterThan(em.logLikelihood - 1.5)
      expect(Number(sem.logLikelihood)).toBeLessThanOrEqual(em.logLikelihood + 1e-6)
      expect(sem.draws?.keep).toBe(400)
      expect(Number(sem.logLikelihood)).toBeGreaterThanOrEqual(Number(sem.draws?.meanObjective ?? Number.NaN) - 1e-9)
    },
  )

  it('moves about the maximum with nodes drawn by their weights, by no more than the error of its average', {
    timeout: 120_000,
  }, async () => {
    const model = compileOrThrow(intercepts.source)
    const em = await model.fit(intercepts.data)
    const walk: Float64Array[] = []
    await model.fit(intercepts.data, {
      mode: 'sem',
      schedule: { burn: 100, keep: 1000 },
      onIteration: ({ phase, params }) => {
        if (phase === 'main') walk.push(params)
      },
    })
    const [length, parts] = [50, 20]
    const kept = walk.slice(-length * parts)
    expect(kept).toHaveLength(length * parts)
    for (const [i, name] of ['b', 's'].entries()) {
      const means = Array.from({ length: parts }, (_, part) => {
        const own = kept.slice(part * length, (part + 1) * length)
        return own.reduce((sum, params) => sum + (params[i] ?? 0), 0) / length
      })
      const mean = means.reduce((a, b) => a + b, 0) / parts
      const error = Math.sqrt(means.reduce((a, b) => a + (b - mean) ** 2, 0) / (parts * (parts - 1)))
      // forty groups leave a distance of the order of 1/40 of a standard error between the two
      expect(Math.abs(mean - Number(em.params[name]))).toBeLessThan(4 * error + 0.01)
      expect(error).toBeLessThan(0.02)
    }
  })

  it('has a trace whose last row is of expectations', async () => {
    const fit = await compileOrThrow(level.source).fit(level.data, {
      mode: 'sem',
      trace: true,
      schedule: { burn: 5, keep: 20 },
    })
    expect(fit.iterates).toHaveLength(26)
  })

  it('gives the same bits for the same seed, and others for another', async () => {
    const model = compileOrThrow(mixture.source)
    const once = async (seed: number) =>
      JSON.stringify((await model.fit(mixture.data, { mode: 'sem', seed, schedule: { burn: 5, keep: 20 } })).params)
    expect(await once(3)).toBe(await once(3))
    expect(await once(4)).not.toBe(await once(3))
  })

  it('stops when it is told to, with what it has', async () => {
    const model = compileOrThrow(mixture.source)
    const fit = (await model.fit(mixture.data, { mode: 'sem', maxIterations: 30, schedule: { burn: 10 } })).toJSON()
    expect(fit.stop).toBe('max-iterations')
    expect(fit.converged).toBe(false)
    expect(fit.draws?.keep).toBe(20)
    expect(fit.warnings.map((w) => w.code)).toContain('W524')
  })

  it('draws counts that share out a total', async () => {
    const grades = `model Grades
data h, c, d : count
param mu : real in (0, 1/6)
latent a, b : count
[a, b, c, d] ~ Multinomial([1/2, mu, 2*mu, 1/2 - 3*mu])
observe h = a + b`
    const set = { h: 200, c: 100, d: 100 }
    for (const backend of ['js', 'wasm', 'interpret'] as const) {
      const options = { mode: 'sem', set, schedule: { burn: 50, keep: 2000 }, backend } as const
      const { params, draws } = (await compileOrThrow(grades).fit([], options)).toJSON()
      // the maximum is the root of 1 − 6 mu − 48 mu². Given it a is binomial with an sd of 5.2, so that mu walks about it with an
      // sd of .0016, and the log-likelihood, whose curvature is 31,054, below it by .040 χ²
      expect(Number(params.mu)).toBeCloseTo((Math.sqrt(57) - 3) / 48, 3)
      expect(draws?.keep).toBe(2000)
      expect(Math.abs(Number(draws?.sdObjective) - 0.04 * Math.SQRT2)).toBeLessThan(0.01)
    }
  })

  it('has no batches', async () => {
    await expect(compileOrThrow(mixture.source).fit(mixture.data, { mode: 'sem', batch: 5 })).rejects.toThrow(
      OptionError,
    )
  })
})

it('a table with frequencies has draws for each of its rows, as if it were written out', async () => {
  const model = compileOrThrow(`model Classes
const K = 2
data  a, b, c, d : bool[N]
data  w : count[N]
param pi : simplex[K]
param p, q, r, s : unit[K]
for n in 1..N weight w[n] {
  latent z ~ Categorical(pi)
  a[n] ~ Bernoulli(p[z])
  b[n] ~ Bernoulli(q[z])
  c[n] ~ Bernoulli(r[z])
  d[n] ~ Bernoulli(s[z])
}`)
  const patterns = Array.from({ length: 16 }, (_, i) => [0, 1, 2, 3].map((j) => ((i >> j) & 1) === 1))
  const likely = (row: readonly boolean[], p: number) => row.reduce((a, x) => a * (x ? p : 1 - p), 1)
  const w = patterns.map((row) => Math.round(600 * (0.4 * likely(row, 0.8) + 0.6 * likely(row, 0.25))))
  const at = (j: number) => patterns.map((row) => row[j] ?? false)
  const data = { a: at(0), b: at(1), c: at(2), d: at(3), w }
  const em = await model.fit(data)
  const sem = await model.fit(data, { mode: 'sem' })
  expect(sem.logLikelihood).toBeGreaterThan(em.logLikelihood - 1)
  // nine params, each of which moves by about its standard error
  expect(Number(sem.toJSON().draws?.meanObjective)).toBeGreaterThan(em.logLikelihood - 15)
})
