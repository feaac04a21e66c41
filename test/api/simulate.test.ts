/** Data drawn from models: shapes, laws, what is kept, what is asked for. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { compileOrThrow, DataError, OptionError, readTable } from '../../index.js'

const mixture = compileOrThrow(`model Mixture
const K = 2
data  x : real[N, D]
param pi    : simplex[K]
param mu    : real[K, D]
param sigma : positive[K]
for n in 1..N {
  latent z ~ Categorical(pi)
  x[n] ~ Normal(mu[z], sigma[z])
}`)
const params = {
  pi: [0.3, 0.7],
  mu: [
    [0, 10],
    [5, -5],
  ],
  sigma: [1, 2],
}

const mean = (x: readonly number[]): number => x.reduce((a, b) => a + b, 0) / x.length
const sd = (x: readonly number[]): number => Math.sqrt(mean(x.map((v) => (v - mean(x)) ** 2)))

test('rows follow their component, and the latents say which it was', () => {
  const { data, latents, sizes } = mixture.simulate(params, { N: 20_000 })
  const x = data.x as readonly (readonly number[])[]
  const z = latents.z as readonly number[]
  expect(sizes.N).toBe(20_000)
  expect(sizes.D).toBe(2)
  const second = x.filter((_, i) => z[i] === 2)
  // within 4.5 standard errors
  expect(Math.abs(second.length / 20_000 - 0.7)).toBeLessThan(4.5 * Math.sqrt(0.21 / 20_000))
  expect(Math.abs(mean(second.map((r) => r[1] ?? 0)) + 5)).toBeLessThan((4.5 * 2) / Math.sqrt(second.length))
  expect(Math.abs(sd(second.map((r) => r[0] ?? 0)) - 2)).toBeLessThan((4.5 * 2) / Math.sqrt(2 * second.length))
})

test('the same seed gives the same numbers, another seed others', () => {
  const draw = (seed: number): string => JSON.stringify(mixture.simulate(params, { N: 50 }, { seed }).data)
  expect(draw(3)).toBe(draw(3))
  expect(draw(3)).not.toBe(draw(4))
})

test('a fit to simulated data finds the params again', async () => {
  const { data } = mixture.simulate(params, { N: 4000 })
  const fit = await mixture.fit(data, { restarts: 4 })
  const mu = fit.params.mu as readonly (readonly number[])[]
  expect(Math.abs((mu[0]?.[1] ?? 0) - 10)).toBeLessThan(0.2)
  expect(Math.abs((mu[1]?.[0] ?? 0) - 5)).toBeLessThan(0.25)
  const again = fit.simulate({ N: 10 })
  expect((again.data.x as readonly unknown[]).length).toBe(10)
  expect(() => fit.simulate({ D: 3 })).toThrow('`D` cannot be 3: it is 2 in the params')
})

test('sizes and params that are not known are asked for', () => {
  expect(() => mixture.simulate(params)).toThrow('how large is `N`? say --size N=500')
  expect(() => mixture.simulate({ pi: [0.3, 0.7] }, { N: 5 })).toThrow('values are needed for `mu`, `sigma`')
  expect(() => mixture.simulate(params, { M: 5 })).toThrow(OptionError)
  expect(() => mixture.simulate({ ...params, sigma: [1, 2, 3] }, { N: 5 })).toThrow(
    'the value of sigma has 3 elements, and the model says 2',
  )
})

test('levels, columns and sequences are those of the fit', async () => {
  const model = compileOrThrow(`model Weather
const S = 2
data  y : category[R][T]
param start : simplex[S]
param step  : simplex[S, S]
param emit  : simplex[S, levels(y)]
for r in 1..R {
  latent z[1] ~ Categorical(start)
  for t in 2..T { latent z[t] ~ Categorical(step[z[t-1]]) }
  for t in 1..T { y[r, t] ~ Categorical(emit[z[t]]) }
}`)
  const table = readTable('days.csv', new TextEncoder().encode('w,day\na,sun\na,rain\na,sun\nb,snow\nb,sun\nb,rain\n'))
  if (table.value === undefined) throw new Error('no table')
  const fit = await model.fit([table.value], { groupBy: 'w', columns: { y: ['day'] }, restarts: 1 })
  expect(() => fit.simulate({ R: 2 })).toThrow('the lengths of the sequences of `y` are not known: say --size T=50')
  const drawn = fit.simulate({ R: 3, T: [2, 4, 1] })
  const y = drawn.data.y as readonly (readonly string[])[]
  expect(y.map((s) => s.length)).toEqual([2, 4, 1])
  expect(y.flat().every((label) => ['sun', 'rain', 'snow'].includes(label))).toBe(true)
  const { columns } = drawn.table({ latents: true })
  expect(columns.map((c) => c.name)).toEqual(['w', 'day', 'z'])
  expect(columns[0]?.cells).toEqual([1, 1, 2, 2, 2, 2, 3])
  const refit = await model.fit(drawn.data, { restarts: 1, maxIterations: 2 })
  expect(Number.isFinite(refit.logLikelihood)).toBe(true)
})

test('what the model does not draw is taken from data, and asked for', () => {
  const line = compileOrThrow(`model Line
data  x : real[N]
data  y : real?[N]
param a, b : real
param s : positive
for n in 1..N { y[n] ~ Normal(a + b * x[n], s) }`)
  const at = { a: 1, b: 2, s: 0.01 }
  expect(() => line.simulate(at, { N: 4 })).toThrow('the model does not draw `x`: it takes it as given')
  const { data } = line.simulate(at, {}, { data: { x: [0, 10, 20] } })
  const y = data.y as readonly number[]
  expect(y.map(Math.round)).toEqual([1, 21, 41])
  const holes = line.simulate(at, {}, { data: { x: [0, 10, 20], y: [1, null, 3] }, keepMissing: true }).data
  expect((holes.y as readonly unknown[])[1]).toBeNull()
  expect((holes.y as readonly unknown[])[0]).not.toBeNull()
  expect(() => line.simulate(at, { N: 7 }, { data: { x: [0, 10, 20] } })).toThrow(
    '`N` cannot be 7: it is 3 in the data',
  )
  expect(() => line.simulate(at, {}, { data: { w: [1] } })).toThrow(DataError)
})

describe('what stands on the left', () => {
  test('a row of weight w is drawn w times', () => {
    const model = compileOrThrow(`model Counted
data  v : bool[N]
data  times : count[N]
param p : unit
for n in 1..N weight times[n] { v[n] ~ Bernoulli(p) }`)
    const { data, sizes } = model.simulate({ p: 0.5 }, {}, { data: { v: [true, false], times: [30, 12] } })
    expect(sizes.N).toBe(42)
    expect(new Set(data.times as readonly number[])).toEqual(new Set([1]))
    expect(model.simulate({ p: 0.5 }, { N: 9 }).sizes.N).toBe(9)
  })

  test('totals of counts are those of the data, through observed sums too', () => {
    const grades = compileOrThrow(readFileSync('examples/grades/hidden.estep', 'utf8'))
    expect(() => grades.simulate({ mu: 0.1 })).toThrow('give the data with --data FILE')
    const { data, latents } = grades.simulate({ mu: 0.1 }, {}, { data: { h: 20, c: 10, d: 10 } })
    const count = (x: unknown): number => Number(x)
    expect(count(data.h) + count(data.c) + count(data.d)).toBe(40)
    expect(count(latents.a) + count(latents.b)).toBe(count(data.h))
  })

  test('limits of observation stay, lifetimes are drawn', () => {
    const survival = compileOrThrow(`model Survival
data  t        : positive[N]
data  observed : bool[N]
param rate : positive
for n in 1..N {
  if observed[n] { t[n] ~ Exponential(rate) }
  else           { t[n] ~ Censored(Exponential(rate), above) }
}`)
    const given = { t: [5, 7, 9], observed: [true, false, true] }
    const t = survival.simulate({ rate: 1 }, {}, { data: given }).data.t as readonly number[]
    expect(t[1]).toBe(7)
    expect(t[0]).not.toBe(5)
    const rest = { observed: given.observed }
    expect(() => survival.simulate({ rate: 1 }, {}, { data: rest })).toThrow('is a limit of observation (Censored)')
  })

  test('truncated values lie between their bounds, however unlikely these are', () => {
    const model = compileOrThrow(`model Tail
data  x : real[N]
param m : real
for n in 1..N { x[n] ~ Truncated(Normal(m, 1), low=3, high=3.5) }`)
    for (const m of [3, -20]) {
      const x = model.simulate({ m }, { N: 300 }).data.x as readonly number[]
      expect(Math.min(...x)).toBeGreaterThanOrEqual(3)
      expect(Math.max(...x)).toBeLessThanOrEqual(3.5)
      expect(new Set(x).size).toBeGreaterThan(250)
      // far out the density falls off as exp(−(a − m)(x − a)): its mean is near the bound
      if (m === -20) expect(Math.abs(mean(x) - (3 + 1 / 23))).toBeLessThan(0.02)
    }
  })

  test('observed conditions hold', () => {
    const model = compileOrThrow(`model Intervals
data  low, high : real[N]
param m : real
for n in 1..N {
  latent v ~ Normal(m, 1)
  observe low[n] < v and v <= high[n]
}`)
    const { latents } = model.simulate({ m: 0 }, {}, { data: { low: [-1, 0, 1], high: [0, 1, 2] } })
    const v = latents.v as readonly number[]
    expect(v.map((x) => Math.floor(x))).toEqual([-1, 0, 1])
  })

  test('figures of data are those of the data given', () => {
    const model = compileOrThrow(`model Box
data  x : real[N, D]
param w : unit
for n in 1..N { for j in 1..D { x[n, j] ~ Uniform(min(x[:, j]), max(x[:, j])) } }
w ~ Beta(2, 2)`)
    const given = {
      x: [
        [0, 100],
        [1, 200],
      ],
    }
    const x = model.simulate({ w: 0.5 }, {}, { data: given }).data.x as readonly (readonly number[])[]
    expect(x.every(([a = -1, b = -1]) => a >= 0 && a <= 1 && b >= 100 && b <= 200)).toBe(true)
    expect(() => model.simulate({ w: 0.5 }, { N: 3, D: 2 })).toThrow('give the data with --data FILE')
  })
})
