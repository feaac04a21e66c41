/** Residuals of fitted models: by hand, by refits without a cell, beside R, and where there are none. */
import { describe, expect, test } from 'vitest'
import { lgamma, logPhi, Phi } from '../../compiler/numerics/index.js'
import { compileOrThrow, type DataResiduals, type FitCallOptions, type Model } from '../../index.js'
import { fitAt } from './fit-at.js'

async function residuals(source: string | Model, data: unknown, options: FitCallOptions = {}) {
  const model = typeof source === 'string' ? compileOrThrow(source) : source
  const fit = await model.fit(data, { restarts: 1, maxIterations: 4, tolerance: 0, ...options })
  const { arrays } = await fit.residuals()
  const of = (name: string, column: string | null = null): DataResiduals => {
    const found = arrays.find((a) => a.data === name && a.column === column)
    if (found === undefined) throw new Error(`no ${name}`)
    return found
  }
  return { fit, arrays, of }
}

const close = (a: number | null | undefined, b: number, digits = 9): void =>
  expect(a ?? Number.NaN).toBeCloseTo(b, digits)

test('counts whose tails are smaller than any number have quantiles', async () => {
  const source = `model Plain
data  y : count[N]
param r : positive
for n in 1..N { y[n] ~ Poisson(r) }`
  const y = [1000, 3]
  const of = async (r: number) => (await (await fitAt(source, { y }, { r })).residuals({ y })).arrays[0]?.cells ?? []
  const [high] = await of(3)
  // log P(X ≥ 1000) is log 3^1000 e^-3 / 1000!, but for 1 + 3/1001 + …; a part of it is drawn
  const log = 1000 * Math.log(3) - 3 - lgamma(1001)
  expect(Math.abs(logPhi(-(high?.quantile ?? Number.NaN)) - log)).toBeLessThan(5)
  const [, low] = await of(2000)
  const below = 3 * Math.log(2000) - 2000 - lgamma(4)
  expect(Math.abs(logPhi(low?.quantile ?? Number.NaN) - below)).toBeLessThan(5)
})

test('no probability is more than 1, however weights are rounded', async () => {
  const source = `model Mixture
const K = 3
data  y : count[N]
param p : simplex[K]
param r : positive[K]
for n in 1..N {
  latent z ~ Categorical(p)
  y[n] ~ Poisson(r[z])
}`
  const y = [150, 200, 250]
  const p = [0.75, 0.0925, 0.1575]
  const [own] = (await (await fitAt(source, { y }, { p, r: [30, 33, 36] })).residuals({ y })).arrays
  for (const c of own?.cells ?? []) expect(c.pit).toBeLessThanOrEqual(1)
  expect(own?.cells).toHaveLength(3)
})

test('of one Normal they are the standardised residuals', async () => {
  const x = [1, 4, 2, 8, 5, 7]
  const { of } = await residuals(
    `model Plain
data  x : real[N]
param m : real
param s : positive
for n in 1..N { x[n] ~ Normal(m, s) }`,
    { x },
  )
  const m = 4.5
  const s = Math.sqrt(x.reduce((a, b) => a + (b - m) ** 2, 0) / 6)
  const own = of('x')
  expect(own.kind).toBe('numbers')
  own.cells.forEach((c, n) => {
    const z = ((x[n] ?? 0) - m) / s
    close(c.residual, z)
    close(c.quantile, z)
    close(c.pit, Phi(z))
  })
  close(own.residual?.sd, 1)
  close(own.residual?.mean, 0)
})

const mixture = `model Mixture
data  x : real[N]
param pi : simplex[2]
param mu : real[2]
param s  : positive[2]
for n in 1..N {
  latent z ~ Categorical(pi)
  x[n] ~ Normal(mu[z], s[z])
}`

test('of a mixture the distribution has the weights of the components, however far these are apart', async () => {
  // 2000 sds: no posterior probability of the other component is left
  const x = [0, 0.5, -0.7, 2000, 2001, 0.1, 1999.5, 0.3]
  const { of, fit } = await residuals(mixture, { x }, { start: { pi: [0.5, 0.5], mu: [0, 2000], s: [1, 1] } })
  const { pi, mu, s } = fit.params as { pi: number[]; mu: number[]; s: number[] }
  const own = of('x')
  expect(own.left).toBe(0)
  own.cells.forEach((c, n) => {
    const u = mu.reduce((sum, m, k) => sum + (pi[k] ?? 0) * Phi(((x[n] ?? 0) - m) / (s[k] ?? 1)), 0)
    close(c.pit, u)
    close(Phi(c.quantile ?? Number.NaN), u)
  })
})

