import { describe, expect, it } from 'vitest'
import type { Expectation, Maximisation } from '../../runtime/contract.js'
import { type EmIteration, iterate } from '../../runtime/iterate.js'
import { gaussianMixture, grades, oldFaithful } from './fake-models.js'

async function take(source: AsyncGenerator<EmIteration>, count: number): Promise<EmIteration[]> {
  const steps: EmIteration[] = []
  for await (const step of source) {
    steps.push(step)
    if (steps.length === count) break
  }
  return steps
}

describe('iterate', () => {
  it('shows the E-step and the M-step of each iteration', async () => {
    const steps = await take(iterate(oldFaithful(), Float64Array.of(0.5, 0.5, 2, 80, 5, 60, 10, 10)), 6)
    const published = [-1967.1244, -1785.2653, -1719.2682, -1712.0417, -1710.0098, -1709.6041]
    steps.forEach((step, t) => {
      expect(step.iteration).toBe(t)
      expect(step.logLikelihood).toBeCloseTo(published[t] ?? Number.NaN, 3)
      expect(step.elboAfterE).toBe(step.objective)
      expect(step.elboAfterM).toBeGreaterThan(step.elboAfterE)
      expect(step.nextObjective).toBeGreaterThan(step.elboAfterM)
      expect(step.gap).toBeCloseTo(step.nextObjective - step.elboAfterM, 10)
      expect(step.next).toBe(steps[t + 1]?.params ?? step.next)
    })
  })

  it('begins at −Infinity on the edge of the support', async () => {
    const steps = await take(iterate(grades(20, 10, 10), Float64Array.of(0)), 3)
    expect(steps.map(({ objective }) => objective === Number.NEGATIVE_INFINITY)).toEqual([true, false, false])
    expect(steps[1]?.expected.get('b')).toBeCloseTo(2.857142857, 8)
    expect(steps[0]?.elboAfterM).toBeNaN()
  })

  it('ends where a step gives no number', async () => {
    const model = gaussianMixture([[0], [1]], 2)
    const steps = await take(iterate(model, Float64Array.of(0.5, 0.5, Number.NaN, 1, 1, 1)), 5)
    expect(steps).toEqual([])
  })

  it('costs one E-step, one M-step and one gain an iteration', async () => {
    const base = oldFaithful()
    const counts = { e: 0, m: 0, gain: 0 }
    const model = {
      ...base,
      eStep(p: Float64Array): Expectation {
        counts.e++
        return base.eStep(p)
      },
      mStep(p: Float64Array, expectation: Expectation): Maximisation {
        counts.m++
        return base.mStep(p, expectation)
      },
      gain(p: Float64Array, expectation: Expectation, trial: Float64Array): number {
        counts.gain++
        return base.gain(p, expectation, trial)
      },
    }
    await take(iterate(model, Float64Array.of(0.5, 0.5, 2, 80, 5, 60, 10, 10)), 10)
    // One more E-step for the start, and one more gain to see that the bound touches the objective there.
    expect(counts).toEqual({ e: 11, m: 10, gain: 11 })
  })
})
