/** The entropy of the classification: by hand, by enumeration, beside ICL, and where there is none. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { compileOrThrow, readTable, select } from '../../index.js'

const logSum = (xs: readonly number[]): number => {
  const most = Math.max(...xs)
  return most + Math.log(xs.reduce((sum, x) => sum + Math.exp(x - most), 0))
}

/** Entropy of probabilities that are given by their logarithms up to a constant. */
const entropyOf = (logs: readonly number[]): number => {
  const all = logSum(logs)
  return -logs.reduce((sum, l) => sum + Math.exp(l - all) * (l - all), 0)
}

const normal = (x: number, mean: number, sd: number): number =>
  -0.5 * Math.log(2 * Math.PI) - Math.log(sd) - (x - mean) ** 2 / (2 * sd * sd)

/** Every sequence of `length` values among `values`. */
function* sequences(length: number, values: number): Generator<readonly number[]> {
  if (length === 0) yield []
  else for (const rest of sequences(length - 1, values)) for (let v = 0; v < values; v++) yield [...rest, v]
}

const once = { restarts: 1, maxIterations: 3, tolerance: 0 } as const

test('of a mixture it is the sum over the rows, weights counted', async () => {
  const model = compileOrThrow(`model Mixture
data  x : real[N]
data  w : count[N]
param pi : simplex[3]
param mu : real[3]
param s  : positive
for n in 1..N weight w[n] {
  latent z ~ Categorical(pi)
  x[n] ~ Normal(mu[z], s)
}`)
  const data = { x: [0, 0.5, 1, 2, 3, 3.2, 5, 6], w: [1, 2, 1, 3, 1, 1, 2, 1] }
  const { result, params } = await model.fit(data, once)
  const { pi, mu, s } = params as { pi: number[]; mu: number[]; s: number }
  const rows = data.x.map((x) => entropyOf(mu.map((m, k) => Math.log(pi[k] ?? 0) + normal(x, m, s))))
  const total = rows.reduce((sum, h, n) => sum + h * (data.w[n] ?? 0), 0)
  expect(result.entropy).toBeCloseTo(total, 10)
  expect(result.certainty).toBeCloseTo(1 - total / (12 * Math.log(3)), 10)
  expect(result.entropyOf).toBeUndefined()
})

describe('of latents that depend on each other it is that of all of them together', () => {
  test('a chain: by enumeration of its paths', async () => {
    const model = compileOrThrow(`model Chain
data  y : real[T]
param first : simplex[2]
param step  : simplex[2, 2]
param mu    : real[2]
param s     : positive
latent z[1] ~ Categorical(first)
for t in 2..T { latent z[t] ~ Categorical(step[z[t-1]]) }
for t in 1..T { y[t] ~ Normal(mu[z[t]], s) }`)
    const y = [0.1, 0.4, 1.2, 2.3, 1.4, 0.2, 1.1, 2.0]
    const { result, params } = await model.fit({ y }, { ...once, start: { mu: [0.5, 1.5], s: 1 } })
    const { first, step, mu, s } = params as { first: number[]; step: number[][]; mu: number[]; s: number }
    const logs = [...sequences(y.length, 2)].map((path) =>
      path.reduce(
        (sum, z, t) =>
          sum + Math.log((t === 0 ? first[z] : step[path[t - 1] ?? 0]?.[z]) ?? 0) + normal(y[t] ?? 0, mu[z] ?? 0, s),
        0,
      ),
    )
    expect(result.logLikelihood).toBeCloseTo(logSum(logs), 9)
    expect(result.entropy).toBeCloseTo(entropyOf(logs), 8)
    expect(result.entropyOf).toBeUndefined()
    expect(result.certainty).toBeCloseTo(1 - entropyOf(logs) / (y.length * Math.log(2)), 8)
  })

  test('two latents of one row, and the class of a group', async () => {
    const model = compileOrThrow(`model Nested
data  g : category[N]
data  y : real[N]
param pi : simplex[2]
param rho : simplex[2, 2]
param mu : real[2, 2]
param s : positive
for j in levels(g) { latent c[j] ~ Categorical(pi) }
for n in 1..N {
  latent z ~ Categorical(rho[c[g[n]]])
  y[n] ~ Normal(mu[c[g[n]], z], s)
}`)
    const data = { g: ['a', 'a', 'a', 'b', 'b'], y: [0, 1.2, 2.5, 0.7, 3.1] }
    const start = {
      pi: [0.4, 0.6],
      rho: [
        [0.3, 0.7],
        [0.5, 0.5],
      ],
      mu: [
        [0, 2],
        [1, 3],
      ],
      s: 1,
    }
    const { result, params } = await model.fit(data, { ...once, start })
    const p = params as { pi: number[]; rho: number[][]; mu: number[][]; s: number }
    const logs = [...sequences(2, 2)].flatMap((c) =>
      [...sequences(5, 2)].map(
        (z) =>
          [...c.map((v) => Math.log(p.pi[v] ?? 0))].reduce((a, b) => a + b, 0) +
          z.reduce((sum, v, n) => {
            const own = c[data.g[n] === 'a' ? 0 : 1] ?? 0
            return sum + Math.log(p.rho[own]?.[v] ?? 0) + normal(data.y[n] ?? 0, p.mu[own]?.[v] ?? 0, p.s)
          }, 0),
      ),
    )
    expect(result.logLikelihood).toBeCloseTo(logSum(logs), 9)
    expect(result.entropy).toBeCloseTo(entropyOf(logs), 8)
  })
})

