import { expect, test } from 'vitest'
import { compileOrThrow, DataError, type Fit, loadFit } from '../../index.js'
import { JointGaussian, normalDensity } from '../oracle/joint-gaussian.js'
import { fitAt } from './fit-at.js'

const near = (actual: unknown, wanted: number): void => {
  expect(typeof actual).toBe('number')
  expect(Math.abs(Number(actual) - wanted)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(wanted)))
}

/** The cells of one array that were missing. */
async function cellsOf(fit: Fit, data: unknown, name: string) {
  const { arrays } = await fit.impute(data)
  const found = arrays.find((a) => a.name === name)
  if (found === undefined) throw new Error(`nothing was missing in ${name}`)
  return found
}

const Sigma = [
  [2, 0.8, -0.3],
  [0.8, 1.5, 0.4],
  [-0.3, 0.4, 1],
]

test('MvNormal rows are filled by their conditional distribution, pattern by pattern', async () => {
  const text = `model Holes
data  x : real?[N, 3]
param mu    : real[3]
param Sigma : covariance[3]
for n in 1..N { x[n] ~ MvNormal(mu, Sigma) }`
  const mu = [1, -1, 0.5]
  const rows = [
    [1, 2, 3],
    [null, 0, 1],
    [null, 1, null],
    [2, 2, 2],
    [null, null, null],
  ]
  const data = { x: rows }
  const x = await cellsOf(await fitAt(text, data, { mu, Sigma }), data, 'x')
  expect(x.cells.map((c) => c.index)).toEqual([
    [2, 1],
    [3, 1],
    [3, 3],
    [5, 1],
    [5, 2],
    [5, 3],
  ])
  for (const { index, value, sd } of x.cells) {
    const [n = 0, d = 0] = index
    const joint = new JointGaussian().addVector(['1', '2', '3'], mu, [{}, {}, {}], Sigma)
    const seen = (rows[n - 1] ?? []).flatMap((v, j) => (v === null ? [] : [[String(j + 1), v] as const]))
    const given = joint.given(Object.fromEntries(seen))
    near(value, given.mean(String(d)))
    near(sd, Math.sqrt(given.covariance(String(d), String(d))))
  }
  expect(x.values.slice(0, 3)).toEqual([1, 2, 3])
  near(x.values[3], Number(x.cells[0]?.value))
})

test('in a mixture a cell is filled by the mixture of conditional means, with total variance', async () => {
  const text = `model Holes
data  x : real?[N, 2]
param w     : simplex[2]
param mu    : real[2, 2]
param Sigma : covariance[2, 2]
for n in 1..N {
  latent z ~ Categorical(w)
  x[n] ~ MvNormal(mu[z], Sigma[z])
}`
  const [w, mu] = [
    [0.4, 0.6],
    [
      [0, 0],
      [3, 1],
    ],
  ]
  const own = [
    [
      [1, 0.5],
      [0.5, 1],
    ],
    [
      [2, -0.6],
      [-0.6, 1],
    ],
  ]
  const data = {
    x: [
      [1.2, null],
      [1, 1],
    ],
  }
  const x = await cellsOf(await fitAt(text, data, { w, mu, Sigma: own }), data, 'x')
  const parts = w.map((p, k) => {
    const [m, s] = [mu[k] ?? [], own[k] ?? []]
    const at = (i: number, j: number): number => s[i]?.[j] ?? 0
    const slope = at(0, 1) / at(0, 0)
    return {
      weight: p * normalDensity(1.2, m[0] ?? 0, at(0, 0)),
      mean: (m[1] ?? 0) + slope * (1.2 - (m[0] ?? 0)),
      variance: at(1, 1) - slope * at(0, 1),
    }
  })
  const total = parts.reduce((s, p) => s + p.weight, 0)
  const mean = parts.reduce((s, p) => s + (p.weight * p.mean) / total, 0)
  near(x.cells[0]?.value, mean)
  const variance = parts.reduce((s, p) => s + (p.weight * (p.variance + (p.mean - mean) ** 2)) / total, 0)
  near(x.cells[0]?.sd, Math.sqrt(variance))
})

