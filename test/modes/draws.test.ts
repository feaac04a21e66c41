/** Draws of latents, against the posterior that they are drawn from. */
import { describe, expect, it } from 'vitest'
import { programOf } from '../../api/mode-program.js'
import { DrawnModel } from '../../compiler/bind/drawn-model.js'
import { drawnProgram } from '../../compiler/modes/drawn-program.js'
import { binomialDraw, gammaDraw, gumbelDraw, poissonDraw } from '../../compiler/numerics/index.js'
import { f64 } from '../../compiler/targets/solve/types.js'
import { abilities, all, bound as boundCase } from './models.js'

const DRAWS = 1500

describe('statistics at draws', () => {
  it.each([...all])('average to the expected ones: %s', { timeout: 120_000 }, async (name, own) => {
    const draws = name === 'nodes that are drawn' ? DRAWS / 5 : DRAWS
    const { bound, params } = await boundCase(own)
    const expected = bound.model.eStep(params)
    const model = new DrawnModel(
      bound.model.derivation,
      programOf(drawnProgram(bound.model.derivation)),
      bound.data,
      bound.settings,
    )
    const n = expected.statistics.length
    const [sum, squares] = [new Float64Array(n), new Float64Array(n)]
    for (let r = 0; r < draws; r++) {
      model.setDraw(11, r)
      const { statistics, logLikelihood } = model.eStep(params)
      expect(statistics.length).toBe(n)
      // the log-likelihood is that of the params, whatever is drawn
      if (r < 3) expect(logLikelihood).toBeCloseTo(expected.logLikelihood, 8)
      statistics.forEach((s, i) => {
        sum[i] = (sum[i] ?? 0) + s
        squares[i] = (squares[i] ?? 0) + s * s
      })
    }
    let varied = 0
    for (let i = 0; i < n; i++) {
      const mean = (sum[i] ?? 0) / draws
      const sd = Math.sqrt(Math.max(0, (squares[i] ?? 0) / draws - mean * mean))
      const exact = expected.statistics[i] ?? 0
      if (sd > 1e-9 * (1 + Math.abs(exact))) varied++
      const distance = Math.abs(mean - exact)
      expect(distance, `statistic ${i}: ${mean} for ${exact}`).toBeLessThan(
        // what has a probability of 1e-6 is not drawn at all
        5 * (sd / Math.sqrt(draws)) + (sd === 0 ? 5 / draws : 1e-9) * (1 + Math.abs(exact)),
      )
    }
    expect(varied).toBeGreaterThan(0)
  })

  it('take each node as often as it weighs, in each class', { timeout: 120_000 }, async () => {
    const { bound, params } = await boundCase(abilities)
    const { derivation } = bound.model
    const model = new DrawnModel(derivation, programOf(drawnProgram(derivation)), bound.data, bound.settings)
    const [block] = derivation.eStep.blocks
    const id = block?.id ?? ''
    const buffer = (name: string) => f64(model.memory.blocks, name)
    const draws = 800
    let seen = new Float64Array(0)
    for (let r = 0; r < draws; r++) {
      model.setDraw(3, r)
      model.eStep(params)
      const weights = buffer(`node posterior ${id}`)
      const [nodes, points] = [buffer(`nodes ${id}`), buffer(`drawn node ${id}`)]
      const count = weights.length / points.length
      if (r === 0) seen = new Float64Array(weights.length)
      points.forEach((u, row) => {
        const q = nodes.subarray(row * count, (row + 1) * count).indexOf(u)
        expect(q).toBeGreaterThanOrEqual(0)
        seen[row * count + q] = (seen[row * count + q] ?? 0) + 1
      })
    }
    const weights = buffer(`node posterior ${id}`)
    // 40 rows, 2 classes, 9 nodes
    expect(weights).toHaveLength(720)
    // Pearson's sum over the nodes that are expected at least five times
    let [sum, cells] = [0, 0]
    weights.forEach((w, i) => {
      if (draws * w < 5) return
      sum += ((seen[i] ?? 0) - draws * w) ** 2 / (draws * w)
      cells++
    })
    expect(cells).toBeGreaterThan(200)
    expect(Math.abs(sum - cells + 80)).toBeLessThan(4 * Math.sqrt(2 * cells))
  })

  it.each([...all].slice(-9))('are the same on each target: %s', async (_, own) => {
    const { model, params } = await boundCase(own)
    const [first, ...others] = (['interpret', 'js', 'wasm'] as const).map((backend) => {
      const bound = model.bind(own.data, { ...own.options, backend })
      const { derivation } = bound.model
      const drawn = new DrawnModel(derivation, programOf(drawnProgram(derivation)), bound.data, bound.settings)
      drawn.setDraw(7, 3)
      return drawn.eStep(params).statistics
    })
    for (const other of others)
      other.forEach((s, i) => {
        expect(Math.abs(s - (first?.[i] ?? Number.NaN))).toBeLessThan(1e-9 * (1 + Math.abs(s)))
      })
  })

  it('are the same for the same counters, and others for others', async () => {
    const own = all.get('a chain')
    if (own === undefined) throw new Error('no chain')
    const { bound, params } = await boundCase(own)
    const model = new DrawnModel(
      bound.model.derivation,
      programOf(drawnProgram(bound.model.derivation)),
      bound.data,
      bound.settings,
    )
    const at = (seed: number, number: number): readonly number[] => {
      model.setDraw(seed, number)
      return [...model.eStep(params).statistics]
    }
    expect(at(1, 5)).toEqual(at(1, 5))
    expect(at(1, 6)).not.toEqual(at(1, 5))
    expect(at(2, 5)).not.toEqual(at(1, 5))
  })
})

