import { describe, expect, it } from 'vitest'
import { slopeAlong } from '../../oracle/slope-along.js'

const at = (f: (x: number) => number, x: number, step = 0.3): ReturnType<typeof slopeAlong> =>
  slopeAlong(([t = 0]) => f(t), Float64Array.of(x), Float64Array.of(step))

describe('slopes by differences', () => {
  it('are those of smooth functions', () => {
    for (const x of [-1.2, 0.4, 2.5]) {
      const { slope, curvature } = at((t) => Math.sin(t) + t ** 3, x)
      expect(Math.abs(slope - 0.3 * (Math.cos(x) + 3 * x * x))).toBeLessThan(1e-9)
      expect(Math.abs(curvature - 0.09 * (6 * x - Math.sin(x)))).toBeLessThan(1e-4)
    }
  })

  // a Laplace location near a datum: differences must not reach over the kink, as long as it is not at the point itself
  it('are those of the own side of a kink nearby', () => {
    for (const away of [3e-5, 2e-4, 5e-4, 1e-3, 1.7e-3, 3e-3]) {
      const { slope } = at((t) => -4 * Math.abs(t - 0.7) - t * t, 0.7 + away)
      expect(Math.abs(slope - 0.3 * (-4 - 2 * (0.7 + away)))).toBeLessThan(1e-7)
    }
  })

  it('say how far they may be off where a function is not known well', () => {
    const noisy = (t: number): number => t + 1e-6 * Math.sin(1e7 * t)
    const { slope, error } = at(noisy, 0.3)
    expect(Math.abs(slope - 0.3)).toBeLessThan(20 * error + 1e-9)
  })
})
