/** Standard errors from the observed information: known answers, what is not identified, and every kind of posterior. */
import { inverse, Matrix } from 'ml-matrix'
import { describe, expect, test } from 'vitest'
import { compileOrThrow, type Estimate, type FitData, type StandardErrors } from '../../index.js'
import { applyStartValues } from '../../runtime/start-values.js'
import { standardErrors as differences } from '../recovery/standard-errors.js'
import { bell, grouped, keyed, mixture, nested, normal, skew, twoBells, weighted } from './models.js'

const nameOf = ({ name, index }: Estimate): string => (index.length === 0 ? name : `${name}[${index.join(', ')}]`)
const errorOf = ({ estimates }: StandardErrors, name: string): number =>
  estimates.find((e) => nameOf(e) === name)?.standardError ?? Number.NaN

const moments = (y: readonly number[]) => {
  const mean = y.reduce((a, b) => a + b, 0) / y.length
  const m = (k: number): number => y.reduce((s, x) => s + (x - mean) ** k, 0) / y.length
  return { mean, sd: Math.sqrt(m(2)), third: m(3), fourth: m(4) }
}

describe('a normal sample, whose answers are known', () => {
  const y = skew(120, 3)
  const { mean, sd } = moments(y)

  test('standard errors, intervals and lets', async () => {
    const fit = await compileOrThrow(normal).fit({ y })
    const found = await fit.standardErrors()
    const n = y.length
    const [ofMean, ofSd] = [sd / Math.sqrt(n), sd / Math.sqrt(2 * n)]
    expect(errorOf(found, 'mu')).toBeCloseTo(ofMean, 8)
    expect(errorOf(found, 'sigma')).toBeCloseTo(ofSd, 8)
    expect(errorOf(found, 'ratio')).toBeCloseTo(Math.hypot(ofMean / sd, (mean * ofSd) / sd ** 2), 7)
    expect(errorOf(found, 'twice[1]')).toBeCloseTo(2 * ofMean, 7)
    expect(errorOf(found, 'twice[2]')).toBeCloseTo(2 * mean * ofMean, 7)
    const sigma = found.estimates.find((e) => e.name === 'sigma')
    const half = (1.959963984540054 * ofSd) / sd
    expect(sigma?.low).toBeCloseTo(sd * Math.exp(-half), 7)
    expect(sigma?.high).toBeCloseTo(sd * Math.exp(half), 7)
    expect(found.warnings).toEqual([])
  })

  test('they come with the result where they are asked for', async () => {
    const fit = await compileOrThrow(normal).fit({ y }, { errors: 'information' })
    const { standardErrors, intervals, errors } = fit.toJSON()
    expect(standardErrors?.mu).toBeCloseTo(sd / Math.sqrt(y.length), 8)
    expect(standardErrors?.twice).toHaveLength(2)
    expect(intervals?.low.mu).toBeLessThan(mean)
    expect(errors).toMatchObject({ kind: 'information', level: 0.95 })
    expect((await compileOrThrow(normal).fit({ y })).toJSON().standardErrors).toBeUndefined()
  })

  test('a row twice is a row of weight 2', async () => {
    const w = y.map((_, i) => 1 + (i % 3))
    const rows = y.flatMap((x, i) => Array.from({ length: w[i] ?? 1 }, () => x))
    const once = await (await compileOrThrow(weighted).fit({ y, w })).standardErrors()
    const often = await (await compileOrThrow(normal).fit({ y: rows })).standardErrors()
    for (const name of ['mu', 'sigma']) expect(errorOf(once, name)).toBeCloseTo(errorOf(often, name), 8)
  })

  test('weights that are no counts are spoken of', async () => {
    const w = y.map((_, i) => 0.5 + (i % 4) / 3)
    const { warnings } = await (await compileOrThrow(weighted).fit({ y, w })).standardErrors()
    expect(warnings.map((x) => x.code)).toEqual(['W549'])
  })
})

test('units, offsets and scales of any size', async () => {
  const y = bell(80, 5)
  for (const [scale, offset] of [
    [1e-6, 0],
    [1e6, 0],
    [1, 1e8],
  ] as const) {
    const found = await (await compileOrThrow(normal).fit({ y: y.map((x) => offset + scale * x) })).standardErrors()
    expect(errorOf(found, 'mu') / ((scale * moments(y).sd) / Math.sqrt(80))).toBeCloseTo(1, 5)
  }
})

test('standardised data, and params that are held', async () => {
  const y = twoBells(90, 3).map((x) => 100 + 10 * x)
  const plain = await compileOrThrow(mixture).fit({ y }, { errors: 'information', restarts: 2 })
  const standard = await compileOrThrow(mixture).fit({ y }, { errors: 'information', restarts: 2, standardize: true })
  const own = (fit: typeof plain): number => Number(fit.toJSON().standardErrors?.sigma)
  expect(own(standard) / own(plain)).toBeCloseTo(1, 6)
  expect(Number(standard.params.sigma) / Number(plain.params.sigma)).toBeCloseTo(1, 5)
  const held = await compileOrThrow(normal).fit({ y }, { errors: 'information', fix: { sigma: 30 } })
  expect(held.toJSON().standardErrors?.mu).toBeCloseTo(30 / Math.sqrt(90), 8)
})

