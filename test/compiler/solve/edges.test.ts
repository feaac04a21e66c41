import { describe, expect, it } from 'vitest'
import { compileOrThrow } from '../../../index.js'

describe('what stands at the edge of a support, or near it', () => {
  it('keeps a probability positive whose count is: 0 · log 0 would lower the bound without end', async () => {
    // two states that never follow on each other: the posterior of such a step falls to the smallest numbers there are
    const chain = compileOrThrow(`model Chain
const S = 3
data  y : category[T]
param start : simplex[S]
param step  : simplex[S, S]
param emit  : simplex[S, levels(y)]
latent z[1] ~ Categorical(start)
for t in 2..T { latent z[t] ~ Categorical(step[z[t-1]]) }
for t in 1..T { y[t] ~ Categorical(emit[z[t]]) }
`)
    const y = Array.from({ length: 400 }, (_, t) => 'abcb'[t % 4] ?? 'a')
    const fit = await chain.fit({ y }, { restarts: 6, maxIterations: 3000 })
    expect(fit.logLikelihood).toBeGreaterThan(-400)
    for (const p of (fit.params.step as number[][]).flat()) expect(p >= 0 && p <= 1).toBe(true)
  })

  it('counts the params of crossed groups, whose rows are one unit of the data', async () => {
    const crossed = compileOrThrow(`model Crossed
data  g, h : category[N]
data  y : real[N]
param m : real
param p, q, s : positive
for i in levels(g) { latent a[i] ~ Normal(0, p) }
for j in levels(h) { latent b[j] ~ Normal(0, q) }
for n in 1..N { y[n] ~ Normal(m + a[g[n]] + b[h[n]], s) }
`)
    const cells = Array.from({ length: 20 }, (_, n) => ({ g: n % 5, h: Math.floor(n / 5) }))
    const y = cells.map(({ g, h }, n) => 2 * g - 3 * h + Math.sin(7 * n))
    const data = { g: cells.map((c) => c.g), h: cells.map((c) => c.h), y }
    const fit = await crossed.fit(data, { maxIterations: 50, restarts: 1 })
    expect(fit.result.parameters).toBe(4)
  })

  it('fits counts of which log densities keep few digits: log x! is of size x log x', async () => {
    const rates = compileOrThrow(`model Rates
data  x : count[N]
param a, b : positive
for n in 1..N {
  latent u ~ Gamma(a, b)
  x[n] ~ Poisson(u)
}
`)
    const x = [1003421000, 968584000, 1023457000, 1071658000, 970709000, 1071472000]
    const fit = await rates.fit({ x })
    const mean = x.reduce((s, v) => s + v, 0) / x.length
    expect(Number(fit.params.a) / Number(fit.params.b) / mean).toBeCloseTo(1, 6)
    expect(fit.converged).toBe(true)
  })

  it('says which spread is gone where all responses are equal', async () => {
    const groups = compileOrThrow(`model Intercepts
data  g : category[N]
data  y : real[N]
param b : real
param t, s : positive
for i in levels(g) { latent u[i] ~ Normal(0, t) }
for n in 1..N { y[n] ~ Normal(b + u[g[n]], s) }
`)
    const fit = await groups.fit({ g: ['a', 'a', 'b', 'b', 'c', 'c'], y: [2, 2, 2, 2, 2, 2] })
    expect(fit.warnings.map((w) => `${w.code} ${w.message}`).join('\n')).toMatch(/W529.*`[st]` goes to 0/)
  })
})