test('cells that nothing else reads have the mixture of their distributions', async () => {
  const text = `model Families
data  a : real?[N]
data  b : positive?[N]
data  c : count?[N]
data  d : category?[N]
data  e : bool?[N]
param w : simplex[2]
param m : real[2]
param r, l : positive[2]
param t : simplex[2, levels(d)]
param q : unit[2]
for n in 1..N {
  latent z ~ Categorical(w)
  a[n] ~ Normal(m[z], 1)
  b[n] ~ Exponential(r[z])
  c[n] ~ Poisson(l[z])
  d[n] ~ Categorical(t[z])
  e[n] ~ Bernoulli(q[z])
}`
  const params = {
    w: [0.3, 0.7],
    m: [0, 2],
    r: [0.5, 3],
    l: [4, 1],
    t: [
      [0.2, 0.8],
      [0.9, 0.1],
    ],
    q: [0.25, 0.9],
  }
  const data = { a: [0.7, 1], b: [null, 2], c: [null, 2], d: [null, 'u'], e: [null, true] }
  const whole = { ...data, d: ['v', 'u'] }
  const fit = await fitAt(text, whole, params)
  const weights = params.w.map((p, k) => p * normalDensity(0.7, params.m[k] ?? 0, 1))
  const total = weights.reduce((a, b) => a + b, 0)
  const over = (of: (k: number) => number): number => weights.reduce((s, x, k) => s + (x / total) * of(k), 0)
  const { arrays } = await fit.impute(data)
  const cell = (name: string) => arrays.find((x) => x.name === name)?.cells[0]
  const rate = over((k) => 1 / (params.r[k] ?? 1))
  near(cell('b')?.value, rate)
  near(cell('b')?.sd, Math.sqrt(over((k) => (params.r[k] ?? 1) ** -2 + (1 / (params.r[k] ?? 1) - rate) ** 2)))
  const count = over((k) => params.l[k] ?? 0)
  near(cell('c')?.value, count)
  near(cell('c')?.sd, Math.sqrt(over((k) => (params.l[k] ?? 0) + ((params.l[k] ?? 0) - count) ** 2)))
  const u = over((k) => params.t[k]?.[0] ?? 0)
  expect(cell('d')?.value).toBe(u > 0.5 ? 'u' : 'v')
  near(cell('d')?.probability, Math.max(u, 1 - u))
  near(cell('d')?.probabilities?.get('v'), 1 - u)
  const e = over((k) => params.q[k] ?? 0)
  expect(cell('e')?.value).toBe(e > 0.5)
  near(cell('e')?.probabilities?.get('true'), e)
})

test('a gap in an autoregression is filled from both sides', async () => {
  const text = `model Ar
data  y : real?[T]
param c, phi : real
param s : positive
y[1] ~ Normal(0, 2)
for t in 2..T { y[t] ~ Normal(c + phi * y[t-1], s) }`
  const y = [1, null, null, 3, null]
  const fit = await fitAt(text, { y }, { c: 0.3, phi: 0.8, s: 0.5 })
  const joint = new JointGaussian().add('0', 0, {}, 4)
  for (let t = 1; t < 5; t++) joint.add(String(t), 0.3, { [t - 1]: 0.8 }, 0.25)
  const given = joint.given({ 0: 1, 3: 3 })
  for (const c of (await cellsOf(fit, { y }, 'y')).cells) {
    const t = String((c.index[0] ?? 0) - 1)
    near(c.value, given.mean(t))
    near(c.sd, Math.sqrt(given.covariance(t, t)))
  }
})

test('a missing response of a group takes up the uncertainty of the intercept', async () => {
  const text = `model Intercepts
data  g : category[N]
data  x : real[N]
data  y : real?[N]
param b : real
param t, s : positive
for j in levels(g) { latent u[j] ~ Normal(0, t) }
for n in 1..N { y[n] ~ Normal(b * x[n] + u[g[n]], s) }`
  const data = { g: ['p', 'p', 'q'], x: [1, 2, 3], y: [2, null, null] }
  const fit = await fitAt(text, data, { b: 1.5, t: 0.9, s: 0.4 })
  const joint = new JointGaussian().add('p', 0, {}, 0.81).add('y', 1.5, { p: 1 }, 0.16).add('m', 3, { p: 1 }, 0.16)
  const given = joint.given({ y: 2 })
  const [own, other] = (await cellsOf(fit, data, 'y')).cells
  near(own?.value, given.mean('m'))
  near(own?.sd, Math.sqrt(given.covariance('m', 'm')))
  near(other?.value, 4.5)
  near(other?.sd, Math.sqrt(0.81 + 0.16))
})

