import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cholesky, inverseSpd, logdetSpd, solveSpd, symmetricEigen } from '../../../compiler/numerics/index.js'

function multiply(left: Float64Array, right: Float64Array, n: number): Float64Array {
  const out = new Float64Array(n * n)
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      for (let k = 0; k < n; k++)
        out[i * n + j] = (out[i * n + j] ?? 0) + (left[i * n + k] ?? 0) * (right[k * n + j] ?? 0)
    }
  }
  return out
}

function transpose(a: Float64Array, n: number): Float64Array {
  return a.map((_, at) => a[(at % n) * n + Math.floor(at / n)] ?? 0)
}

function difference(left: Float64Array, right: Float64Array): number {
  return left.reduce((most, value, at) => Math.max(most, Math.abs(value - (right[at] ?? Number.NaN))), 0)
}

function identity(n: number): Float64Array {
  return Float64Array.from({ length: n * n }, (_, at) => (at % (n + 1) === 0 ? 1 : 0))
}

/** B Bᵀ + I for random B: order 1 to 6. */
const spd = fc.integer({ min: 1, max: 6 }).chain((n) =>
  fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: n * n, maxLength: n * n }).map((entries) => {
    const root = Float64Array.from(entries)
    const square = multiply(root, transpose(root, n), n)
    return { n, a: square.map((value, at) => value + (at % (n + 1) === 0 ? 1 : 0)) }
  }),
)

