import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dataScale } from '../../../compiler/bind/data-scale.js'
import type { BoundArray } from '../../../runtime/contract.js'

const cell = fc.oneof(
  { weight: 9, arbitrary: fc.double({ min: -9, max: 9, noNaN: true }) },
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
)
const matrix = (values: readonly number[], width: number): BoundArray => ({
  name: 'x',
  missing: 0,
  values: Float64Array.from(values),
  shape: [values.length / width, width],
  offsets: null,
})

describe('moments of columns', () => {
  it('are those of the finite numbers of each', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.array(cell, { maxLength: 60 }), (width, cells) => {
        const values = cells.slice(0, cells.length - (cells.length % width))
        const scale = dataScale(matrix(values, width))
        const finite = values.filter(Number.isFinite)
        for (let j = 0; j < width; j++) {
          const own = values.filter((x, i) => i % width === j && Number.isFinite(x))
          const mean = own.reduce((a, b) => a + b, 0) / Math.max(1, own.length)
          expect(scale.means[j]).toBeCloseTo(mean, 12)
          const variance = own.reduce((a, b) => a + (b - mean) ** 2, 0) / Math.max(1, own.length)
          expect(scale.variances[j]).toBeCloseTo(variance, 10)
        }
        expect(scale.largest).toBe(Math.max(0, ...finite.map(Math.abs)))
        expect(scale.isComplete).toBe(finite.length === values.length)
        const isPositive = finite.every((x) => x > 0) && !values.includes(Number.NEGATIVE_INFINITY)
        expect(scale.logs !== undefined).toBe(isPositive)
      }),
    )
  })

  it('keep their digits far from 0, over more rows than a block', () => {
    const rows = 5000
    const values = Array.from({ length: 2 * rows }, (_, i) => (i % 2 === 0 ? 1e9 + ((i / 2) % 5) : (i - 1) / 2))
    const { means, variances } = dataScale(matrix(values, 2))
    expect(means).toEqual([1e9 + 2, (rows - 1) / 2])
    expect(variances[0]).toBeCloseTo(2, 10)
    expect((variances[1] ?? 0) / ((rows ** 2 - 1) / 12)).toBeCloseTo(1, 12)
  })
})
