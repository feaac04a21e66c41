/** Posteriors by nodes: which latents have them, how many, and what is said of the error. */
import { describe, expect, it } from 'vitest'
import { compileOrThrow } from '../../../index.js'
import { randomSource } from '../../../oracle/random.js'

const counts = (n: number, seed: number): number[] => {
  const random = randomSource(seed)
  return Array.from({ length: n }, () => Math.floor(-6 * Math.log(random()) * random()))
}

const poisson = (latents: string, rate: string) => `model Counts
data y : count[N]
param m : real
param s : positive
for n in 1..N {
  ${latents}
  y[n] ~ Poisson(exp(${rate}))
}`

/** Each of J counts of a row with a latent of its own: one posterior in J dimensions, or J in one. */
const matrix = (together: boolean) => `model Matrix
data y : count[N, J]
param m : real
param s : positive
for n in 1..N {
  ${together ? 'latent u : real[J] ~ Normal(m, s)' : 'for j in 1..J { latent u ~ Normal(m, s) }'}
  for j in 1..J { y[n, j] ~ Poisson(exp(u[${together ? 'j' : 'n, j'}]${together ? ' + 0 * sum(u)' : ''})) }
}`

const plan = (text: string) => (compileOrThrow(text).plan as { eStep: Record<string, unknown>[] }).eStep

describe('the plan', () => {
  it('takes a quadrature up to three coordinates, and draws beyond', () => {
    for (const [q, method] of [
      [1, 'quadrature'],
      [3, 'quadrature'],
      [4, 'monte-carlo'],
    ] as const)
      expect(plan(poisson(`latent u : real[${q}] ~ Normal(m, s)`, 'sum(u)'))).toMatchObject([
        { latents: ['u'], method },
      ])
  })

  it('draws one posterior over all rows, chained or crossed', () => {
    const chain = `model Chain
data y : count[T]
param s : positive
latent m[1] ~ Normal(0, 1)
for t in 2..T { latent m[t] ~ Normal(m[t-1], s) }
for t in 1..T { y[t] ~ Poisson(exp(m[t])) }`
    const crossed = `model Crossed
data y : count[N]
data a, b : category[N]
param s, t : positive
for i in levels(a) { latent u ~ Normal(0, s) }
for j in levels(b) { latent v ~ Normal(0, t) }
for n in 1..N { y[n] ~ Poisson(exp(u[a[n]] + v[b[n]])) }`
    for (const [text, latents] of [
      [chain, ['m']],
      [crossed, ['u', 'v']],
    ] as const)
      expect(plan(text)).toMatchObject([{ latents }])
    const long = compileOrThrow(chain)
    expect(() => long.bind({ y: Array.from({ length: 201 }, () => 1) }, {})).toThrow(/201 coordinates/)
    const { model } = long.bind({ y: Array.from({ length: 30 }, (_, t) => t % 3) }, {})
    expect(model.bound).toBe('monte-carlo')
    expect(model.accuracy(Float64Array.of(0.5))?.effectiveDraws).toBeGreaterThan(50)
  })

  it('leaves a posterior that is a family alone', () => {
    expect(
      plan(
        'model M\ndata y : count[N]\nparam a, b : positive\nfor n in 1..N {\n  latent r ~ Gamma(a, b)\n  y[n] ~ Poisson(r)\n}',
      ),
    ).toMatchObject([{ method: 'conjugate' }])
  })

  it('says which statement closed the better road', () => {
    const [step] = plan(poisson('latent u ~ Normal(m, s)', 'u'))
    expect(step?.because).toMatch(
      /not linear in statistics of a known family: this statement brings in another function/,
    )
  })
})

