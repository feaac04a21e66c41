/** Deterministic annealing from starts that EM does not leave, its schedule, and what it refuses. */
import { describe, expect, it } from 'vitest'
import { CompileError, compileOrThrow, OptionError } from '../../index.js'
import { betas } from '../../runtime/modes/anneal.js'
import { clouds, level, mixed, mixture } from './models.js'

/** Three clouds, and a start with two components in one of them and one for the other two. */
const three = {
  source: `model Three
data  x : real[N]
param w : simplex[3]
param mu : real[3]
param s : positive
for n in 1..N {
  latent z ~ Categorical(w)
  x[n] ~ Normal(mu[z], s)
}`,
  data: { x: clouds(120, 0).map((e, n) => ([0, 12, 18][n % 3] as number) + e) },
  start: { w: [0.2, 0.2, 0.6], mu: [-1, 1, 15], s: 1 },
}

describe('mode anneal', () => {
  it('reaches the maximum from a start that leads EM to a lower one', async () => {
    const model = compileOrThrow(three.source)
    const best = await model.fit(three.data, { restarts: 20 })
    const em = await model.fit(three.data, { start: three.start })
    const annealed = await model.fit(three.data, { start: three.start, mode: 'anneal' })
    expect(em.logLikelihood).toBeLessThan(best.logLikelihood - 1)
    expect(annealed.logLikelihood).toBeCloseTo(best.logLikelihood, 5)
  })

  it('tells its temperatures, and ends as EM does', async () => {
    const fit = (
      await compileOrThrow(mixture.source).fit(mixture.data, { mode: 'anneal', schedule: { from: 0.2, factor: 1.5 } })
    ).toJSON()
    expect(fit.mode).toBe('anneal')
    expect(fit.stages?.map((s) => s.beta)).toEqual(betas({ from: 0.2, factor: 1.5, peak: 1.25 }))
    expect(fit.starts).toHaveLength(1)
    expect(fit.converged).toBe(true)
    const trace = fit.trace.map(Number)
    trace.slice(1).forEach((l, t) => {
      expect(l).toBeGreaterThanOrEqual((trace[t] ?? 0) - 1e-9)
    })
  })

  it('gives the same bits for the same seed', async () => {
    const model = compileOrThrow(mixture.source)
    const once = async () => JSON.stringify((await model.fit(mixture.data, { mode: 'anneal', seed: 3 })).toJSON())
    expect(await once()).toBe(await once())
  })

  it('serves Normal latents beside discrete ones, and refuses them alone', async () => {
    const model = compileOrThrow(mixed.source)
    const em = await model.fit(mixed.data, { restarts: 5 })
    const annealed = await model.fit(mixed.data, { mode: 'anneal' })
    expect(annealed.logLikelihood).toBeCloseTo(em.logLikelihood, 4)
    await expect(compileOrThrow(level.source).fit(level.data, { mode: 'anneal' })).rejects.toThrow(CompileError)
  })

  it('refuses schedules that are none', async () => {
    const fit = (schedule: Record<string, number>) =>
      compileOrThrow(mixture.source).fit(mixture.data, { mode: 'anneal', schedule })
    await expect(fit({ from: 1 })).rejects.toThrow('from in the schedule takes a number above 0 and below 1, not `1`')
    await expect(fit({ burn: 3 })).rejects.toThrow(/the schedule of anneal has no `burn`/)
    await expect(compileOrThrow(mixture.source).fit(mixture.data, { schedule: { from: 0.1 } })).rejects.toThrow(
      OptionError,
    )
  })
})
