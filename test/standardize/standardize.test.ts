import { describe, expect, test } from 'vitest'
import { loadFit } from '../../index.js'
import { fitText, modelText, published, table } from '../holding/read.js'

const faithful = table('faithful.csv')
const columns = { x: ['eruptions', 'waiting'] }
const restarts = 2
const codes = (fit: { readonly warnings: readonly { readonly code: string }[] }): readonly string[] =>
  fit.warnings.map((w) => w.code)

/** Every number of nested params, in one list. */
const numbers = (x: unknown): number[] => (Array.isArray(x) ? x.flatMap(numbers) : [Number(x)])

describe('a model that is the same in any unit', () => {
  test.each(['A05-faithful-gmm-diag', 'A06-faithful-gmm-full', 'A07-faithful-gmm-tied'])(
    '%s has the params and the log-likelihood of the data as they are',
    async (id) => {
      const raw = await fitText(modelText(id), [faithful], { columns, restarts })
      const fit = await fitText(modelText(id), [faithful], { columns, restarts, standardize: true })
      expect(fit.logLikelihood).toBeCloseTo(published(id).logLik, 3)
      expect(fit.result.standardized?.sameModel).toBe(true)
      expect(codes(fit)).not.toContain('W536')
      for (const [name, value] of Object.entries(raw.params)) {
        const expected = numbers(value)
        numbers(fit.params[name]).forEach((x, i) => {
          expect(Math.abs(x - (expected[i] ?? 0)) / (1 + Math.abs(expected[i] ?? 0))).toBeLessThan(1e-3)
        })
      }
      // what is asked of the fit afterwards is asked of the data as they are
      const score = await loadFit(JSON.parse(JSON.stringify(fit.toJSON()))).score([faithful])
      expect(score.logLikelihood).toBeCloseTo(fit.logLikelihood, 7)
      expect(fit.trace.at(-1)).toBeCloseTo(fit.objective, 9)
    },
  )

  test('a regression: slopes by both units, the intercept by that of the response', async () => {
    const text = `data y : real[N]
data x : real[N, P]
param a : real
param b : real[P]
param s : positive
for n in 1..N { y[n] ~ Normal(a + dot(b, x[n]), s) }`
    const x = Array.from({ length: 12 }, (_, i) => [i * 100, Math.sin(i) / 50])
    const y = x.map(([u = 0, v = 0], i) => 3e4 + 20 * u - 4e4 * v + ((i * 7) % 5) * 300)
    const [raw, fit] = [await fitText(text, { x, y }), await fitText(text, { x, y }, { standardize: true })]
    expect(fit.result.standardized?.sameModel).toBe(true)
    expect(fit.logLikelihood).toBeCloseTo(raw.logLikelihood, 6)
    expect(numbers(fit.params.b)).toEqual(numbers(raw.params.b).map((v) => expect.closeTo(v, 4)))
  })

  test('known standard errors go with the column that they are of', async () => {
    const text = `data y, se : real[J]
param mu : real
param tau : nonnegative
for j in 1..J {
  latent theta ~ Normal(mu, tau)
  y[j] ~ Normal(theta, se[j])
}`
    const data = { y: [28, 8, -3, 7, -1, 1, 18, 12], se: [15, 10, 16, 11, 9, 11, 10, 18] }
    const [raw, fit] = [
      await fitText(text, data, { restarts }),
      await fitText(text, data, { restarts, standardize: true }),
    ]
    expect(fit.result.standardized?.sameModel).toBe(true)
    expect(fit.logLikelihood).toBeCloseTo(raw.logLikelihood, 6)
    expect(Number(fit.params.mu)).toBeCloseTo(Number(raw.params.mu), 4)
  })
})