test('a mixture: the inverse of the Hessian of its log-likelihood written out', async () => {
  const y = twoBells(150, 7)
  const fit = await compileOrThrow(mixture).fit({ y }, { tolerance: 1e-13, restarts: 2 })
  const found = await fit.standardErrors()
  const at = found.estimates.map((e) => e.value)
  const density = (x: number, m: number, s: number): number => Math.exp(-((x - m) ** 2) / (2 * s * s)) / s
  const log = ([w = 0, a = 0, b = 0, s = 1]: readonly number[]): number =>
    y.reduce((sum, x) => sum + Math.log(w * density(x, a, s) + (1 - w) * density(x, b, s)), 0)
  const point = [at[0] ?? 0, at[2] ?? 0, at[3] ?? 0, at[4] ?? 0]
  const h = 2e-3
  const second = (i: number, j: number): number => {
    const move = (p: number, q: number): number =>
      log(point.map((x, k) => x + (k === i ? p * h : 0) + (k === j ? q * h : 0)))
    return (move(1, 1) - move(1, -1) - move(-1, 1) + move(-1, -1)) / (4 * h * h)
  }
  const information = new Matrix(point.map((_, i) => point.map((__, j) => -second(i, j))))
  const expected = inverse(information)
  const names = ['w[1]', 'mu[1]', 'mu[2]', 'sigma']
  names.forEach((name, i) => {
    expect(errorOf(found, name) / Math.sqrt(expected.get(i, i))).toBeCloseTo(1, 3)
  })
  expect(errorOf(found, 'w[2]')).toBeCloseTo(errorOf(found, 'w[1]'), 10)
  const gap = expected.get(1, 1) + expected.get(2, 2) - 2 * expected.get(1, 2)
  expect(errorOf(found, 'gap') / Math.sqrt(gap)).toBeCloseTo(1, 3)
  // the covariance of the estimates is symmetric and agrees with the standard errors
  const n = found.estimates.length
  found.estimates.forEach((e, i) => {
    expect(found.covariance[i * n + i]).toBeCloseTo((e.standardError ?? 0) ** 2, 12)
  })
})

test('one model written in two ways', async () => {
  const rows = grouped(12, 4, 11)
  const first = await (await compileOrThrow(nested).fit({ y: rows })).standardErrors()
  const flat = { y: rows.flat(), group: rows.flatMap((r, g) => r.map(() => `g${g}`)) }
  const second = await (await compileOrThrow(keyed).fit(flat)).standardErrors()
  for (const name of ['mu', 't', 's']) expect(errorOf(first, name) / errorOf(second, name)).toBeCloseTo(1, 5)
})

test('a prior sharpens: the posterior of a mean', async () => {
  const y = bell(30, 2)
  const source = `model Prior
data y : real[N]
param mu : real
mu ~ Normal(1, 0.5)
for n in 1..N { y[n] ~ Normal(mu, 2) }`
  const found = await (await compileOrThrow(source).fit({ y })).standardErrors()
  expect(errorOf(found, 'mu')).toBeCloseTo(1 / Math.sqrt(30 / 4 + 4), 8)
})

