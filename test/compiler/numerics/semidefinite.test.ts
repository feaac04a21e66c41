import { describe, expect, it } from 'vitest'
import { solveSemidefinite } from '../../../compiler/numerics/index.js'
import { randomSource } from '../../../oracle/random.js'

/** A = Σ_r x_r x_rᵀ of `rank` random rows, and b = A y. */
function system(n: number, rank: number, seed: number) {
  const random = randomSource(seed)
  const rows = Array.from({ length: rank }, () =>
    Float64Array.from({ length: n }, (_, i) => (random() - 0.5) * 10 ** (i % 3)),
  )
  const y = Float64Array.from({ length: n }, () => random() - 0.5)
  const matrix = new Float64Array(n * n)
  for (const x of rows)
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) matrix[i * n + j] = (matrix[i * n + j] ?? 0) + (x[i] ?? 0) * (x[j] ?? 0)
  return { matrix, y, right: product(matrix, y) }
}

const product = (a: Float64Array, y: Float64Array): Float64Array =>
  y.map((_, i) => y.reduce((sum, v, j) => sum + (a[i * y.length + j] ?? 0) * v, 0))

const solve = (matrix: Float64Array, right: Float64Array): Float64Array => {
  const out = new Float64Array(right.length)
  solveSemidefinite(matrix, right, out, right.length)
  return out
}

/** Σ A_ii y_i². */
const size = (a: Float64Array, y: Float64Array): number =>
  y.reduce((sum, v, i) => sum + (a[i * y.length + i] ?? 0) * v * v, 0)

const far = (a: Float64Array, b: Float64Array): number => Math.max(...a.map((x, i) => Math.abs(x - (b[i] ?? 0))))

describe('semidefinite systems', () => {
  for (const [n, rank] of [
    [1, 1],
    [4, 4],
    [4, 2],
    [7, 5],
    [12, 3],
  ] as const)
    it(`of order ${n} and rank ${rank}: a solution, and none is smaller`, () => {
      const { matrix, y, right } = system(n, rank, 10 * n + rank)
      const found = solve(matrix, right)
      expect(far(product(matrix, found), right)).toBeLessThan(1e-10)
      if (rank === n) expect(far(found, y)).toBeLessThan(1e-9)
      // Σ A_ii found_i (y_i − found_i) = 0: y − found is in the null space
      const cross = found.reduce((sum, v, i) => sum + (matrix[i * n + i] ?? 0) * v * ((y[i] ?? 0) - v), 0)
      expect(Math.abs(cross)).toBeLessThan(1e-9 * size(matrix, y))
    })

  it('is the same after rounding, and whatever the order of its rows', () => {
    const { matrix, right } = system(6, 4, 3)
    const found = solve(matrix, right)
    const random = randomSource(5)
    const noisy = matrix.slice()
    for (let i = 0; i < 6; i++)
      for (let j = 0; j <= i; j++)
        noisy[i * 6 + j] = noisy[j * 6 + i] = (matrix[i * 6 + j] ?? 0) * (1 + 1e-15 * (random() - 0.5))
    expect(far(solve(noisy, right), found)).toBeLessThan(1e-11)
    const turned = [3, 5, 0, 4, 1, 2]
    const other = solve(
      Float64Array.from(
        { length: 36 },
        (_, k) => matrix[(turned[Math.floor(k / 6)] ?? 0) * 6 + (turned[k % 6] ?? 0)] ?? 0,
      ),
      Float64Array.from(turned, (i) => right[i] ?? 0),
    )
    expect(
      far(
        Float64Array.from(turned, (i) => found[i] ?? 0),
        other,
      ),
    ).toBeLessThan(1e-11)
  })

  it('leaves what no equation reads', () => {
    expect([...solve(Float64Array.of(4, 0, 0, 0), Float64Array.of(12, 0))]).toEqual([3, 0])
    expect([...solve(new Float64Array(4), new Float64Array(2))]).toEqual([0, 0])
  })
})