describe('each cell has its distribution given all others', () => {
  test('of a chain: from enumerated paths without the cell', async () => {
    const source = `model Chain
data  y : count[T]
param step : simplex[2, 2]
param rate : positive[2]
latent z[1] ~ Categorical([0.3, 0.7])
for t in 2..T { latent z[t] ~ Categorical(step[z[t-1]]) }
for t in 1..T { y[t] ~ Poisson(rate[z[t]]) }`
    const y = [0, 2, 5, 4, 1, 0, 6]
    const start = {
      step: [
        [0.8, 0.2],
        [0.3, 0.7],
      ],
      rate: [1, 5],
    }
    const { of, fit } = await residuals(source, { y }, { start })
    const p = fit.params as { step: number[][]; rate: number[] }
    const mass = (v: number, k: number): number => {
      const rate = p.rate[k] ?? 1
      let m = Math.exp(-rate)
      for (let i = 1; i <= v; i++) m *= rate / i
      return m
    }
    /** P(y[t] = v, all others). */
    const joint = (t: number, v: number): number => {
      let total = 0
      for (let path = 0; path < 2 ** y.length; path++) {
        let w = 1
        let before = 0
        y.forEach((seen, i) => {
          const z = (path >> i) & 1
          w *= (i === 0 ? [0.3, 0.7][z] : p.step[before]?.[z]) ?? 0
          w *= mass(i === t ? v : seen, z)
          before = z
        })
        total += w
      }
      return total
    }
    const own = of('y')
    expect(own.kind).toBe('counts')
    const whole = Array.from({ length: 7 }, () => 0)
    own.cells.forEach((c, t) => {
      const masses = Array.from({ length: 60 }, (_, v) => joint(t, v))
      const all = masses.reduce((a, b) => a + b, 0)
      const below = masses.slice(0, y[t]).reduce((a, b) => a + b, 0) / all
      expect(c.pit).toBeGreaterThanOrEqual(below - 1e-9)
      expect(c.pit).toBeLessThanOrEqual(below + (masses[y[t] ?? 0] ?? 0) / all + 1e-9)
      const mean = masses.reduce((sum, m, v) => sum + (m * v) / all, 0)
      const variance = masses.reduce((sum, m, v) => sum + (m * (v - mean) ** 2) / all, 0)
      close(c.residual, ((y[t] ?? 0) - mean) / Math.sqrt(variance), 7)
      for (let v = 0; v < 7; v++) whole[v] = (whole[v] ?? 0) + (masses[v] ?? 0) / all
    })
    for (let v = 0; v < 7; v++) close(own.frequencies?.[v]?.expected, whole[v] ?? 0, 7)
    expect(own.frequencies?.map((f) => f.observed).slice(0, 7)).toEqual([2, 1, 1, 0, 1, 1, 1])
  })

  test('of answers that share a class: at the edge of their probabilities too', async () => {
    const source = `model Classes
data  y : bool[N, J]
param pi : simplex[2]
param p : unit[2, J]
for n in 1..N {
  latent z ~ Categorical(pi)
  for j in 1..J { y[n, j] ~ Bernoulli(p[z, j]) }
}`
    const rows = [
      [1, 1, 0],
      [1, 1, 1],
      [0, 0, 1],
      [0, 0, 0],
      [1, 0, 1],
      [1, 1, 0],
    ]
    const y = rows.map((r) => r.map((v) => v === 1))
    const start = {
      pi: [0.4, 0.6],
      p: [
        [1, 0.9, 0.4],
        [0.2, 0.3, 0.6],
      ],
    }
    const { of, fit } = await residuals(source, { y }, { start, maxIterations: 1 })
    const { pi, p } = fit.params as { pi: number[]; p: number[][] }
    // a 1 stays where EM keeps it
    expect(p.some((row) => row[0] === 1)).toBe(true)
    const likely = (v: number, k: number, j: number): number => (v === 1 ? (p[k]?.[j] ?? 0) : 1 - (p[k]?.[j] ?? 0))
    const cells = of('y').cells
    expect(cells.length).toBe(18)
    for (const c of cells) {
      const [n = 1, j = 1] = c.index
      const w = pi.map((q, k) => (rows[n - 1] ?? []).reduce((a, v, i) => (i === j - 1 ? a : a * likely(v, k, i)), q))
      const all = w.reduce((a, b) => a + b, 0)
      const own = w.reduce((sum, q, k) => sum + (q / all) * likely(rows[n - 1]?.[j - 1] ?? 0, k, j - 1), 0)
      close(c.probability, own)
    }
  })

  test('with Normal latents it is that of the regression without the cell', async () => {
    const source = `model Groups
data  g : category[N]
data  y : real[N]
param m : real
param a, s : positive
for j in levels(g) { latent b[j] ~ Normal(0, a) }
for n in 1..N { y[n] ~ Normal(m + b[g[n]], s) }`
    const g = ['a', 'a', 'a', 'b', 'b', 'c']
    const y = [1.2, 2.3, 0.7, 4.1, 5.6, 3]
    const { of, fit } = await residuals(source, { g, y }, { start: { m: 2, a: 1, s: 1 } })
    const { m, a, s } = fit.params as { m: number; a: number; s: number }
    of('y').cells.forEach((c, n) => {
      const others = y.filter((_, i) => i !== n && g[i] === g[n])
      const precision = 1 / a ** 2 + others.length / s ** 2
      const mean = m + others.reduce((sum, v) => sum + (v - m), 0) / s ** 2 / precision
      const sd = Math.sqrt(1 / precision + s ** 2)
      close(c.residual, ((y[n] ?? 0) - mean) / sd, 8)
      close(c.quantile, ((y[n] ?? 0) - mean) / sd, 8)
    })
  })
})

