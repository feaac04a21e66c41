import { describe, expect, it } from 'vitest'
import type { BoundModel } from '../../runtime/contract.js'
import { fitModel } from '../../runtime/fit.js'
import { assignedWeights, dirichletWeights, respectEvidence, seedWeights } from '../../runtime/given-weights.js'
import { busyPacer } from '../../runtime/pacer.js'
import { pooled } from '../../runtime/pooled.js'
import { randomSource } from '../../runtime/random.js'
import { seedComponents } from '../../runtime/seed-components.js'
import { createStarter } from '../../runtime/starts.js'
import { symmetricLatents } from '../../runtime/symmetric-start.js'
import { gaussianMixture, grades, latentLayout, oldFaithful, pause } from './fake-models.js'

/** Three far clusters of 30 rows. */
const clusters = Array.from({ length: 90 }, (_, n) => [100 * (n % 3) + ((n * 7) % 11), ((n * 5) % 13) - 6])

const clusterOf = (row: number): number => row % 3

async function seedsOf(model: BoundModel, seed: number, greedy: boolean, byUnit: boolean): Promise<number[]> {
  const latent = model.latents[0]
  if (latent === undefined) throw new Error('no latent')
  const pivot = pooled(model).params
  const random = randomSource(seed)
  const request = { model, latent, pivot, byUnit, others: new Map(), random, greedy, pacer: busyPacer() }
  return (await seedComponents(request)).flat()
}

describe('weights', () => {
  const latent = latentLayout('z', 4, 2)

  it('of seeds sum to the number of rows, most of a component on its seed', () => {
    const weights = seedWeights(latent, [[3, null]])
    expect(weights.reduce((a, b) => a + b, 0)).toBeCloseTo(4, 12)
    expect(weights[6]).toBeGreaterThan(5 * (weights[0] ?? 0))
    expect(weights[1]).toBe(weights[7])
  })

  it('of Dirichlet rows sum to 1', () => {
    const weights = dirichletWeights(latent, randomSource(1))
    for (let n = 0; n < 4; n++) expect((weights[2 * n] ?? 0) + (weights[2 * n + 1] ?? 0)).toBeCloseTo(1, 14)
  })

  it('of an assignment leave no component without a part of each row', () => {
    expect([...assignedWeights(latentLayout('z', 1, 2), Float64Array.of(0.4, 0.6), true, 0.1)]).toEqual([
      0.05, 0.9500000000000001,
    ])
  })

  it('respect what the evidence excludes', () => {
    const evidence = Float64Array.of(0, 1, 0.5, 0.5, 1, 0, 0.5, 0.5)
    const weights = respectEvidence(latent, Float64Array.of(0.7, 0.3, 0.2, 0.8, 0, 1, 0.5, 0.5), evidence)
    expect([...weights]).toEqual([0, 1, 0.2, 0.8, 1, 0, 0.5, 0.5])
  })
})