describe('what has no standard error', () => {
  test('logits that a shift leaves as they are; what does not move with them has one', async () => {
    const random = skew(200, 4)
    const source = `model Logits
data y : category[N]
param a : real[levels(y)]
let p = softmax(a)
for n in 1..N { y[n] ~ Categorical(softmax(a)) }`
    const y = random.map((x) => (x < 1 ? 'a' : x < 3 ? 'b' : 'c'))
    const found = await (await compileOrThrow(source).fit({ y })).standardErrors()
    const { a, p } = found.fields.standardErrors
    expect(a).toEqual([null, null, null])
    const share = y.filter((v) => v === 'a').length / y.length
    expect((p as number[])[0]).toBeCloseTo(Math.sqrt((share * (1 - share)) / y.length), 6)
    expect(found.warnings.map((w) => w.message)).toEqual([
      expect.stringContaining('no standard error for `a`'),
      expect.stringContaining('rank 2 of 3'),
    ])
  })

  test('loadings that a rotation moves; uniquenesses stay', async () => {
    const source = `model Factors
const L = 2
data x : real[N, D]
param mu : real[D]
param W : real[D, L]
param psi : positive[D]
for n in 1..N {
  for l in 1..L { latent f[l] ~ Normal(0, 1) }
  for d in 1..D { x[n, d] ~ Normal(mu[d] + dot(W[d], f), psi[d]) }
}`
    const f = [bell(150, 21), bell(150, 22)]
    const noise = bell(150 * 6, 23)
    const x = Array.from({ length: 150 }, (_, n) =>
      Array.from(
        { length: 6 },
        (__, d) => (f[0]?.[n] ?? 0) * (1 - d / 8) + (f[1]?.[n] ?? 0) * ((d - 2) / 3) + (noise[n * 6 + d] ?? 0) * 0.8,
      ),
    )
    const found = await (await compileOrThrow(source).fit({ x }, { tolerance: 1e-12, restarts: 1 })).standardErrors()
    const { W, psi, mu } = found.fields.standardErrors
    expect((W as number[][]).flat().every((v) => v === null)).toBe(true)
    expect((psi as number[]).every((v) => v > 0)).toBe(true)
    expect((mu as number[]).every((v) => v > 0)).toBe(true)
  })

  test('a scale of 0, given which the others have theirs', async () => {
    const source = keyed.replace('param t, s : positive', 'param t : nonnegative\nparam s : positive')
    const rows = grouped(8, 3, 31).map((row, g) => {
      const mean = row.reduce((a, b) => a + b, 0) / row.length
      return row.map((v) => v - mean + 0.001 * g)
    })
    const flat = { y: rows.flat(), group: rows.flatMap((r, g) => r.map(() => `g${g}`)) }
    const fit = await compileOrThrow(source).fit(flat)
    expect(fit.params.t).toBe(0)
    const found = await fit.standardErrors()
    const n = flat.y.length
    expect(errorOf(found, 't')).toBeNaN()
    expect(errorOf(found, 'mu')).toBeCloseTo(moments(flat.y).sd / Math.sqrt(n), 6)
    expect(found.warnings[0]?.message).toContain('edge')
  })

  test('a fit that was stopped far from its maximum says so', async () => {
    const fit = await compileOrThrow(mixture).fit({ y: twoBells(150, 7) }, { maxIterations: 2, restarts: 1 })
    const { warnings } = await fit.standardErrors()
    expect(warnings.map((w) => w.code)).toContain('W546')
  })

  test('hard mode and bad options are refused', async () => {
    const model = compileOrThrow(mixture)
    const y = twoBells(60, 1)
    await expect(model.fit({ y }, { mode: 'hard', errors: 'information' })).rejects.toThrow('hard mode')
    await expect(model.fit({ y }, { errors: 'information', weights: 'sampling' })).rejects.toThrow('sandwich')
    await expect(model.fit({ y }, { replicates: 50 })).rejects.toThrow('bootstrap')
  })
})

describe('posteriors that are approximate', () => {
  /** Beside second differences of the objective itself. */
  async function beside(source: string, data: FitData, within: number) {
    const compiled = compileOrThrow(source)
    const fit = await compiled.fit(data, { tolerance: 1e-11, restarts: 4 })
    const found = await fit.standardErrors()
    const { model } = compiled.bind(data, { backend: 'js' })
    const { params } = applyStartValues(model, new Map(Object.entries(fit.params)), new Float64Array(model.length))
    while (model.refine(params));
    for (const [i, se] of differences(model, params).entries())
      expect(Math.abs((found.estimates[i]?.standardError ?? Number.NaN) / se - 1)).toBeLessThan(within)
    expect(found.warnings.map((w) => w.code)).toContain('W548')
    return fit.toJSON().bound
  }

  test('a quadrature', async () => {
    const source = `model Rates
data g : category[N]
data y : count[N]
param b : real
param t : positive
for j in levels(g) { latent u[j] ~ Normal(0, t) }
for n in 1..N { y[n] ~ Poisson(exp(b + u[g[n]])) }`
    const u = bell(20, 41)
    const g = Array.from({ length: 120 }, (_, i) => `g${i % 20}`)
    const y = g.map((_, i) => Math.max(0, Math.round(Math.exp(1 + 0.5 * (u[i % 20] ?? 0)) + (i % 5) - 2)))
    expect(await beside(source, { g, y }, 0.002)).toBe('quadrature')
  })

  test('a product of factors', async () => {
    const source = `model Blocks
data row, column : category[N]
data y : real[N]
param mu : real[2, 2]
param s : positive
for i in levels(row) { latent a[i] ~ Categorical([1/2, 1/2]) }
for j in levels(column) { latent b[j] ~ Categorical([1/2, 1/2]) }
for n in 1..N { y[n] ~ Normal(mu[a[row[n]], b[column[n]]], s) }`
    const cells = bell(64, 51).map((e, n) => ({ i: n % 8, j: Math.floor(n / 8), e }))
    const data = cells.map(({ i, j, e }) => ({
      row: `r${i}`,
      column: `c${j}`,
      y: ([0, 4, 9, 2][2 * (i % 2) + (j % 2)] ?? 0) + e,
    }))
    const fit = await compileOrThrow(source).fit(data, { tolerance: 1e-12, restarts: 1 })
    expect(fit.toJSON().bound).toBe('variational')
    const found = await fit.standardErrors()
    // rows and columns leave no doubt of their blocks, each of 16 cells
    const s = Number(fit.params.s)
    for (const name of ['mu[1, 1]', 'mu[1, 2]', 'mu[2, 1]', 'mu[2, 2]'])
      expect(errorOf(found, name)).toBeCloseTo(s / 4, 6)
    expect(errorOf(found, 's')).toBeCloseTo(s / Math.sqrt(128), 6)
    expect(found.warnings.map((w) => w.code)).toEqual(['W548'])
  })
})
