import { describe, expect, it } from 'vitest'
import { fitModel } from '../../runtime/fit.js'
import { converged, distanceToLimit } from '../../runtime/stop.js'
import { gaussianMixture, numbersFrom, pause } from './fake-models.js'

/** limit − distance · ratio^t */
const geometric = (limit: number, distance: number, ratio: number, length: number): number[] =>
  Array.from({ length }, (_, t) => limit - distance * ratio ** t)

const firstStop = (trace: readonly number[], scale: number, tolerance: number): number => {
  for (let t = 1; t <= trace.length; t++) if (converged(trace.slice(0, t), scale, tolerance)) return t - 1
  return -1
}

describe('the distance to the limit', () => {
  it('is exact for a geometric sequence', () => {
    const trace = geometric(-100, 5, 0.9, 30)
    expect(distanceToLimit(trace, 100)).toBeCloseTo(5 * 0.9 ** 29, 8)
  })

  it('is unknown with fewer than three numbers, and where steps grow', () => {
    expect(distanceToLimit([1, 2], 1)).toBe(Number.POSITIVE_INFINITY)
    expect(distanceToLimit([Number.NEGATIVE_INFINITY, 1, 2], 1)).toBe(Number.POSITIVE_INFINITY)
    expect(distanceToLimit([1, 2, 4], 1)).toBe(Number.POSITIVE_INFINITY)
  })

  it('looks past steps at rounding level', () => {
    // Steps of 1e-14 at a size of 1000 are noise; those over many iterations are not.
    const trace = geometric(-1000, 1e-3, 0.99, 2500).map((value, t) => value + (t % 2) * 1e-13)
    expect(distanceToLimit(trace, 1000)).toBeLessThan(1e-10)
  })
})

describe('convergence', () => {
  it('is not mistaken in a slow tail, where steps are small and the end is far', () => {
    const trace = geometric(-1000, 1, 0.9999, 400_000)
    const stop = firstStop(
      trace.filter((_, t) => t < 3000),
      1000,
      1e-9,
    )
    expect(stop).toBe(-1)
    const end = 145_000
    expect(converged(trace.slice(0, end), 1000, 1e-9)).toBe(true)
    expect(-1000 - (trace[end - 1] ?? 0)).toBeLessThan(1.1e-6)
  })

  it('holds at a fixed point, whatever the tolerance but 0', () => {
    expect(converged([-5, -5, -5], 5, 1e-300)).toBe(true)
    expect(converged([-5, -5, -5], 5, 0)).toBe(false)
    expect(converged([-5, -5], 5, 1e-9)).toBe(false)
  })

  it('does not hold while steps grow, near a saddle', () => {
    const trace = Array.from({ length: 30 }, (_, t) => -10 + 1e-12 * 1.3 ** t)
    expect(converged(trace, 10, 1e-9)).toBe(false)
  })

  it('ends within the tolerance of the limit on overlapping components', async () => {
    const rows = numbersFrom('faithful.csv')
      .filter((_, n) => n % 4 === 0)
      .map((row) => [row[1] ?? 0])
    const model = gaussianMixture(rows, 3)
    const values = new Map<string, unknown>([
      ['pi', [0.3, 0.3, 0.4]],
      ['mu', [[55], [65], [80]]],
      ['sigma', [6, 6, 6]],
    ])
    const run = async (tolerance: number): Promise<number> => {
      const outcome = await fitModel(model, { start: values, tolerance, maxIterations: 200_000 }, { pause })
      return outcome.ok && outcome.result.converged ? Number(outcome.result.logLikelihood) : Number.NaN
    }
    const limit = await run(1e-13)
    for (const tolerance of [1e-8, 1e-9, 1e-11]) {
      expect(limit - (await run(tolerance))).toBeLessThan(3 * tolerance * (1 + Math.abs(limit)))
    }
  })
})