test('a missing count of a unit with a Gamma rate is negative binomial', async () => {
  const text = `model Rates
data  g : category[N]
data  y : count?[N]
data  t : positive[N]
param a, b : positive
for j in levels(g) { latent rate[j] ~ Gamma(a, b) }
for n in 1..N { y[n] ~ Poisson(t[n] * rate[g[n]]) }`
  const data = { g: ['p', 'p'], y: [7, null], t: [2, 5] }
  const [cell] = (await cellsOf(await fitAt(text, data, { a: 1.5, b: 0.5 }), data, 'y')).cells
  const [shape, rate] = [1.5 + 7, 0.5 + 2]
  near(cell?.value, (5 * shape) / rate)
  near(cell?.sd, Math.sqrt((5 * shape) / rate + (25 * shape) / rate ** 2))
})

test('a half-observed rate has its conjugate posterior', async () => {
  const text = `model Rates
data  y : positive?[N]
data  c : count[N]
param a, b : positive
for n in 1..N {
  y[n] ~ Gamma(a, b)
  c[n] ~ Poisson(y[n])
}`
  const data = { y: [2.5, null], c: [1, 4] }
  const y = await cellsOf(await fitAt(text, data, { a: 3, b: 2 }), data, 'y')
  near(y.cells[0]?.value, 7 / 3)
  near(y.cells[0]?.sd, Math.sqrt(7) / 3)
  near(y.values[0], 2.5)
})

test('emissions of a chain are filled over its smoothed states, in ragged sequences too', async () => {
  const text = `model Hmm
data  y : count?[R][T]
param rate : positive[2]
param p : unit
for r in 1..R {
  latent z[1] ~ Bernoulli(1/2)
  for t in 2..T { latent z[t] ~ Bernoulli(p * z[t-1] + (1 - p) * (1 - z[t-1])) }
  for t in 1..T { y[r, t] ~ Poisson(rate[1 + z[t]]) }
}`
  const data = { id: ['a', 'b', 'b', 'b'], y: [null, 6, null, 0] }
  const p = 0.8
  const fit = await fitAt(text, data, { rate: [1, 5], p }, { groupBy: 'id' })
  const y = await cellsOf(fit, data, 'y')
  expect(y.cells.map((c) => c.index)).toEqual([
    [1, 1],
    [2, 2],
  ])
  near(y.cells[0]?.value, 3)
  near(y.cells[0]?.sd, Math.sqrt(3 + 4))
  const poisson = (k: number, rate: number): number => Math.exp(-rate) * rate ** k
  const states = [0, 1]
  const rates = [1, 5]
  const step = (from: number, to: number): number => (from === to ? p : 1 - p)
  const weights = states.map((z) =>
    states.reduce(
      (s, before) =>
        s +
        states.reduce(
          (q, after) =>
            q + poisson(6, rates[before] ?? 0) * step(before, z) * step(z, after) * poisson(0, rates[after] ?? 0),
          0,
        ),
      0,
    ),
  )
  const share = (weights[1] ?? 0) / weights.reduce((a, b) => a + b, 0)
  near(y.cells[1]?.value, 1 + 4 * share)
  near(y.cells[1]?.sd, Math.sqrt(1 + 4 * share + 16 * share * (1 - share)))
})

test('a Mixture of listed components is a mixture over which of them holds', async () => {
  const text = `model Listed
data  y : real?[N]
param w : simplex[2]
param m, r : positive
for n in 1..N { y[n] ~ Mixture(w, Normal(m, 1), Exponential(r)) }`
  const data = { y: [1, null, 2] }
  const [cell] = (await cellsOf(await fitAt(text, data, { w: [0.3, 0.7], m: 4, r: 2 }), data, 'y')).cells
  const mean = 0.3 * 4 + 0.7 * 0.5
  near(cell?.value, mean)
  near(cell?.sd, Math.sqrt(0.3 * (1 + (4 - mean) ** 2) + 0.7 * (0.25 + (0.5 - mean) ** 2)))
})

test('a branch on data gives the distribution of its own cells', async () => {
  const text = `model Branches
data  arm : bool[N]
data  y : real?[N]
param a, b : real
for n in 1..N {
  if arm[n] { y[n] ~ Normal(a, 1) } else { y[n] ~ Normal(b, 2) }
}`
  const data = { arm: [true, false, true], y: [null, null, 3] }
  const cells = (await cellsOf(await fitAt(text, data, { a: 1, b: -1 }), data, 'y')).cells
  expect(cells.map((c) => [c.value, c.sd])).toEqual([
    [1, 1],
    [-1, 2],
  ])
})

