/** Means and covariances that distributions state are those of their log densities. */
import { describe, expect, it } from 'vitest'
import { num, ref } from '../../compiler/algebra/build.js'
import { evaluate } from '../../compiler/algebra/evaluate.js'
import type { Expr } from '../../compiler/algebra/types.js'
import { distributions } from '../../compiler/distributions/index.js'
import { elementOf, indexSupply, numericDensity } from '../../compiler/distributions/support/numeric-density.js'
import type { NumericArgument } from '../../compiler/distributions/types.js'

const MEAN = [1, -2, 0.5]
const MATRIX = [
  [2, 0.6, -0.3],
  [0.6, 1.5, 0.2],
  [-0.3, 0.2, 0.8],
]

const gaussian = distributions.filter((d) => d.vectorMoments !== undefined)

describe('moments of vectors', () => {
  it('are stated by some distribution', () => {
    expect(gaussian.length).toBeGreaterThan(0)
  })

  for (const d of gaussian)
    for (const { arguments: names } of d.signature.parametrisations)
      it(`are those of the log density: ${d.signature.name}(${names.map((a) => a.name).join(', ')})`, () => {
        const args = new Map<string, NumericArgument>(names.map((a) => [a.name, a.rank === 1 ? MEAN : MATRIX]))
        const tensors = new Map(
          [...args].map(([name, value]) => [
            name,
            {
              dims: (value === MEAN ? [3] : [3, 3]).map((n) => ({ size: num(n) })),
              at: (index: readonly Expr[]) => ref('param', name, index),
            },
          ]),
        )
        const moments = d.vectorMoments?.(tensors, indexSupply())
        if (moments === undefined) throw new Error('no moments')
        const env = {
          ref: (_space: string, name: string, index: readonly number[]) =>
            elementOf(args.get(name) ?? Number.NaN, index),
        }
        const at = (i: number): number => evaluate(moments.mean(num(i)), env)
        const cov = (i: number, j: number): number => evaluate(moments.covariance(num(i), num(j)), env)
        const f = numericDensity(d, args)
        const mean = [1, 2, 3].map(at)
        expect(mean).toEqual(MEAN)
        // log f is quadratic: its second differences are those of −½ (x − m)ᵀ P (x − m), and P Σ = 1
        const shifted = (...by: readonly number[]): number =>
          f(mean.map((m, k) => m + by.filter((b) => b === k).length)) - f(mean)
        const precision = (i: number, j: number): number => -(shifted(i, j) - shifted(i) - shifted(j))
        for (let i = 0; i < 3; i++)
          for (let j = 0; j < 3; j++) {
            const product = [0, 1, 2].reduce((s, k) => s + precision(i, k) * cov(k + 1, j + 1), 0)
            expect(product).toBeCloseTo(i === j ? 1 : 0, 10)
          }
      })
})