describe('a discrete latent behind a Normal one', () => {
  const source = `model Slabs
data  y, se : real[N]
param w : simplex[2]
param mu : real[2]
param tau : positive[2]
for n in 1..N {
  latent z ~ Categorical(w)
  latent theta ~ Normal(mu[z], tau[z])
  y[n] ~ Normal(theta, se[n])
}`
  const se = [0.5, 0.3, 0.8, 0.2, 0.5]
  /** Each cell alone tells its own latents: the others leave the mixture as it is. */
  const agrees = async (y: readonly number[], mu: readonly number[]): Promise<void> => {
    const params = { w: [0.3, 0.7], mu, tau: [1.5, 0.2] }
    const own = (await (await fitAt(source, { y, se }, params)).residuals({ y, se })).arrays.find((a) => a.data === 'y')
    expect(own?.left).toBe(0)
    own?.cells.forEach((c, n) => {
      const p = params.w.reduce(
        (sum, w, k) => sum + w * Phi(((y[n] ?? 0) - (mu[k] ?? 0)) / Math.hypot(params.tau[k] ?? 0, se[n] ?? 0)),
        0,
      )
      close(c.pit, p)
    })
  }

  test('the distribution is a mixture, though the statement does not read it', () =>
    agrees([0.4, -2, 1, 3, 0.1], [0, 1]))

  test('where a value has no posterior left the cell is taken out of the E-step', () =>
    agrees([0.4, 95, 1, 103, 0.1], [0, 100]))

  test('and where rows shared a covariance', async () => {
    const shared = source.replace('data  y, se', 'data  y').replace('se[n]', '0.5')
    const params = { w: [0.3, 0.7], mu: [0, 100], tau: [1.5, 0.2] }
    const y = [0.4, 99, 1, 100.5]
    const own = (await (await fitAt(shared, { y }, params)).residuals({ y })).arrays.find((a) => a.data === 'y')
    expect(own?.left).toBe(0)
    own?.cells.forEach((c, n) => {
      const at = (k: number): number => Phi(((y[n] ?? 0) - (params.mu[k] ?? 0)) / Math.hypot(params.tau[k] ?? 0, 0.5))
      close(c.pit, 0.3 * at(0) + 0.7 * at(1))
    })
  })
})