describe('dense routines', () => {
  it('factors, inverts and solves positive definite matrices in place of an offset', () => {
    fc.assert(
      fc.property(spd, ({ n, a }) => {
        const at = 3
        const source = new Float64Array(at + n * n)
        source.set(a, at)
        const factor = new Float64Array(n * n)
        expect(cholesky(source, at, factor, 0, n)).toBe(true)
        expect(difference(multiply(factor, transpose(factor, n), n), a)).toBeLessThan(1e-12)
        const inverse = new Float64Array(n * n + 1)
        expect(inverseSpd(source, at, inverse, 1, n)).toBe(true)
        expect(difference(multiply(a, inverse.slice(1), n), identity(n))).toBeLessThan(1e-10)
        const right = Float64Array.from({ length: n }, (_, i) => i + 1)
        const solution = new Float64Array(n)
        expect(solveSpd(source, at, right, 0, solution, 0, n)).toBe(true)
        const back = right.map((_, i) => solution.reduce((sum, y, j) => sum + (a[i * n + j] ?? 0) * y, 0))
        expect(difference(back, right)).toBeLessThan(1e-10)
        const { values, vectors } = symmetricEigen(source, at, n)
        const scaled = vectors.map((value, index) => value * (values[index % n] ?? 0))
        expect(difference(multiply(scaled, transpose(vectors, n), n), a)).toBeLessThan(1e-10)
        expect(difference(multiply(transpose(vectors, n), vectors, n), identity(n))).toBeLessThan(1e-12)
        const logdet = values.reduce((sum, value) => sum + Math.log(value), 0)
        expect(Math.abs(logdetSpd(source, at, n) - logdet)).toBeLessThan(1e-11)
        expect([...values].every((value, index) => index === 0 || value <= (values[index - 1] ?? 0))).toBe(true)
      }),
    )
  })

  it('does so for every order, by blocks and beside other numbers', () => {
    for (let n = 1; n <= 70; n++) {
      const a = Float64Array.from({ length: n * n }, (_, at) => {
        const [i, j] = [Math.floor(at / n), at % n]
        return Math.cos(Math.min(i, j) * 7 + Math.max(i, j) * 3) + (i === j ? n : 0)
      })
      const beside = (): Float64Array => new Float64Array(n * n + 9).fill(0.5)
      const kept = (array: Float64Array): boolean => [0, 1, 2, 3, n * n + 4, n * n + 8].every((at) => array[at] === 0.5)
      const source = beside()
      source.set(a, 4)
      const factor = beside()
      expect(cholesky(source, 4, factor, 4, n)).toBe(true)
      const lower = factor.slice(4, 4 + n * n)
      expect(difference(multiply(lower, transpose(lower, n), n), a)).toBeLessThan(1e-12 * n)
      expect(lower.every((value, at) => at % n <= Math.floor(at / n) || value === 0)).toBe(true)
      const inverse = beside()
      expect(inverseSpd(source, 4, inverse, 4, n)).toBe(true)
      const found = inverse.slice(4, 4 + n * n)
      expect(difference(multiply(a, found, n), identity(n))).toBeLessThan(1e-13 * n)
      expect(difference(found, transpose(found, n))).toBe(0)
      expect([factor, inverse].every(kept)).toBe(true)
      expect(inverseSpd(source, 4, source, 4, n)).toBe(true)
      expect(difference(source, inverse)).toBe(0)
      const logdet = lower.reduce((sum, value, at) => (at % (n + 1) === 0 ? sum + 2 * Math.log(value) : sum), 0)
      expect(Math.abs(logdetSpd(a, 0, n) - logdet)).toBeLessThan(1e-12 * (1 + Math.abs(logdet)))
      const solution = new Float64Array(n)
      expect(solveSpd(a, 0, a, 0, solution, 0, n)).toBe(true)
      expect(solution.every((value, i) => Math.abs(value - (i === 0 ? 1 : 0)) < 1e-13 * n)).toBe(true)
    }
  })

  it('sees a pivot that is not positive wherever it comes', () => {
    for (const n of [5, 9, 17, 22]) {
      for (let bad = 0; bad < n; bad++) {
        const a = identity(n)
        a[bad * n + bad] = bad % 2 === 0 ? 0 : -1
        const out = new Float64Array(n * n)
        expect(cholesky(a, 0, out, 0, n)).toBe(false)
        expect(logdetSpd(a, 0, n)).toBeNaN()
        expect(inverseSpd(a, 0, out, 0, n)).toBe(false)
        expect(out.every(Number.isNaN)).toBe(true)
      }
    }
  })

  it('factors in place', () => {
    const a = Float64Array.of(4, 9, 2, 5)
    expect(cholesky(a, 0, a, 0, 2)).toBe(true)
    expect([...a]).toEqual([2, 0, 1, 2])
  })

  it('says no to singular, indefinite, infinite and NaN matrices, and fills outputs with NaN', () => {
    const rankOne = Float64Array.of(1, 0.1, 0.3, 0.1, 0.01, 0.03, 0.3, 0.03, 0.09)
    const bad = [
      { a: rankOne, n: 3 },
      { a: Float64Array.of(1, 2, 2, 1), n: 2 },
      { a: Float64Array.of(0), n: 1 },
      { a: Float64Array.of(-1), n: 1 },
      { a: Float64Array.of(Infinity), n: 1 },
      { a: Float64Array.of(1, Number.NaN, Number.NaN, 1), n: 2 },
    ]
    for (const { a, n } of bad) {
      const out = new Float64Array(n * n)
      expect(cholesky(a, 0, out.slice(), 0, n)).toBe(false)
      expect(logdetSpd(a, 0, n)).toBeNaN()
      expect(inverseSpd(a, 0, out, 0, n)).toBe(false)
      expect(out.every(Number.isNaN)).toBe(true)
      const solution = new Float64Array(n)
      expect(solveSpd(a, 0, new Float64Array(n), 0, solution, 0, n)).toBe(false)
      expect(solution.every(Number.isNaN)).toBe(true)
    }
  })

  it('finds eigenvalues of matrices that are not definite', () => {
    expect(difference(symmetricEigen(Float64Array.of(0, 1, 1, 0), 0, 2).values, Float64Array.of(1, -1))).toBeLessThan(
      1e-15,
    )
    expect([...symmetricEigen(new Float64Array(4), 0, 2).values]).toEqual([0, 0])
    expect(symmetricEigen(Float64Array.of(Number.NaN), 0, 1).values[0]).toBeNaN()
  })
})
