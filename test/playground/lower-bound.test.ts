import { describe, expect, it } from 'vitest'
import { elementLine, paramElements, straightLine } from '../../api/bound-lines.js'
import { boundRange, boundSurface, lowerBoundAlong, lowerBoundOf, objectiveAt } from '../../api/lower-bound.js'
import { boundExample, boundSource } from './bound-example.js'

const grid = (from: number, to: number, n: number): readonly number[] =>
  Array.from({ length: n }, (_, i) => from + ((to - from) * i) / (n - 1))

/** Models whose bound is exact: [model, data, options, start]. */
const EXACT = [
  ['grades/hidden.estep', 'grades/hidden.csv', {}],
  ['linkage/model.estep', 'linkage/animals.csv', {}],
  ['old-faithful/spherical.estep', 'old-faithful/faithful.csv', {}],
  ['map-mixture/galaxies.estep', 'map-mixture/galaxies.csv', {}],
  ['earthquake-chain/model.estep', 'earthquake-chain/earthquakes.csv', {}],
  ['nile/level.estep', 'nile/nile.csv', {}],
  ['eight-schools/model.estep', 'eight-schools/schools.csv', {}],
  ['pumps/model.estep', 'pumps/pumps.csv', {}],
] as const

describe('the lower bound along a line', () => {
  for (const [source, data, options] of EXACT) {
    it(`lies below the objective, and touches it at θ(t): ${source}`, async () => {
      const { model, start } = boundExample(source, data, options)
      const theta = await start()
      const q = { params: theta }
      const slack = 1e-9 * Math.max(1, Math.abs(objectiveAt(model, theta)))
      for (const element of paramElements(model.params).slice(0, 6)) {
        const line = elementLine(model.params, theta, element)
        if (line === null) throw new Error(`no line along ${element.label}`)
        expect(line.at(line.here)).toEqual(theta)
        const [low, high] = boundRange(line, lowerBoundOf(model, q), [], 6)
        expect(low).toBeLessThan(line.here)
        expect(high).toBeGreaterThan(line.here)
        const { bound, objective } = lowerBoundAlong(model, q, [...grid(low, high, 21), line.here].map(line.at))
        bound.forEach((b, i) => {
          expect(b).toBeLessThanOrEqual((objective[i] ?? Number.NaN) + slack)
        })
        expect(Math.abs((bound.at(-1) ?? Number.NaN) - (objective.at(-1) ?? Number.NaN))).toBeLessThan(slack)
        // the range ends where the bound has fallen, or at an end of the support
        const top = Math.max(...bound)
        for (const [x, i, end] of [
          [low, 0, line.low],
          [high, 20, line.high],
        ] as const)
          expect(top - (bound[i] ?? 0) > 3 || Math.abs(x - end) < 2e-3 * Math.abs(line.here - end)).toBe(true)
      }
    })

    it(`has its top along the direction of the M-step at θ(t+1): ${source}`, async () => {
      const { model, start } = boundExample(source, data, options)
      const theta = await start()
      const expectation = model.eStep(theta)
      const next = model.mStep(theta, expectation).params
      const line = straightLine(theta, next, 'M-step')
      if (line === null) throw new Error('the start is a fixed point')
      const bound = lowerBoundOf(model, { params: theta, expectation })
      const top = bound(line.at(1))
      for (const d of [0.2, 0.05, 0.01]) {
        expect(bound(line.at(1 - d))).toBeLessThan(top)
        const beyond = bound(line.at(1 + d))
        if (Number.isFinite(beyond)) expect(beyond).toBeLessThan(top)
      }
      expect(top).toBeGreaterThan(objectiveAt(model, theta))
      expect(objectiveAt(model, next)).toBeGreaterThanOrEqual(top)
    })
  }

  it('is the binomial log-likelihood of completed counts for grades', async () => {
    // b | h ~ Binomial(h, μ/(1/2 + μ)): Q(μ) = E[b] log μ + c log 2μ + d log(1/2 − 3μ) + constant
    const { model } = boundExample('grades/hidden.estep', { h: [20], c: [10], d: [10] })
    const at = 0.1
    const b = (20 * at) / (0.5 + at)
    const q = (mu: number): number => b * Math.log(mu) + 10 * Math.log(2 * mu) + 10 * Math.log(0.5 - 3 * mu)
    const bound = lowerBoundOf(model, { params: Float64Array.of(at) })
    for (const mu of [0.02, 0.07, 0.12, 0.16])
      expect(bound(Float64Array.of(mu)) - bound(Float64Array.of(at))).toBeCloseTo(q(mu) - q(at), 9)
  })

  it('has the objective as the ridge of J(q, θ), where q is the posterior at θ', async () => {
    const { model } = boundExample('linkage/model.estep', 'linkage/animals.csv')
    const theta = Float64Array.from(grid(0.3, 0.9, 13))
    const surface = boundSurface(model, theta, theta)
    theta.forEach((x, j) => {
      const column = theta.map((_, i) => surface[i * theta.length + j] ?? Number.NaN)
      const ridge = column[j] ?? Number.NaN
      expect(ridge).toBeCloseTo(objectiveAt(model, Float64Array.of(x)), 9)
      expect(Math.max(...column)).toBe(ridge)
    })
  })

  it('keeps the proportions of the other weights of a simplex', async () => {
    const { model, start } = boundExample('galaxies/equal.estep', 'galaxies/galaxies.csv')
    const theta = await start({ pi: [0.2, 0.3, 0.5] })
    const line = elementLine(model.params, theta, { param: 'pi', index: [1] })
    const moved = [...(line?.at(0.6) ?? [])].slice(0, 3)
    expect(moved.map((x) => x.toFixed(12))).toEqual(['0.600000000000', '0.150000000000', '0.250000000000'])
  })

  it('offers no element of a matrix, and no line where nothing moves', async () => {
    const { model, start } = boundExample('old-faithful/full.estep', 'old-faithful/faithful.csv')
    expect(paramElements(model.params).map((e) => e.label)).toEqual([
      'pi[1]',
      'pi[2]',
      'mu[1, 1]',
      'mu[1, 2]',
      'mu[2, 1]',
      'mu[2, 2]',
    ])
    expect(elementLine(model.params, await start(), { param: 'Sigma', index: [1, 1, 1] })).toBeNull()
    expect(straightLine(await start(), await start(), 'nowhere')).toBeNull()
  })

  it('is that of nodes where posteriors are by quadrature: below to the error that is stated', async () => {
    const { model, start } = boundExample('item-response/one-parameter.estep', 'item-response/lsat.csv')
    expect(model.bound).toBe('quadrature')
    const theta = await start()
    const line = elementLine(model.params, theta, { param: 'ease', index: [2] })
    if (line === null) throw new Error('no line')
    const q = { params: theta, expectation: model.eStep(theta) }
    const { bound, objective } = lowerBoundAlong(model, q, grid(-1, 3, 17).map(line.at))
    bound.forEach((b, i) => {
      expect(b).toBeLessThanOrEqual((objective[i] ?? Number.NaN) + 1e-6 * 2500)
    })
    expect(lowerBoundOf(model, q)(theta)).toBeCloseTo(objectiveAt(model, theta), 8)
  })

  it('lies below what a new q of a factorised posterior comes to, from the q that is shown', async () => {
    const source = [
      'model Product',
      'data y : real[N]',
      'param a, b : real',
      'param s : positive',
      'latent u ~ Normal(a, 1)',
      'latent v ~ Normal(b, 1)',
      'for n in 1..N { y[n] ~ Normal(u * v, s) }',
      '',
    ].join('\n')
    const rows = [1.1, 0.3, 2.4, 1.9, 0.8, 1.5].map((y) => ({ y }))
    const { model, start } = boundSource(source, rows)
    expect(model.bound).toBe('variational')
    const theta = await start()
    const q = { params: theta, expectation: model.eStep(theta) }
    for (const { label, param, index } of paramElements(model.params)) {
      const line = elementLine(model.params, theta, { param, index })
      if (line === null) throw new Error(`no line along ${label}`)
      const [low, high] = boundRange(line, lowerBoundOf(model, q), [], 4)
      const { bound, objective } = lowerBoundAlong(model, q, grid(low, high, 9).map(line.at))
      bound.forEach((b, i) => {
        expect(b).toBeLessThanOrEqual((objective[i] ?? Number.NaN) + 1e-8)
      })
    }
  })

  it('is that of data and labels together in hard mode', async () => {
    const { model, start } = boundExample('old-faithful/spherical.estep', 'old-faithful/faithful.csv', { mode: 'hard' })
    const theta = await start()
    const line = elementLine(model.params, theta, { param: 'mu', index: [1, 2] })
    if (line === null) throw new Error('no line')
    const { bound, objective } = lowerBoundAlong(model, { params: theta }, grid(40, 100, 25).map(line.at))
    bound.forEach((b, i) => {
      expect(b).toBeLessThanOrEqual((objective[i] ?? Number.NaN) + 1e-9 * 3000)
    })
    expect(lowerBoundOf(model, { params: theta })(theta)).toBe(objectiveAt(model, theta))
  })
})
