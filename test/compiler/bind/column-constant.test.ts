import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { allFinite, columnConstant } from '../../../compiler/bind/column-constant.js'

const cell = fc.oneof({ weight: 9, arbitrary: fc.double({ min: -9, max: 9, noNaN: true }) }, fc.constant(Number.NaN))
const columns = (values: readonly number[], width: number): number[][] =>
  Array.from({ length: width }, (_, j) => values.filter((x, i) => i % width === j && !Number.isNaN(x)))
const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0)

describe('what is taken of columns', () => {
  it('is their mean, and the root of the mean square about a centre, of what is there in all parts', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.array(cell, { maxLength: 40 }),
        fc.integer({ min: 0, max: 8 }),
        (width, cells, cut) => {
          const values = cells.slice(0, cells.length - (cells.length % width))
          const at = Math.min(values.length, cut * width)
          const parts = [Float64Array.from(values.slice(0, at)), Float64Array.from(values.slice(at))]
          const centre = Float64Array.from({ length: width }, (_, j) => j - 1)
          const means = columnConstant({ of: 'x', buffer: 'c', take: { kind: 'centre' } }, parts, width, null)
          const reach = { kind: 'reach', centre: 'c' } as const
          const roots = columnConstant({ of: 'x', buffer: 'r', take: reach }, parts, width, centre)
          columns(values, width).forEach((own, j) => {
            const n = Math.max(1, own.length)
            expect(means[j]).toBeCloseTo(sum(own) / n, 12)
            expect(roots[j]).toBeCloseTo(Math.sqrt(sum(own.map((x) => (x - (j - 1)) ** 2)) / n), 12)
          })
        },
      ),
    )
  })

  it('goes over more rows than a block', () => {
    const values = Float64Array.from({ length: 9000 }, (_, i) => i % 3)
    const means = columnConstant({ of: 'x', buffer: 'c', take: { kind: 'centre' } }, [values], 3, null)
    expect([...means]).toEqual([0, 1, 2])
  })

  it('knows where something is missing', () => {
    expect(allFinite(Float64Array.of(1, 2))).toBe(true)
    expect(allFinite(Float64Array.of(1, Number.NaN))).toBe(false)
    expect(allFinite(Float64Array.of(Number.POSITIVE_INFINITY, 2))).toBe(false)
    expect(allFinite(Int32Array.of(1, -1))).toBe(true)
  })
})