describe('a fit by quadrature', () => {
  const model = compileOrThrow(poisson('latent u ~ Normal(m, s)', 'u'))
  const data = { y: counts(60, 3) }

  it('states its error, and the nodes it took', async () => {
    const fit = (await model.fit(data)).toJSON()
    expect(fit.bound).toBe('quadrature')
    expect(fit.accuracy?.error).toBeLessThan(1e-8)
    expect(fit.plan).toMatchObject({
      eStep: [{ method: 'quadrature', points: fit.accuracy?.points, error: fit.accuracy?.error }],
    })
    // it may fall where nodes are added, by the error of those before
    const steps = fit.trace.slice(1).map((l, t) => Number(l) - Number(fit.trace[t]))
    const error = fit.accuracy?.error ?? 0
    expect(steps.filter((x) => x < -1e-10 - error).length).toBeLessThanOrEqual(1)
    expect(Math.min(...steps)).toBeGreaterThan(-1e-3)
  })

  it('predicts new rows, and scores them', async () => {
    const fit = await model.fit(data)
    const { latents } = await fit.predict({ y: [0, 20] })
    const [low = 0, high = 0] = latents.find((l) => l.name === 'u')?.mean ?? []
    expect(low).toBeLessThan(high)
    expect(high).toBeCloseTo(Math.log(20), 0)
    const all = await fit.score(data)
    expect(all.logLikelihood).toBeCloseTo(fit.logLikelihood, 6)
  })
})

describe('draws', () => {
  const bind = (together: boolean, rows: readonly (readonly number[])[], seed = 1) => {
    const { model } = compileOrThrow(matrix(together)).bind({ y: rows }, { seed })
    return model
  }
  const rows = Array.from({ length: 40 }, (_, i) => counts(5, i + 1))
  const theta = Float64Array.of(0.4, 0.8)

  it('agree with quadrature within their standard error', () => {
    const exact = bind(false, rows)
    while (exact.refine(theta));
    const drawn = bind(true, rows)
    for (let level = 0; level < 3; level++) {
      const { error, standardError = 0, draws = 0 } = drawn.accuracy(theta) ?? { error: 0 }
      expect(error).toBeCloseTo(2 * standardError, 12)
      expect(draws).toBe(250 * 4 ** level)
      const difference = drawn.eStep(theta).logLikelihood - exact.eStep(theta).logLikelihood
      expect(Math.abs(difference)).toBeLessThan(4 * standardError)
      expect(standardError).toBeGreaterThan(0)
      drawn.refine(theta)
    }
  })

  it('are the same for the same seed, and others for another', () => {
    const value = (seed: number): number => bind(true, rows, seed).eStep(theta).logLikelihood
    expect(value(1)).toBe(value(1))
    expect(value(1)).not.toBe(value(2))
  })

  it('are not trusted where a few of them have all the weight', { timeout: 60_000 }, async () => {
    // a posterior on a sphere: around a mode there is nothing of it to speak of
    const shell = compileOrThrow(`model Shell
data y : real[N]
param s : positive
for n in 1..N {
  latent u : real[6] ~ Normal(0, s)
  y[n] ~ Normal(dot(u, u), 0.001)
}`)
    const fit = (await shell.fit({ y: [1, 2] }, { restarts: 1, maxIterations: 30 })).toJSON()
    expect(fit.stop).toBe('numerical')
    expect(fit.warnings.map((w) => w.code)).toContain('W529')
    expect(fit.warnings.map((w) => w.message).join()).toMatch(/of 64000 draws of a posterior [\d.]+ count \(below 10\)/)
  })

  it('fit a model whose objective is known to a standard error', { timeout: 60_000 }, async () => {
    const few = rows.slice(0, 15).map((r) => r.slice(0, 4))
    const fit = (await compileOrThrow(matrix(true)).fit({ y: few }, { restarts: 1, tolerance: 1e-5 })).toJSON()
    expect(fit.bound).toBe('monte-carlo')
    expect(fit.accuracy?.standardError).toBeGreaterThan(0)
    const exact = (await compileOrThrow(matrix(false)).fit({ y: few })).toJSON()
    expect(Math.abs(Number(fit.logLikelihood) - Number(exact.logLikelihood))).toBeLessThan(
      2 * (fit.accuracy?.error ?? 0),
    )
    expect(Number(fit.params.m)).toBeCloseTo(Number(exact.params.m), 1)
    expect(Number(fit.params.s)).toBeCloseTo(Number(exact.params.s), 1)
  })
})
