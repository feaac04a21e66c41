/** A component on one point, or on none: named in a warning, never chosen over a sound end, never 0/0. */
import { describe, expect, it } from 'vitest'
import { clouds, codes, column, fitOf, numbers } from './support.js'

const rows = clouds(40)

describe('a component that shrinks to a point', () => {
  it('is named where every start ends so', async () => {
    const y = [...Array.from({ length: 12 }, () => 3), 9]
    const fit = await fitOf('one', { y })
    expect(codes(fit)).toContain('W521')
    expect(fit.starts.every((start) => start.brief || start.degenerate)).toBe(true)
  })

  it('does not win over an end that is sound', async () => {
    const fit = await fitOf('spherical', { x: rows }, { set: { K: 3 }, restarts: 20 })
    const ends = fit.starts.filter((start) => !start.brief)
    if (ends.some((start) => !start.degenerate)) expect(codes(fit)).not.toContain('W521')
  })

  it('cannot shrink below the floor', async () => {
    const y = column(rows)
    const mean = y.reduce((a, b) => a + b, 0) / y.length
    const variance = y.reduce((sum, v) => sum + (v - mean) ** 2, 0) / y.length
    const point = y[0] ?? 0
    const start = { pi: [0.5, 0.5], mu: [point, mean], sigma: [1e-2, 3] }
    const fit = await fitOf('one', { y }, { start })
    expect(Math.min(...numbers(fit, 'sigma')) ** 2).toBeGreaterThanOrEqual(1e-6 * variance * (1 - 1e-12))
  })
})

describe('as many components as rows, or more', () => {
  it.each([39, 40, 41, 60])('K = %i for 40 rows', async (K) => {
    const fit = await fitOf('spherical', { x: rows }, { set: { K }, restarts: 3 })
    expect(codes(fit)).toContain('W521')
  })

  it('K = 1', async () => {
    const fit = await fitOf('full', { x: rows }, { set: { K: 1 } })
    expect(numbers(fit, 'pi')).toEqual([1])
    expect(codes(fit)).toEqual([])
  })
})

describe('a component without rows', () => {
  const y = column(rows)

  it('started with weight 0', async () => {
    const start = { pi: [1, 0], mu: [0, 6], sigma: [1, 1] }
    const fit = await fitOf('one', { y }, { start })
    expect(codes(fit)).toContain('W522')
    expect(numbers(fit, 'pi')).toContain(0)
  })

  it('started where no row is', async () => {
    const start = { pi: [0.5, 0.5], mu: [3, 1e9], sigma: [3, 1] }
    const fit = await fitOf('one', { y }, { start })
    expect(codes(fit)).toContain('W522')
  })

  it('in counts', async () => {
    const start = { pi: [1, 0], rate: [1, 5] }
    const fit = await fitOf('poisson', { y: [0, 1, 2, 1, 0, 3] }, { start })
    expect(codes(fit)).toContain('W522')
  })
})