test('ICL lies between BIC and BIC + 2 · entropy', async () => {
  const path = 'examples/old-faithful/faithful.csv'
  const { value } = readTable(path, readFileSync(path))
  if (value === undefined) throw new Error('no table')
  const full = compileOrThrow(readFileSync('examples/old-faithful/full.estep', 'utf8'))
  const { candidates } = await select(full, [value], { over: { K: [2, 3] }, restarts: 2, folds: 0 })
  for (const { figures, fit } of candidates) {
    const { bic = 0, icl, entropy } = figures ?? {}
    // −log of the largest probability is at most the entropy
    expect(icl).toBeGreaterThan(bic)
    expect(icl).toBeLessThan(bic + 2 * (entropy ?? 0))
    expect(entropy).toBe(fit?.result.entropy)
  }
})

test('of a factorised posterior each latent counts by itself, and the result says so', async () => {
  const model = compileOrThrow(`model Blocks
data  y : bool[I, J]
param pi : simplex[2]
param rho : simplex[2]
param p : unit[2, 2]
for i in 1..I { latent a[i] ~ Categorical(pi) }
for j in 1..J { latent b[j] ~ Categorical(rho) }
for i in 1..I { for j in 1..J { y[i, j] ~ Bernoulli(p[a[i], b[j]]) } }`)
  const y = [
    [1, 1, 0, 0],
    [1, 1, 0, 1],
    [0, 0, 1, 1],
    [0, 1, 1, 1],
  ].map((row) => row.map((v) => v === 1))
  const { result } = await model.fit({ y }, { restarts: 2 })
  expect(result.bound).toBe('variational')
  expect(result.entropyOf).toBe('marginals')
  expect(result.entropy).toBeGreaterThanOrEqual(0)
})

test('observed cells are no question, and a model without discrete latents has no entropy', async () => {
  const labelled = compileOrThrow(`model Labelled
data  x : real[N]
data  y : category?[N]
param pi : simplex[levels(y)]
param mu : real[levels(y)]
param s  : positive
for n in 1..N {
  y[n] ~ Categorical(pi)
  x[n] ~ Normal(mu[y[n]], s)
}`)
  const x = [0, 0.3, 0.9, 2.1, 2.6, 1.4]
  const { result, params } = await labelled.fit({ x, y: ['a', 'a', 'a', 'b', 'b', null] }, once)
  const { pi, mu, s } = params as { pi: number[]; mu: number[]; s: number }
  const own = entropyOf(mu.map((m, k) => Math.log(pi[k] ?? 0) + normal(1.4, m, s)))
  expect(result.entropy).toBeCloseTo(own, 10)
  expect(result.certainty).toBeCloseTo(1 - own / Math.log(2), 10)
  const plain = compileOrThrow(`model Plain
data  x : real[N]
param m : real
param s : positive
for n in 1..N { x[n] ~ Normal(m, s) }`)
  const none = (await plain.fit({ x })).result
  expect(none.entropy).toBeUndefined()
  expect(none.certainty).toBeUndefined()
})
