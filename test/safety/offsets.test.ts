/** Second moments about a shift: an offset of the data changes means and nothing else. Coordinates are exact in binary. */
import { describe, expect, it } from 'vitest'
import { clouds, column, fitOf, numbers } from './support.js'

const rows = clouds(60)

/** Variance (divisor n) of multiples of 1/64, exact in integers. */
function variance(values: readonly number[]): number {
  const whole = values.map((v) => BigInt(Math.round(v * 64)))
  const n = BigInt(whole.length)
  const sum = whole.reduce((a, b) => a + b, 0n)
  const squares = whole.reduce((a, b) => a + b * b, 0n)
  return Number(n * squares - sum * sum) / Number(n * n) / 64 ** 2
}

describe.each([0, 1e4, 1e6, 1e8, 1e10, 1e12])('an offset of %d', (offset) => {
  it('leaves the variance of one Normal right', async () => {
    const y = column(rows).map((v) => v + offset)
    const fit = await fitOf('normal', { y })
    const [sigma = 0] = numbers(fit, 'sigma')
    // At 1e12 the mean itself is known to 1e-4 only.
    const tolerance = offset <= 1e8 ? 1e-10 : 1e-7
    expect(Math.abs(sigma ** 2 / variance(column(rows)) - 1)).toBeLessThan(tolerance)
  })

  it('leaves a mixture as it is', async () => {
    const moved = rows.map((row) => row.map((v) => v + offset))
    const at = (shift: number) => ({
      pi: [0.5, 0.5],
      mu: [
        [shift, shift],
        [shift + 6, shift + 6],
      ],
      Sigma: [
        [
          [1, 0],
          [0, 1],
        ],
        [
          [1, 0],
          [0, 1],
        ],
      ],
    })
    const here = await fitOf('full', { x: rows }, { start: at(0) })
    const there = await fitOf('full', { x: moved }, { start: at(offset) })
    const tolerance = offset <= 1e8 ? 1e-7 : 1e-3
    for (const [i, v] of numbers(here, 'Sigma').entries())
      expect(Math.abs((numbers(there, 'Sigma')[i] ?? Number.NaN) - v)).toBeLessThan(tolerance)
    expect(Math.abs(there.logLikelihood - here.logLikelihood)).toBeLessThan(offset <= 1e8 ? 1e-5 : 1e-1)
  })
})
