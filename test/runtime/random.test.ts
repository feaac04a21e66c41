import { describe, expect, it } from 'vitest'
import { philox, randomSource } from '../../runtime/random.js'

const hex = (words: readonly number[]): string[] => words.map((word) => word.toString(16).padStart(8, '0'))

describe('Philox4x32-10', () => {
  it('gives the known answers of Random123', () => {
    expect(hex(philox([0, 0, 0, 0], [0, 0]))).toEqual(['6627e8d5', 'e169c58d', 'bc57ac4c', '9b00dbd8'])
    const ones = 0xffffffff
    expect(hex(philox([ones, ones, ones, ones], [ones, ones]))).toEqual([
      '408f276d',
      '41c83b0e',
      'a20bc7c6',
      '6d5451fd',
    ])
    const digits = philox([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0])
    expect(hex(digits)).toEqual(['d16cfe09', '94fdcceb', '5001e420', '24126ea1'])
  })
})

describe('a random source', () => {
  const draws = (seed: number, stream = 0): number[] => {
    const source = randomSource(seed, stream)
    return Array.from({ length: 2000 }, () => source.uniform())
  }

  it('repeats for a seed, and differs between seeds and streams', () => {
    expect(draws(5)).toEqual(draws(5))
    expect(draws(5)).not.toEqual(draws(6))
    expect(draws(5)).not.toEqual(draws(5, 1))
    expect(draws(5)).not.toEqual(draws(5 + 2 ** 32))
  })

  it('is uniform on the open unit interval', () => {
    const values = draws(1)
    expect(Math.min(...values)).toBeGreaterThan(0)
    expect(Math.max(...values)).toBeLessThan(1)
    expect(values.reduce((a, b) => a + b, 0) / values.length).toBeCloseTo(0.5, 1)
  })

  it('picks in proportion to weights, and uniformly where all are 0', () => {
    const source = randomSource(3)
    const counts = [0, 0, 0, 0]
    for (let i = 0; i < 4000; i++) {
      const index = source.pick([0, 1, 3, 0])
      counts[index] = (counts[index] ?? 0) + 1
    }
    expect(counts[0]).toBe(0)
    expect(counts[3]).toBe(0)
    expect((counts[2] ?? 0) / (counts[1] ?? 1)).toBeCloseTo(3, 0)
    expect(new Set(Array.from({ length: 100 }, () => source.pick([0, 0, 0])))).toEqual(new Set([0, 1, 2]))
    expect(Array.from({ length: 100 }, () => source.integer(3)).every((value) => value >= 0 && value < 3)).toBe(true)
  })
})
