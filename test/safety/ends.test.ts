/** Which end is reported: not too early, the best sound one, the same whatever the labels. */
import { describe, expect, it } from 'vitest'
import { clouds, column, fitOf, numbers } from './support.js'

/** Quantiles of ¼ N(0, 1) + ¾ N(1.5, 1): components that overlap so much that EM crawls. */
function overlapping(count: number): number[] {
  const phi = (x: number): number => 1 / (1 + Math.exp(-1.702 * x))
  const cdf = (x: number): number => 0.25 * phi(x) + 0.75 * phi(x - 1.5)
  return Array.from({ length: count }, (_, i) => {
    let [low, high] = [-10, 12]
    for (let k = 0; k < 60; k++) {
      const middle = (low + high) / 2
      if (cdf(middle) < (i + 0.5) / count) low = middle
      else high = middle
    }
    return (low + high) / 2
  })
}

it('a slow tail is not the end', async () => {
  const y = overlapping(400)
  const start = { pi: [0.5, 0.5], mu: [-1, 3], sigma: [1, 1] }
  const usual = await fitOf('one', { y }, { start })
  const exact = await fitOf('one', { y }, { start, tolerance: 1e-13, maxIterations: 200_000 })
  expect(usual.converged).toBe(true)
  expect(exact.logLikelihood - usual.logLikelihood).toBeLessThan(1e-5 * Math.abs(exact.logLikelihood))
  expect(Math.abs((numbers(usual, 'pi')[0] ?? 0) - (numbers(exact, 'pi')[0] ?? 0))).toBeLessThan(0.02)
})

it('the result is no worse than any sound end', async () => {
  const fit = await fitOf('spherical', { x: clouds(60) }, { set: { K: 4 }, restarts: 20 })
  for (const start of fit.starts)
    if (!start.brief && !start.degenerate) expect(fit.objective).toBeGreaterThanOrEqual(Number(start.objective) - 1e-9)
})

describe('labels', () => {
  it('permuted starts give one report', async () => {
    const y = column(clouds(60))
    const a = await fitOf('one', { y }, { start: { pi: [0.3, 0.7], mu: [0, 6], sigma: [1, 2] } })
    const b = await fitOf('one', { y }, { start: { pi: [0.7, 0.3], mu: [6, 0], sigma: [2, 1] } })
    for (const name of ['pi', 'mu', 'sigma'])
      for (const [i, v] of numbers(a, name).entries()) expect(numbers(b, name)[i]).toBeCloseTo(v, 9)
    expect([...(a.posterior('z').modes ?? [])]).toEqual([...(b.posterior('z').modes ?? [])])
  })

  it('the same seed gives the same bits', async () => {
    const x = clouds(60)
    const [a, b] = [await fitOf('full', { x }, { seed: 7 }), await fitOf('full', { x }, { seed: 7 })]
    expect(JSON.stringify(a)).toBe(JSON.stringify(b))
  })
})
