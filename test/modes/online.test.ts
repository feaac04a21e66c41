/** Online EM and mini-batch hard EM: near to what all rows at once give, and which models have them. */
import { describe, expect, it } from 'vitest'
import { compileOrThrow, OptionError, rowsTable } from '../../index.js'
import { rowsOf } from '../stream/simulated.js'
import { chain, clouds, factors, mixture, pairs } from './models.js'

const many = { x: clouds(6000, 4) }

describe('mode online', () => {
  it('comes near to EM', async () => {
    const model = compileOrThrow(mixture.source)
    const em = await model.fit(many, { restarts: 3 })
    const online = (await model.fit(many, { mode: 'online', batch: 100, restarts: 3 })).toJSON()
    expect(online.mode).toBe('online')
    expect(online.batches).toMatchObject({ rows: 100, perPass: 60, passes: 20 })
    expect(online.trace).toHaveLength(21)
    expect(em.logLikelihood - Number(online.logLikelihood)).toBeLessThan(0.5)
    expect(em.logLikelihood - Number(online.logLikelihood)).toBeGreaterThan(-1e-6)
  })

  it.each([
    ['two latents of a row', pairs],
    ['Normal vectors of rows', factors],
  ])('serves %s', async (_, { source, data }) => {
    const model = compileOrThrow(source)
    const em = await model.fit(data, { restarts: 3 })
    const online = await model.fit(data, {
      mode: 'online',
      batch: 10,
      restarts: 3,
      schedule: { passes: 100, power: 0.9 },
    })
    expect(em.logLikelihood - online.logLikelihood).toBeLessThan(0.5)
  })

  it('is the same on every backend, and for the same seed', async () => {
    const model = compileOrThrow(mixture.source)
    const fit = async (backend: 'wasm' | 'js' | 'interpret', seed = 1) =>
      (
        await model.fit(many, {
          mode: 'online',
          batch: 500,
          restarts: 2,
          schedule: { passes: 2 },
          backend,
          seed,
          threads: 1,
        })
      ).logLikelihood
    const js = await fit('js')
    expect(await fit('js')).toBe(js)
    expect(await fit('wasm')).toBeCloseTo(js, 6)
    expect(await fit('interpret')).toBeCloseTo(js, 6)
  })

  it('takes k-means in batches', async () => {
    const source = `model KMeans
const w = [1/2, 1/2]
data  x : real[N]
param mu : real[2]
for n in 1..N {
  latent z ~ Categorical(w)
  x[n] ~ Normal(mu[z], 1)
}`
    const model = compileOrThrow(source)
    const whole = (await model.fit(many, { mode: 'hard' })).toJSON()
    const parts = (await model.fit(many, { mode: 'hard', batch: 256 })).toJSON()
    expect(parts.mode).toBe('hard')
    expect(parts.batches?.rows).toBe(256)
    expect(Number(parts.withinSS) / Number(whole.withinSS)).toBeLessThan(1.001)
    expect(Number(parts.withinSS)).toBeGreaterThanOrEqual(Number(whole.withinSS) - 1e-9)
  })

  it('takes rows that do not lie in memory, in the order of the file', async () => {
    const model = compileOrThrow(mixture.source)
    const x = clouds(1200, 4)
    const rows = () => rowsTable('data', rowsOf({ model: '', columns: { x: [...x] }, levels: [], start: {} }))
    const em = await model.fit({ x }, { restarts: 3 })
    const online = await model.fit([rows()], { mode: 'online', batch: 100, restarts: 3 })
    expect(em.logLikelihood - online.logLikelihood).toBeLessThan(0.5)
    await expect(model.fit([rows()], { mode: 'sem' })).rejects.toThrow('the mode sem needs all rows in memory')
  })

  it('refuses with the reason: chains, batches as large as the data', async () => {
    const refused = (source: string, data: unknown, batch = 5) =>
      expect(compileOrThrow(source).fit(data, { mode: 'online', batch })).rejects
    await refused(chain.source, chain.data).toThrow(OptionError)
    await refused(chain.source, chain.data).toThrow(
      /there is no mode online for this model: all of the data hang together through `z`/,
    )
    await refused(mixture.source, { x: [1, 2, 3] }, 3).toThrow(/a batch of 3 rows leaves nothing to go on to/)
  })
})