test('the last of several labels has its probability too', async () => {
  const { of } = await residuals(
    `model Labels
data  y : category[N]
param p : simplex[levels(y)]
for n in 1..N { y[n] ~ Categorical(p) }`,
    { y: ['a', 'b', 'c', 'c', 'a', 'c'] },
  )
  const own = of('y')
  expect(own.left).toBe(0)
  expect(own.cells.map((c) => c.observed)).toEqual(['a', 'b', 'c', 'c', 'a', 'c'])
  close(own.cells[2]?.probability, 0.5)
  expect(own.frequencies?.map((f) => [f.value, f.observed])).toEqual([
    ['a', 2],
    ['b', 1],
    ['c', 3],
  ])
})

test('what is said of labels is calibrated: reliability and Brier score', async () => {
  const source = `model Logit
data  x : real[N]
data  y : bool[N]
param a, b : real
for n in 1..N { y[n] ~ Bernoulli(logit = a + b * x[n]) }`
  const x = Array.from({ length: 60 }, (_, i) => i / 10 - 3)
  const y = x.map((v, i) => v + ((i * 37) % 11) / 3 - 1.6 > 0)
  const { of, fit } = await residuals(source, { x, y }, { maxIterations: 200, tolerance: 1e-9 })
  const { a, b } = fit.params as { a: number; b: number }
  const p = x.map((v) => 1 / (1 + Math.exp(-a - b * v)))
  const own = of('y')
  const brier = p.reduce((sum, q, i) => sum + 2 * (q - (y[i] ? 1 : 0)) ** 2, 0) / 60
  close(own.calibration?.brier, brier)
  expect(own.calibration?.bins.reduce((n, bin) => n + bin.count, 0)).toBe(120)
  // the score of the intercept is 0 at the maximum
  close(own.frequencies?.find((f) => f.value === 'true')?.expected, y.filter((v) => v).length, 4)
})

test('arrays for which there are none say why', async () => {
  const { of } = await residuals(
    `model None
data  x : real[N]
data  y : real[N]
param m : real
param s, t : positive
for n in 1..N {
  x[n] ~ Custom(-((x[n] - m) / s)^2 / 2 - log(s))
  y[n] ~ Truncated(Normal(m, t), low = 0)
}`,
    { x: [1, 2, 3, 4], y: [1, 2, 2, 5] },
  )
  expect(of('x').reason).toContain('written out')
  expect(of('y').reason).toContain('truncated')
  expect(of('y').approximate).toBe(false)
  expect(of('x').cells).toEqual([])
})

test('states of a chain whose first place stands apart: given the values before and after', async () => {
  const [start, a, b, s] = [[0.3, 0.7], [0, 3], [0.2, -0.4], 1.2]
  const step = [
    [0.9, 0.1],
    [0.25, 0.75],
  ]
  const y = [0.4, 2.5, -1, 3]
  const text = `model AutoregressiveStates
data  y : real[T]
param start : simplex[2]
param step  : simplex[2, 2]
param a, b  : real[2]
param s     : positive
latent z[1] ~ Categorical(start)
y[1] ~ Normal(a[z[1]], 1)
for t in 2..T {
  latent z[t] ~ Categorical(step[z[t-1]])
  y[t] ~ Normal(a[z[t]] + b[z[t]] * y[t-1], s)
}`
  const fit = await fitAt(text, { y }, { start, step, a, b, s })
  const own = (await fit.residuals({ y })).arrays.find((r) => r.data === 'y')
  expect(own?.reason).toBeNull()
  expect(own?.cells.length).toBe(4)
  const mean = (t: number, k: number): number => (a[k] ?? 0) + (t === 0 ? 0 : (b[k] ?? 0) * (y[t - 1] ?? 0))
  const sd = (t: number): number => (t === 0 ? 1 : s)
  const density = (t: number, k: number): number => Math.exp(-0.5 * (((y[t] ?? 0) - mean(t, k)) / sd(t)) ** 2) / sd(t)
  own?.cells.forEach((c, n) => {
    let [all, below] = [0, 0]
    for (let path = 0; path < 16; path++) {
      const z = [0, 1, 2, 3].map((t) => (path >> t) & 1)
      const prior = z.reduce((p, k, t) => p * (t === 0 ? (start[k] ?? 0) : (step[z[t - 1] ?? 0]?.[k] ?? 0)), 1)
      const rest = z.reduce((p, k, t) => (t === n ? p : p * density(t, k)), prior)
      all += rest
      below += rest * Math.exp(logPhi(((y[n] ?? 0) - mean(n, z[n] ?? 0)) / sd(n)))
    }
    close(c.pit, below / all)
  })
})