describe('seeds', () => {
  it.each([
    [true, true],
    [false, true],
    [true, false],
    [false, false],
  ])('fall into different clusters (greedy %s, units are rows %s)', async (greedy, byUnit) => {
    let apart = 0
    for (let seed = 1; seed <= 10; seed++) {
      const seeds = await seedsOf(gaussianMixture(clusters, 3), seed, greedy, byUnit)
      if (new Set(seeds.map(clusterOf)).size === 3) apart++
    }
    expect(apart).toBeGreaterThanOrEqual(greedy && byUnit ? 10 : 7)
  })

  it('are found in each group of rows where components are crossed with a column', async () => {
    const model = gaussianMixture(clusters, 3)
    const groups = Int32Array.from(clusters, (_, n) => (n % 3 === 0 ? 0 : 1))
    const [latent] = model.latents
    if (latent === undefined) throw new Error('no latent')
    for (const greedy of [true, false]) {
      const [random, pivot] = [randomSource(4), pooled(model).params]
      const crossed = { ...latent, groups }
      const request = { model, latent: crossed, pivot, byUnit: true, others: new Map(), random, greedy }
      const seeds = await seedComponents({ ...request, pacer: busyPacer() })
      expect(seeds.map((own) => own.length)).toEqual([3, 3])
      seeds.forEach((own, g) => {
        for (const row of own) expect(groups[row]).toBe(g)
        expect(new Set(own).size).toBe(3)
      })
      const weights = seedWeights(crossed, seeds)
      expect(weights.reduce((a, b) => a + b, 0)).toBeCloseTo(90, 9)
    }
  })

  it('come in the order of an ordered param', async () => {
    const model = gaussianMixture(
      clusters.map(([x = 0]) => [x]),
      3,
    )
    const ordered: BoundModel = {
      ...model,
      params: model.params.map((param) =>
        param.name === 'mu' ? { ...param, shape: [3], support: { kind: 'ordered' } } : param,
      ),
    }
    const seeds = await seedsOf(ordered, 4, true, true)
    expect(seeds.map(clusterOf)).toEqual([0, 1, 2])
  })

  it('are found where all rows are equal', async () => {
    const model = gaussianMixture(
      Array.from({ length: 6 }, () => [1]),
      3,
    )
    expect(await seedsOf(model, 1, true, true)).toHaveLength(3)
  })
})

describe('a start', () => {
  const start = (
    model: BoundModel,
    seed: number,
    init: 'auto' | 'kmeans++' | 'random' = 'auto',
  ): Promise<Float64Array> => createStarter(model, init, busyPacer()).start(seed, seed === 1)

  it('is never symmetric, and repeats for a seed', async () => {
    for (const init of ['auto', 'kmeans++', 'random'] as const) {
      for (let seed = 1; seed <= 5; seed++) {
        const model = oldFaithful(3)
        const params = await start(model, seed, init)
        expect(symmetricLatents(model, params)).toEqual([])
        expect([...params].every(Number.isFinite)).toBe(true)
        expect([...(await start(model, seed, init))]).toEqual([...params])
      }
    }
  })

  it('is a point of the interior without component-like latents, the middle first', async () => {
    const model = grades(20, 10, 10)
    expect([...(await start(model, 1))]).toEqual([1 / 12])
    expect((await start(model, 2))[0]).not.toBe(1 / 12)
  })

  it('takes known labels as they are', async () => {
    const model = gaussianMixture(clusters, 3, false)
    // Rows 0–8 are labelled: cluster 0 is component 3, cluster 1 component 1, cluster 2 component 2.
    const labelled: BoundModel = {
      ...model,
      posterior(params) {
        const given = new Float64Array(model.posterior(params).get('z') ?? [])
        for (let n = 0; n < 9; n++) {
          for (let k = 0; k < 3; k++) given[3 * n + k] = k === (n + 2) % 3 ? 1 : 0
        }
        return new Map([['z', given]])
      },
    }
    const params = await start(labelled, 1)
    expect([params[3], params[5], params[7]].map((mu) => Math.round((mu ?? 0) / 100))).toEqual([1, 2, 0])
  })

  it('leans to what it is given', async () => {
    const model = gaussianMixture(clusters, 3, false)
    const lean = new Float64Array(270)
    for (let n = 0; n < 90; n++) lean[3 * n + ((n + 1) % 3)] = 1
    const params = await createStarter(model, 'auto', busyPacer(), new Map([['z', lean]])).start(1, true)
    expect([params[3], params[5], params[7]].map((mu) => Math.round((mu ?? 0) / 100))).toEqual([2, 0, 1])
  })

  it('leads to the optimum where a unit is not a row', async () => {
    const model = oldFaithful()
    const chain: BoundModel = {
      ...model,
      unitLogLikelihood: (params) => Float64Array.of(model.unitLogLikelihood(params).reduce((a, b) => a + b, 0)),
    }
    const outcome = await fitModel(chain, { restarts: 5 }, { pause })
    expect(outcome.ok && outcome.result.logLikelihood).toBeCloseTo(-1709.52928, 4)
  })
})
