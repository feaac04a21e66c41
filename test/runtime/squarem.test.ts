/** SQUAREM on linear iterations, whose limit and rates are known. */
import { describe, expect, it } from 'vitest'
import type { Accelerator, SquaremMemory } from '../../runtime/accelerator.js'
import { squarem } from '../../runtime/squarem.js'

/** u ↦ J u with a diagonal J: the limit is 0. Small params, so that each counts the same. */
const iteration =
  (rates: readonly number[]) =>
  (u: Float64Array): Float64Array =>
    u.map((x, i) => x * (rates[i] ?? 0))

const lengthOf = (u: Float64Array): number => Math.hypot(...u)

/** Ready for a jump: no steps to wait for, and nothing of a cycle before. */
const fresh: SquaremMemory = {
  ...{ kind: 'squarem', waits: 0, longest: 1e6, slowest: 0, contracting: 0, before: null },
}

function jump(by: Accelerator, F: (u: Float64Array) => Float64Array, u0: Float64Array): Float64Array {
  const u1 = F(u0)
  const to = by.propose(u0, u1, () => F(u1))
  if (to === null) throw new Error('no jump')
  return to
}

describe('SQUAREM', () => {
  it('takes two steps of the length ‖r‖/‖v‖ where no cycle came before (Varadhan, Roland 2008, scheme S3)', () => {
    const F = iteration([0.9, 0.5])
    const u0 = Float64Array.of(1e-9, 1e-9)
    // r = −(0.1, 0.5), v = (0.01, 0.25), α² = 0.26 / 0.0626
    const alpha = Math.sqrt(0.26 / 0.0626)
    const to = jump(squarem(fresh), F, u0)
    const expected = [1 - 0.2 * alpha + 0.01 * alpha ** 2, 1 - alpha + 0.25 * alpha ** 2]
    expect(Array.from(to, (x) => x * 1e9)).toEqual(expected.map((x) => expect.closeTo(x, 6)))
  })

  it('finds the limit in the plane of its step and of the secant before', () => {
    const F = iteration([0.99, 0.4])
    const before = Float64Array.of(1e-9, 3e-9)
    const residual = F(before).map((x, i) => x - (before[i] ?? 0))
    const u0 = Float64Array.of(8e-10, -2e-10)
    const to = jump(squarem({ ...fresh, before: { params: before, residual } }), F, u0)
    expect(lengthOf(to)).toBeLessThan(1e-6 * lengthOf(u0))
    // without it the slow part stays
    expect(lengthOf(jump(squarem(fresh), F, u0))).toBeGreaterThan(0.1 * lengthOf(u0))
  })

  it('does not step in a plane along which EM expands, nor farther than it has leave to', () => {
    const u0 = Float64Array.of(8e-10, -2e-10)
    const before = Float64Array.of(1e-9, 3e-9)
    const rest = (rates: readonly number[], longest: number): readonly Float64Array[] => {
      const F = iteration(rates)
      const residual = F(before).map((x, i) => x - (before[i] ?? 0))
      const memories = [
        { ...fresh, longest, before: { params: before, residual } },
        { ...fresh, longest },
      ]
      return memories.map((memory) => jump(squarem(memory), F, u0))
    }
    const [expanding, withoutIt] = rest([1.05, 0.4], 1e6)
    expect(expanding).toEqual(withoutIt)
    // 1/(1 − 0.99) = 100 times a step, beyond 4 · 16
    const [far, alone] = rest([0.99, 0.4], 16)
    expect(far).toEqual(alone)
    const [near, other] = rest([0.99, 0.4], 32)
    expect(near).not.toEqual(other)
  })

  it('says how slow EM is after four cycles in which it contracts', () => {
    const F = iteration([0.95, 0.9, 0.8, 0.6, 0.3])
    const by = squarem(fresh)
    let u = Float64Array.of(1e-6, 2e-6, -1e-6, 3e-6, 1e-6)
    for (let cycle = 0; cycle < 4; cycle++) {
      expect(by.slowness()).toBe(Number.POSITIVE_INFINITY)
      u = Float64Array.from(jump(by, F, u))
      by.judged(true)
    }
    // at most 1/(1 − 0.95)
    expect(by.slowness()).toBeGreaterThan(4)
    expect(by.slowness()).toBeLessThan(20.001)
    const G = iteration([0.95, 1.4, 0.8, 0.6, 0.3])
    jump(by, G, Float64Array.of(0, 1e-6, 0, 0, 0))
    expect(by.slowness()).toBe(Number.POSITIVE_INFINITY)
  })

  it('goes on from what it remembers', () => {
    const F = iteration([0.97, 0.8, 0.5])
    const by = squarem(fresh)
    const u = jump(by, F, Float64Array.of(1e-6, 2e-6, -1e-6))
    by.judged(true)
    const memory = by.memory()
    if (memory.kind !== 'squarem') throw new Error('another kind')
    expect(memory.before).not.toBeNull()
    expect(jump(squarem(memory), F, u)).toEqual(jump(by, F, u))
    by.judged(false)
    expect(by.memory()).toMatchObject({ before: null, waits: 1 })
  })
})
