/**
 * What the units of one sparse system over all cells add to the log-likelihood, beside the density of the unit's rows
 * written out as one multivariate Normal.
 */
import { expect, test } from 'vitest'
import { compileOrThrow, select } from '../../index.js'
import { fitAt } from './fit-at.js'

const nested = `model Nested
data batch, cask : category[N]
data y : real[N]
param m : real
param p, q, s : positive
for g in levels(batch) { latent a[g] ~ Normal(0, p) }
for h in levels(cask)  { latent b[h] ~ Normal(0, q) }
for n in 1..N { y[n] ~ Normal(m + a[batch[n]] + b[cask[n]], s) }`

const single = `model Single
data batch : category[N]
data y : real[N]
param m : real
param p, s : positive
for g in levels(batch) { latent a[g] ~ Normal(0, p) }
for n in 1..N { y[n] ~ Normal(m + a[batch[n]], s) }`

const at = { m: 1, p: 0.7, q: 1.3, s: 0.6 }

/** log N(y; mean, cov) by Cholesky's factor. */
function logNormal(y: readonly number[], mean: number, cov: (i: number, j: number) => number): number {
  const n = y.length
  const L = Array.from({ length: n }, () => new Array<number>(n).fill(0))
  const z: number[] = []
  let log = (-n / 2) * Math.log(2 * Math.PI)
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let v = cov(i, j)
      for (let k = 0; k < j; k++) v -= (L[i]?.[k] ?? 0) * (L[j]?.[k] ?? 0)
      const row = L[i]
      if (row !== undefined) row[j] = i === j ? Math.sqrt(v) : v / (L[j]?.[j] ?? 1)
    }
    let r = (y[i] ?? 0) - mean
    for (let k = 0; k < i; k++) r -= (L[i]?.[k] ?? 0) * (z[k] ?? 0)
    z.push(r / (L[i]?.[i] ?? 1))
    log -= Math.log(L[i]?.[i] ?? 1) + (z[i] ?? 0) ** 2 / 2
  }
  return log
}

interface Row {
  readonly batch: string
  readonly cask: string
  readonly y: number
}

const rows: readonly Row[] = Array.from({ length: 24 }, (_, i) => ({
  batch: `b${i % 4}`,
  cask: `c${i % 4}.${Math.floor(i / 4) % 3}`,
  y: 1 + Math.sin(3 * i) + (i % 4),
}))

const columns = (of: readonly Row[]) => ({
  batch: of.map((r) => r.batch),
  cask: of.map((r) => r.cask),
  y: of.map((r) => r.y),
})

const same = (a: unknown, b: unknown): number => (a === b ? 1 : 0)

const density = (of: readonly Row[], q = at.q): number =>
  logNormal(
    of.map((r) => r.y),
    at.m,
    (i, j) =>
      same(of[i]?.batch, of[j]?.batch) * at.p ** 2 + same(of[i]?.cask, of[j]?.cask) * q ** 2 + same(i, j) * at.s ** 2,
  )

const sum = (values: Iterable<number>): number => [...values].reduce((a, b) => a + b, 0)

test('groups in groups: a number for each of the outer ones', async () => {
  const fit = await fitAt(nested, columns(rows), at)
  const { logLikelihood, contributions } = await fit.score(columns(rows))
  expect(contributions.map((c) => c.plate)).toEqual(['g'])
  const [own] = contributions
  expect(own?.values.length).toBe(4)
  for (let g = 0; g < 4; g++) expect(own?.values[g]).toBeCloseTo(density(rows.filter((r) => r.batch === `b${g}`)), 10)
  expect(sum(own?.values ?? [])).toBeCloseTo(logLikelihood, 10)
})

test('groups that cross are one unit; where they fall into parts, each has a number', async () => {
  const one = rows.map((r, i) => ({ ...r, cask: `c${i % 3}` }))
  const fit = await fitAt(nested, columns(one), at)
  const crossed = await fit.score(columns(one))
  expect(crossed.contributions.map((c) => [c.plate, c.values.length])).toEqual([[null, 1]])
  expect(crossed.contributions[0]?.values[0]).toBeCloseTo(density(one), 10)
  expect(crossed.warnings.map((w) => w.code)).toEqual(['W538'])
  expect(crossed.warnings[0]?.message).toMatch(/`a`, `b`/)

  // two batches share casks, and the other two
  const two = rows.map((r, i) => ({ ...r, cask: `c${i % 2}.${Math.floor(i / 4) % 3}` }))
  const parts = await (await fitAt(nested, columns(two), at)).score(columns(two))
  expect(parts.contributions.map((c) => [c.plate, c.values.length])).toEqual([[null, 2]])
  for (const half of [0, 1])
    expect(parts.contributions[0]?.values[half]).toBeCloseTo(density(two.filter((_, i) => i % 2 === half)), 10)
  expect(parts.warnings).toEqual([])
})

