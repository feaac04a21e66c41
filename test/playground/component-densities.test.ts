import { describe, expect, it } from 'vitest'
import type { ProgramModel } from '../../compiler/bind/bound-model.js'
import { ComponentDensities } from '../../compiler/bind/component-densities.js'
import type { DrawnPoint } from '../../compiler/bind/drawn-statements.js'
import { boundExample, boundSource } from './bound-example.js'

const grid = (from: number, to: number, n: number): Float64Array =>
  Float64Array.from({ length: n }, (_, i) => from + ((to - from) * i) / (n - 1))

const at = (model: ProgramModel, params: Float64Array): DrawnPoint => ({
  params,
  share(latent) {
    const l = model.latents.find((x) => x.name === latent)
    const p = model.posterior(params).get(latent)
    if (l === undefined || p === undefined) throw new Error(latent)
    return Float64Array.from({ length: l.values }, (_, k) =>
      p.reduce((s, x, i) => s + (i % l.values === k ? x / l.rows : 0), 0),
    )
  },
})

const mass = (xs: Float64Array, f: Float64Array): number =>
  f.reduce((s, y, i) => (i === 0 ? 0 : s + ((y + (f[i - 1] ?? 0)) / 2) * ((xs[i] ?? 0) - (xs[i - 1] ?? 0))), 0)

const phi = (x: number, mean: number, sd: number): number =>
  Math.exp(-0.5 * ((x - mean) / sd) ** 2) / (sd * Math.sqrt(2 * Math.PI))