test('what has no mean in closed form is refused, where cells are missing', async () => {
  const text = `model Cut
data  y : real?[N]
param m : real
for n in 1..N { y[n] ~ Truncated(Normal(m, 1), low=0) }`
  const fit = await compileOrThrow(text).fit({ y: [1, 2, 3] })
  expect((await fit.impute()).arrays).toEqual([])
  await expect(fit.impute({ y: [1, null] })).rejects.toSatisfy(
    (e) => e instanceof DataError && e.problems.every((p) => p.code === 'E417' && p.message.includes('Truncated')),
  )
})

test('new rows of which a column is missing altogether are filled from the fit', async () => {
  const text = `model Holes
data  x : real?[N, 3]
param mu    : real[3]
param Sigma : covariance[3]
for n in 1..N { x[n] ~ MvNormal(mu, Sigma) }`
  const mu = [1, -1, 0.5]
  const fit = await fitAt(
    text,
    {
      x: [
        [1, 2, 3],
        [2, 0, 1],
      ],
    },
    { mu, Sigma },
  )
  const { cells } = await cellsOf(
    fit,
    {
      x: [
        [null, 0, 1],
        [null, null, null],
      ],
    },
    'x',
  )
  const given = new JointGaussian().addVector(['1', '2', '3'], mu, [{}, {}, {}], Sigma).given({ 2: 0, 3: 1 })
  near(cells[0]?.value, given.mean('1'))
  near(cells[1]?.value, 1)
  near(cells[1]?.sd, Math.sqrt(2))
})

test('without an argument the data of the fit is filled', async () => {
  const text = `model Holes
data  x : real?[N]
param m : real
for n in 1..N { x[n] ~ Normal(m, 1) }`
  const fit = await compileOrThrow(text).fit({ x: [1, null, 3] })
  const [x] = (await fit.impute()).arrays
  near(x?.cells[0]?.value, 2)
  await expect(loadFit(JSON.parse(JSON.stringify(fit))).impute()).rejects.toThrow('without its data')
})

test('a missing label that others read is filled by its posterior', async () => {
  const text = `model Labelled
data  g : category?[N]
data  y : real[N]
param p : simplex[levels(g)]
param m : real[levels(g)]
for n in 1..N {
  g[n] ~ Categorical(p)
  y[n] ~ Normal(m[g[n]], 1)
}`
  const [p, m] = [
    [0.2, 0.8],
    [0, 3],
  ]
  const whole = { g: ['a', 'b', 'b'], y: [0.2, 2, 1.1] }
  const fit = await fitAt(text, whole, { p, m })
  const g = await cellsOf(fit, { ...whole, g: ['a', 'b', null] }, 'g')
  const weights = p.map((q, k) => q * normalDensity(1.1, m[k] ?? 0, 1))
  expect(g.cells[0]?.value).toBe('b')
  near(g.cells[0]?.probability, (weights[1] ?? 0) / ((weights[0] ?? 0) + (weights[1] ?? 0)))
  expect(g.values).toEqual(['a', 'b', 'b'])
})

test('columns with levels of their own are filled with their own labels', async () => {
  const text = `model Classes
data  y : category?[N, 2]
param w : simplex[2]
param theta : simplex[2, 2, levels(y)]
for n in 1..N {
  latent z ~ Categorical(w)
  for j in 1..2 { y[n, j] ~ Categorical(theta[z, j]) }
}`
  const theta = [
    [
      [0.9, 0.1],
      [0.7, 0.2, 0.1],
    ],
    [
      [0.2, 0.8],
      [0.1, 0.1, 0.8],
    ],
  ]
  const whole = {
    y: [
      ['no', 'high'],
      ['yes', 'low'],
      ['no', 'medium'],
    ],
  }
  const fit = await fitAt(text, whole, { w: [0.5, 0.5], theta })
  const holes = {
    y: [
      ['no', null],
      [null, 'medium'],
    ],
  }
  const y = await cellsOf(fit, holes, 'y')
  // P(class | no) = (0.9, 0.2)/1.1; levels in order: no, yes and high, low, medium
  const first = (k: number): number => (0.9 / 1.1) * (theta[0]?.[1]?.[k] ?? 0) + (0.2 / 1.1) * (theta[1]?.[1]?.[k] ?? 0)
  expect(y.cells[0]?.value).toBe('high')
  for (const [k, label] of ['high', 'low', 'medium'].entries()) near(y.cells[0]?.probabilities?.get(label), first(k))
  // P(class | medium) = (0.1, 0.8)/0.9
  expect(y.cells[1]?.value).toBe('yes')
  near(y.cells[1]?.probability, (0.1 / 0.9) * 0.1 + (0.8 / 0.9) * 0.8)
})