test('sequences with missing cells, whose neighbours are tied through what is observed', async () => {
  const text = `model Holes
data y : real?[S, T]
param c, f : real
param s : positive
for i in 1..S {
  y[i, 1] ~ Normal(0, s)
  for t in 2..T { y[i, t] ~ Normal(c + f * y[i, t-1], s) }
}`
  const [c, f, s] = [0.3, 0.6, 0.8]
  const y = Array.from({ length: 4 }, (_, i) =>
    Array.from({ length: 5 }, (_, t) => ((i + 2 * t) % 4 === 3 ? null : Math.sin(i + 3 * t))),
  )
  const fit = await fitAt(text, { y }, { c, f, s })
  const { logLikelihood, contributions } = await fit.score({ y })
  expect(contributions.map((x) => [x.plate, x.values.length])).toEqual([['i', 4]])
  const mean = [0]
  const cov = Array.from({ length: 5 }, () => new Array<number>(5).fill(0))
  for (let t = 0; t < 5; t++) {
    if (t > 0) mean.push(c + f * (mean[t - 1] ?? 0))
    for (let u = 0; u <= t; u++) {
      const v = t === u ? s * s + (t === 0 ? 0 : f * f * (cov[t - 1]?.[t - 1] ?? 0)) : f * (cov[t - 1]?.[u] ?? 0)
      for (const [a, b] of [
        [t, u],
        [u, t],
      ] as const) {
        const row = cov[a]
        if (row !== undefined) row[b] = v
      }
    }
  }
  y.forEach((row, i) => {
    const seen = row.flatMap((v, t) => (v === null ? [] : [t]))
    const direct = logNormal(
      seen.map((t) => (row[t] ?? 0) - (mean[t] ?? 0)),
      0,
      (a, b) => cov[seen[a] ?? 0]?.[seen[b] ?? 0] ?? 0,
    )
    expect(contributions[0]?.values[i]).toBeCloseTo(direct, 10)
  })
  expect(sum(contributions[0]?.values ?? [])).toBeCloseTo(logLikelihood, 10)
})

test.each(['groups by themselves', 'groups in groups'])(
  'the Jacobian of standardised rows goes to their units: %s',
  async (which) => {
    const model = compileOrThrow(which === 'groups in groups' ? nested : single)
    const options = { start: { m: 2, p: 1, s: 1 }, tolerance: 1e-12, maxIterations: 20_000 }
    const data = columns(rows.map((r) => ({ ...r, y: 3 * r.y })))
    const [a, b] = [await model.fit(data, options), await model.fit(data, { ...options, standardize: true })]
    const [own, standard] = [await a.score(data), await b.score(data)]
    expect(standard.logLikelihood).toBeCloseTo(own.logLikelihood, 5)
    for (const [g, value] of (own.contributions[0]?.values ?? []).entries())
      expect(standard.contributions[0]?.values[g]).toBeCloseTo(value, 2)
  },
)

test('groups that are not in a fold are none of its units', async () => {
  const held = { m: at.m, p: at.p, s: at.s }
  for (const [text, q, fix] of [
    [single, 0, held],
    [nested, at.q, { ...held, q: at.q }],
  ] as const) {
    const model = compileOrThrow(text)
    const { candidates } = await select([model, model], columns(rows), { folds: 2, fix, restarts: 1 })
    const parts = ['b0', 'b1', 'b2', 'b3'].map((b) =>
      density(
        rows.filter((r) => r.batch === b),
        q,
      ),
    )
    const mean = sum(parts) / 4
    const figures = candidates[0]?.figures
    expect(figures?.cv).toBeCloseTo(sum(parts), 8)
    expect(figures?.cvError).toBeCloseTo(Math.sqrt((4 / 3) * sum(parts.map((p) => (p - mean) ** 2))), 8)
  }
})