describe('densities of components', () => {
  it('add up to the likelihood of each row, at published values', async () => {
    const { model, start } = boundExample('galaxies/unequal.estep', 'galaxies/galaxies.csv')
    const theta = await start({ pi: [0.08, 0.88, 0.04], mu: [9.7, 21.4, 33], sigma: [0.42, 2.2, 0.92] })
    const xs = model.data.arrays.get('velocity')?.values as Float64Array
    const curves = new ComponentDensities(model).curves({ data: 'velocity', column: 0 }, at(model, theta), xs)
    const rows = model.unitLogLikelihood(theta)
    expect(curves?.labels).toEqual(['1', '2', '3'])
    curves?.total.forEach((f, i) => {
      expect(Math.log(f)).toBeCloseTo(rows[i] ?? Number.NaN, 10)
    })
    expect(curves?.components[0]?.[3]).toBeCloseTo(0.08 * phi(xs[3] ?? 0, 9.7, 0.42), 12)
    // and the posterior is a component's part of the whole
    const posterior = model.posterior(theta).get('z')
    xs.forEach((_, i) => {
      for (let k = 0; k < 3; k++)
        expect((curves?.components[k]?.[i] ?? 0) / (curves?.total[i] ?? 1)).toBeCloseTo(posterior?.[i * 3 + k] ?? 0, 10)
    })
  })

  it('are those of the rows of every mixture of numbers that has one', async () => {
    for (const [source, data, name, discrete] of [
      ['earthquakes/model.estep', 'earthquakes/earthquakes.csv', 'count', true],
      ['zero-inflated/model.estep', 'zero-inflated/biochemists.csv', 'art', true],
      ['wind/directions.estep', 'wind/wind.csv', 'direction', false],
      ['rivers/two-kinds.estep', 'rivers/rivers.csv', 'length', false],
      ['galaxies/cauchy.estep', 'galaxies/galaxies.csv', 'velocity', false],
      ['map-mixture/galaxies.estep', 'map-mixture/galaxies.csv', 'velocity', false],
    ] as const) {
      const { model, start } = boundExample(source, data)
      const theta = await start()
      const xs = Float64Array.from(model.data.arrays.get(name)?.values ?? [])
      const drawn = new ComponentDensities(model)
      const curves = drawn.curves({ data: name, column: 0 }, at(model, theta), xs)
      const rows = model.unitLogLikelihood(theta)
      curves?.total.forEach((f, i) => {
        expect(Math.log(f), `${source} row ${i}`).toBeCloseTo(rows[i] ?? Number.NaN, 8)
      })
      expect(curves?.total.length).toBe(xs.length)
      if (discrete)
        expect(drawn.curves({ data: name, column: 0 }, at(model, theta), Float64Array.of(-1, 0.5))?.total).toEqual(
          new Float64Array(2),
        )
    }
  })

  it('are 0 outside the support', async () => {
    const { model, start } = boundExample('lifetimes/exponential.estep', 'lifetimes/veteran.csv')
    const theta = await start({ rate: 0.01 })
    const curves = new ComponentDensities(model).curves(
      { data: 'time', column: 0 },
      at(model, theta),
      Float64Array.of(-5, 0, 100),
    )
    expect([...(curves?.total ?? [])].map((x) => x.toFixed(10))).toEqual(
      [0, 0.01, 0.01 * Math.exp(-1)].map((x) => x.toFixed(10)),
    )
  })

  it('of one column of a Gaussian vector is Normal', async () => {
    const { model, start } = boundExample('old-faithful/full.estep', 'old-faithful/faithful.csv')
    const theta = await start({
      pi: [0.4, 0.6],
      mu: [
        [2, 55],
        [4.3, 80],
      ],
      Sigma: [
        [
          [0.07, 0.44],
          [0.44, 33.7],
        ],
        [
          [0.17, 0.94],
          [0.94, 36],
        ],
      ],
    })
    const drawn = new ComponentDensities(model)
    const xs = Float64Array.of(50, 70)
    const curves = drawn.curves({ data: 'x', column: 1 }, at(model, theta), xs)
    xs.forEach((x, i) => {
      expect(curves?.components[0]?.[i]).toBeCloseTo(0.4 * phi(x, 55, Math.sqrt(33.7)), 12)
      expect(curves?.components[1]?.[i]).toBeCloseTo(0.6 * phi(x, 80, 6), 12)
    })
    const ellipses = drawn.ellipses({ data: 'x', column: 0 }, { data: 'x', column: 1 }, at(model, theta))
    expect(ellipses?.components).toEqual([
      { mean: [2, 55], covariance: [0.07, 0.44, 33.7] },
      { mean: [4.3, 80], covariance: [0.17, 0.94, 36] },
    ])
    // the same with the columns exchanged
    const turned = drawn.ellipses({ data: 'x', column: 1 }, { data: 'x', column: 0 }, at(model, theta))
    expect(turned?.components[0]).toEqual({ mean: [55, 2], covariance: [33.7, 0.44, 0.07] })
  })

  it('of independent columns gives upright ellipses, one for each component that is Gaussian', async () => {
    const { model, start } = boundExample('old-faithful/diagonal.estep', 'old-faithful/faithful.csv')
    const theta = await start()
    const ellipses = new ComponentDensities(model).ellipses(
      { data: 'x', column: 0 },
      { data: 'x', column: 1 },
      at(model, theta),
    )
    const mu = model.params.find((p) => p.name === 'mu')
    const sigma = model.params.find((p) => p.name === 'sigma')
    const of = (p: typeof mu, i: number): number => theta[(p?.offset ?? 0) + i] ?? Number.NaN
    ellipses?.components.forEach((e, k) => {
      expect(e?.mean).toEqual([of(mu, 2 * k), of(mu, 2 * k + 1)])
      expect(e?.covariance[0]).toBeCloseTo(of(sigma, 2 * k) ** 2, 12)
      expect(e?.covariance[1]).toBe(0)
    })
    const noisy = boundExample('noisy-clusters/model.estep', 'noisy-clusters/points.csv')
    const found = new ComponentDensities(noisy.model).ellipses(
      { data: 'x', column: 0 },
      { data: 'x', column: 1 },
      at(noisy.model, await noisy.start()),
    )
    expect(found?.components.map((c) => c !== null)).toEqual([true, true, false])
  })

  it('of a chain are weighted by the share of rows of each state', async () => {
    const { model, start } = boundExample('geyser-chain/model.estep', 'geyser-chain/geyser.csv')
    const theta = await start()
    const xs = grid(20, 130, 1101)
    const point = at(model, theta)
    const curves = new ComponentDensities(model).curves({ data: 'waiting', column: 0 }, point, xs)
    const share = point.share('z')
    curves?.components.forEach((c, k) => {
      expect(mass(xs, c)).toBeCloseTo(share[k] ?? 0, 3)
    })
  })

  it('average over rows where these differ, and follow a covariate', async () => {
    const { model, start } = boundExample('regressions/lines-unequal.estep', 'regressions/co2data.csv')
    const theta = await start({ pi: [0.5, 0.5], intercept: [8, 2], slope: [-0.1, 0.4], sigma: [1, 2] })
    const drawn = new ComponentDensities(model)
    const xs = grid(-20, 60, 801)
    const curves = drawn.curves({ data: 'co2', column: 0 }, at(model, theta), xs)
    expect(mass(xs, curves?.total ?? new Float64Array(0))).toBeCloseTo(1, 6)
    const lines = drawn.lines(
      { data: 'gnp', column: 0 },
      { data: 'co2', column: 0 },
      at(model, theta),
      Float64Array.of(0, 10),
    )
    expect(lines?.means.map((m) => [...m].map((x) => x.toFixed(9)))).toEqual([
      ['8.000000000', '7.000000000'],
      ['2.000000000', '6.000000000'],
    ])
    expect(lines?.sds.map((s) => s[0])).toEqual([1, 2])
    expect(
      drawn.lines({ data: 'co2', column: 0 }, { data: 'gnp', column: 0 }, at(model, theta), Float64Array.of(0)),
    ).toBeNull()
    expect(drawn.ellipses({ data: 'gnp', column: 0 }, { data: 'co2', column: 0 }, at(model, theta))).toBeNull()
  })

  it('follows a mean that is no line', async () => {
    const { model, start } = boundExample('patents/experts.estep', 'patents/patents.csv')
    const theta = await start({ a: [0, 1, 2], b: [1, 0.5, 0.1] })
    const lines = new ComponentDensities(model).lines(
      { data: 'lgrd', column: 0 },
      { data: 'patents', column: 0 },
      at(model, theta),
      Float64Array.of(2),
    )
    expect(lines?.means.map((m) => m[0])).toEqual([Math.exp(2), Math.exp(2), Math.exp(2.2)])
  })

  it('sums over latents that another one stands on', async () => {
    const { model, start } = boundSource(
      `model Two
data x : real[N]
param p : unit
param q : unit[2]
param mu : real[2]
for n in 1..N {
  latent a ~ Bernoulli(p)
  latent b ~ Bernoulli(q[a + 1])
  x[n] ~ Normal(mu[b + 1], 1)
}`,
      { x: [0, 1, 2, 3, 9] },
    )
    const theta = await start({ p: 0.3, q: [0.1, 0.8], mu: [0, 5] })
    const curves = new ComponentDensities(model).curves({ data: 'x', column: 0 }, at(model, theta), Float64Array.of(1))
    const second = 0.7 * 0.1 + 0.3 * 0.8
    expect(curves?.latent).toBe('b')
    expect(curves?.components.map((c) => c[0]?.toFixed(12))).toEqual([
      ((1 - second) * phi(1, 0, 1)).toFixed(12),
      (second * phi(1, 5, 1)).toFixed(12),
    ])
  })

  it('are averaged over rows whose latent is reached through a column', async () => {
    const { model, start } = boundExample('dawid-skene/model.estep', 'dawid-skene/anaesthetists.csv')
    const curves = new ComponentDensities(model).curves(
      { data: 'label', column: 0 },
      at(model, await start()),
      Float64Array.of(1, 2, 3, 4),
    )
    expect(curves?.latent).toBe('truth')
    expect(curves?.total.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 10)
    const prior = model.params.find((p) => p.name === 'prior')
    const theta = await start()
    curves?.components.forEach((c, k) => {
      expect(c.reduce((a, b) => a + b, 0)).toBeCloseTo(theta[(prior?.offset ?? 0) + k] ?? Number.NaN, 10)
    })
  })

  it('knows which latents follow on one another', () => {
    for (const [source, data, latent, follows] of [
      ['nile/level.estep', 'nile/nile.csv', 'm', true],
      ['geyser-chain/model.estep', 'geyser-chain/geyser.csv', 'z', true],
      ['eight-schools/model.estep', 'eight-schools/schools.csv', 'theta', false],
      ['factor-analysis/factors.estep', 'factor-analysis/attitude.csv', 'f', false],
      ['old-faithful/full.estep', 'old-faithful/faithful.csv', 'z', false],
    ] as const)
      expect(new ComponentDensities(boundExample(source, data).model).follows(latent), source).toBe(follows)
  })

  it('says why there is none', () => {
    const { model } = boundExample('pumps/model.estep', 'pumps/pumps.csv')
    const drawn = new ComponentDensities(model)
    expect(drawn.reason({ data: 'x', column: 0 })).toBe('its density depends on `theta`, which is latent')
    expect(drawn.reason({ data: 't', column: 0 })).toBe('no statement gives `t` a density')
  })
})