describe('a model that is another one in other units', () => {
  test('a spherical mixture: -1168.1347 beside -1709.5293, means in the units of the data, one warning that says so', async () => {
    const text = modelText('A04-faithful-gmm-spherical')
    const raw = await fitText(text, [faithful], { columns, restarts })
    const fit = await fitText(text, [faithful], { columns, restarts, standardize: true })
    expect(raw.logLikelihood).toBeCloseTo(-1709.5293, 3)
    expect(fit.logLikelihood).toBeCloseTo(-1168.1347, 3)
    expect(fit.result.standardized?.sameModel).toBe(false)
    expect(fit.result.standardized?.onStandardisedScale).toEqual(['sigma'])
    const warning = fit.warnings.find((w) => w.code === 'W536')
    expect(warning?.message).toContain('another model')
    expect(warning?.message).toContain('`sigma` is given on the standardised scale')
    const mu = fit.params.mu as number[][]
    expect(mu[0]?.[0]).toBeGreaterThan(1.9)
    expect(mu[0]?.[0]).toBeLessThan(2.2)
    expect(mu[1]?.[1]).toBeGreaterThan(79)
    expect(mu[1]?.[1]).toBeLessThan(81)
    // numbers of an independent computation of the density: the standardised mixture times 1/(sd sd)
    const score = await loadFit(JSON.parse(JSON.stringify(fit.toJSON()))).score([faithful])
    expect(score.logLikelihood).toBeCloseTo(fit.logLikelihood, 7)
    const added = score.contributions.reduce((s, c) => s + c.values.reduce((a, b) => a + b, 0), 0)
    expect(added).toBeCloseTo(fit.logLikelihood, 6)
  })

  test('a prior with numbers in it', async () => {
    const text =
      'data x : real[N]\nparam m : real ~ Normal(0, 2)\nparam s : positive\nfor n in 1..N { x[n] ~ Normal(m, s) }'
    const fit = await fitText(text, { x: [10, 30, 50, 20] }, { standardize: true })
    expect(fit.result.standardized?.sameModel).toBe(false)
    expect(codes(fit)).toContain('W536')
  })

  test('means are held in the units of the data; what has no unit there is refused', async () => {
    const text = modelText('A04-faithful-gmm-spherical')
    const mu = [
      [2, 54.5],
      [4.3, 80],
    ]
    const fit = await fitText(text, [faithful], { columns, standardize: true, restarts, fix: { mu } })
    expect([fit.params.mu, fit.result.fixed?.mu]).toEqual([mu, mu])
    const score = await loadFit(JSON.parse(JSON.stringify(fit.toJSON()))).score([faithful])
    expect(score.logLikelihood).toBeCloseTo(fit.logLikelihood, 7)
    await expect(
      fitText(text, [faithful], { columns, standardize: true, fix: { sigma: [0.4, null] } }),
    ).rejects.toThrow('`sigma` cannot be held at a value in the units of the data')
  })
})

describe('params that are held', () => {
  test.each([
    [
      'whole',
      {
        pi: [0.3, 0.7],
        mu: [
          [2.1, 55],
          [4.3, 80],
        ],
      },
    ],
    [
      'cell by cell',
      {
        mu: [
          [2.1, null],
          [null, 80],
        ],
        sigma: [
          [0.3, null],
          [null, null],
        ],
      },
    ],
  ])('%s keep their values in the units of the data, and the fit is that of the data as they are', async (_, fix) => {
    const text = modelText('A05-faithful-gmm-diag')
    const raw = await fitText(text, [faithful], { columns, restarts, fix })
    const fit = await fitText(text, [faithful], { columns, restarts, fix, standardize: true })
    expect(fit.result.standardized?.sameModel).toBe(true)
    expect(fit.logLikelihood).toBeCloseTo(raw.logLikelihood, 5)
    for (const [name, value] of Object.entries(raw.params))
      numbers(fit.params[name]).forEach((x, i) => {
        const expected = numbers(value)[i] ?? 0
        expect(Math.abs(x - expected) / (1 + Math.abs(expected))).toBeLessThan(1e-3)
      })
    for (const [name, value] of Object.entries(fix))
      (value as unknown[]).flat(3).forEach((v, i) => {
        if (v !== null) expect(numbers(fit.params[name])[i]).toBeCloseTo(Number(v), 10)
      })
    expect(fit.result.fixed).toEqual(raw.result.fixed)
    const score = await loadFit(JSON.parse(JSON.stringify(fit.toJSON()))).score([faithful])
    expect(score.logLikelihood).toBeCloseTo(fit.logLikelihood, 7)
  })

  test('a start beside them is in the units of the data too', async () => {
    const text = modelText('A05-faithful-gmm-diag')
    const options = {
      columns,
      standardize: true,
      fix: { pi: [0.3, 0.7] },
      start: {
        mu: [
          [2, 55],
          [4, 80],
        ],
      },
      maxIterations: 0,
    }
    const fit = await fitText(text, [faithful], options)
    expect(numbers(fit.params.mu)).toEqual([2, 55, 4, 80].map((x) => expect.closeTo(x, 9)))
  })
})
