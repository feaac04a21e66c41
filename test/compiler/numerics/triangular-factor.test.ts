import { describe, expect, test } from 'vitest'
import { TriangularFactor } from '../../../compiler/numerics/triangular-factor.js'
import { seededRandom } from '../../laws/support/random.js'

const { BLOCK } = TriangularFactor

/** R of rows × columns numbers, row after row, in blocks of at most `step` rows. */
function factorOf(a: Float64Array, rows: number, columns: number, step = BLOCK): Float64Array {
  const made = new TriangularFactor(columns)
  for (let from = 0; from < rows; from += step) {
    const here = Math.min(step, rows - from)
    for (let j = 0; j < columns; j++)
      for (let i = 0; i < here; i++) made.block[BLOCK * j + i] = a[(from + i) * columns + j] ?? Number.NaN
    made.fold(here)
  }
  return made.factor
}

/** Products of columns i and j. */
const product = (a: Float64Array, rows: number, columns: number, i: number, j: number): number => {
  let sum = 0
  for (let n = 0; n < rows; n++) sum += (a[n * columns + i] ?? 0) * (a[n * columns + j] ?? 0)
  return sum
}

describe('the triangular factor', () => {
  test.each([
    [1, 1, BLOCK],
    [3, 5, BLOCK],
    [500, 1, 100],
    [500, 6, 7],
    [1000, 9, BLOCK],
    [400, 13, 1],
  ])('of %i × %i, %i rows at a time, has the products of its columns', (rows, columns, step) => {
    const random = seededRandom(rows + columns)
    // columns of very different sizes
    const a = Float64Array.from({ length: rows * columns }, (_, i) => (random() - 0.4) * 10 ** ((i % columns) - 3))
    const r = factorOf(a, rows, columns, step)
    for (let i = 0; i < columns; i++) {
      for (let j = 0; j < i; j++) expect(r[i * columns + j]).toBe(0)
      for (let j = i; j < columns; j++) {
        const size = Math.sqrt(product(a, rows, columns, i, i) * product(a, rows, columns, j, j))
        const apart = product(r, columns, columns, i, j) - product(a, rows, columns, i, j)
        expect(Math.abs(apart) / size).toBeLessThan(1e-14)
      }
    }
  })

  test('keeps what products of nearly dependent columns lose', () => {
    const rows = 2000
    const random = seededRandom(1)
    const e = Float64Array.from({ length: rows }, () => random() - 0.5)
    const a = new Float64Array(2 * rows)
    for (let n = 0; n < rows; n++) {
      const x = random() + 1
      a[2 * n] = x
      // 2⁻³⁰ e is added exactly
      a[2 * n + 1] = x + 2 ** -30 * Math.round(2 ** 10 * (e[n] ?? 0))
    }
    const apart = Float64Array.from({ length: rows }, (_, n) => (a[2 * n + 1] ?? 0) - (a[2 * n] ?? 0))
    const r = factorOf(a, rows, 2)
    const difference = (r[1] ?? 0) - (r[0] ?? 0)
    const squares = difference ** 2 + (r[3] ?? 0) ** 2
    const wanted = product(apart, rows, 1, 0, 0)
    expect(Math.abs(squares / wanted - 1)).toBeLessThan(1e-8)
    const byProducts = product(a, rows, 2, 0, 0) - 2 * product(a, rows, 2, 0, 1) + product(a, rows, 2, 1, 1)
    expect(Math.abs(byProducts / wanted - 1)).toBeGreaterThan(1e-4)
  })

  test('of columns of zeros and equal columns is finite', () => {
    const a = Float64Array.from({ length: 900 }, (_, i) => (i % 3 === 1 ? 0 : Math.sin(Math.floor(i / 3))))
    const r = factorOf(a, 300, 3)
    expect(r.every(Number.isFinite)).toBe(true)
    expect([r[1], r[4], r[5]].every((v) => Math.abs(v ?? 1) < 1e-13)).toBe(true)
    expect(Math.abs(r[0] ?? 0)).toBeCloseTo(Math.sqrt(product(a, 300, 3, 0, 0)), 12)
  })
})