describe('variates', () => {
  const moments = (draw: (i: number) => number, n = 20_000): readonly [number, number] => {
    const values = Array.from({ length: n }, (_, i) => draw(i))
    const mean = values.reduce((a, b) => a + b, 0) / n
    return [mean, values.reduce((a, b) => a + (b - mean) ** 2, 0) / n]
  }

  it.each([0.2, 0.9, 1, 3.7, 250])('of a gamma have its mean and variance, shape %d', (shape) => {
    const [mean, variance] = moments((i) => gammaDraw(3, i, 1, shape))
    expect(mean / shape).toBeCloseTo(1, 1)
    expect(variance / shape).toBeGreaterThan(0.9)
    expect(variance / shape).toBeLessThan(1.1)
    expect(gammaDraw(3, 1, 1, 0)).toBeNaN()
  })

  it.each([
    [0, 0.3],
    [7, 0.3],
    [40, 0.02],
    [100, 0.5],
    [1000, 0.97],
  ])('of a binomial have its probabilities, %d trials with %d', (n, p) => {
    const draws = 20_000
    const seen = new Float64Array(n + 1)
    for (let i = 0; i < draws; i++) {
      const x = binomialDraw(3, i, 1, n, p)
      seen[x] = (seen[x] ?? Number.NaN) + 1
    }
    expect(seen.reduce((a, b) => a + b, 0)).toBe(draws)
    // Pearson's sum over the values that are expected at least five times
    let [sum, cells, log] = [0, 0, n * Math.log1p(-p)]
    for (let k = 0; k <= n; k++) {
      const expected = draws * Math.exp(log)
      if (expected >= 5) {
        sum += ((seen[k] ?? 0) - expected) ** 2 / expected
        cells++
      }
      log += Math.log((n - k) / (k + 1)) + Math.log(p / (1 - p))
    }
    expect(sum).toBeLessThan(cells + 4 * Math.sqrt(2 * cells) + 1)
    expect([binomialDraw(1, 1, 1, n, 0), binomialDraw(1, 1, 1, n, 1)]).toEqual([0, n])
    expect(binomialDraw(1, 1, 1, 2.5, 0.5)).toBeNaN()
  })

  it.each([0, 0.4, 7, 16.5, 60, 900])('of a Poisson have its probabilities, rate %d', (rate) => {
    const draws = 20_000
    const seen = new Map<number, number>()
    for (let i = 0; i < draws; i++) {
      const x = poissonDraw(3, i, 1, rate)
      seen.set(x, (seen.get(x) ?? 0) + 1)
    }
    let [sum, cells, log] = [0, 0, -rate]
    for (let k = 0; k <= 3 * rate + 20; k++) {
      const expected = draws * Math.exp(log)
      if (expected >= 5) {
        sum += ((seen.get(k) ?? 0) - expected) ** 2 / expected
        cells++
      }
      log += Math.log(rate) - Math.log(k + 1)
    }
    expect(cells).toBeGreaterThan(0)
    expect(sum).toBeLessThan(cells + 4 * Math.sqrt(2 * cells) + 1)
    expect(poissonDraw(1, 1, 1, -1)).toBeNaN()
  })

  it('of a Gumbel have the mean γ and the variance π²/6', () => {
    const [mean, variance] = moments((i) => gumbelDraw(3, i, 1, 0))
    expect(mean).toBeCloseTo(0.5772, 1)
    expect(variance).toBeCloseTo(Math.PI ** 2 / 6, 1)
  })
})
