import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileOrThrow } from '../../../api/compile.js'
import { bindData } from '../../../runtime/data/bind.js'
import { tableFromObject } from '../../../runtime/data/table-from-object.js'
import { declare } from '../../support/declare.js'

/** Everything that binding says of data given in one way. */
function bound(model: string, data: unknown) {
  const read = tableFromObject(data)
  if (read.value === undefined) return { problems: read.problems }
  const { value, problems } = bindData(declare(model), [read.value])
  return { value, problems }
}

const models = [
  'data x : real[N, D]',
  'data x : real?[N, D]',
  'data x : positive[N, D]',
  'data x : unit[N, D]',
  'data x : count[N, D]',
  'data x : count?[N, D]',
  'data x : int[N, D]',
  'data x : bool[N, D]',
  'data x : category[N, D]',
  'data x : category?[N, D]',
  'data x : simplex[N, D]',
]

const cell = fc.oneof(
  { weight: 12, arbitrary: fc.integer({ min: 0, max: 3 }) },
  { weight: 3, arbitrary: fc.constantFrom(0.25, 1.5, -0, 1024, 5000, 2 ** 53, -1) },
  { weight: 1, arbitrary: fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY) },
)

describe('a matrix given whole', () => {
  it.each(models)('binds as the same numbers in nested arrays do: %s', (model) => {
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 6 }), (rows) => {
        const whole = { values: Float64Array.from(rows.flat()), shape: [rows.length, 2] }
        expect(bound(model, { x: whole })).toEqual(bound(model, { x: rows }))
      }),
      { numRuns: 200 },
    )
  })

  it('may be of 32-bit numbers', () => {
    const whole = { values: Int32Array.of(3, 1, 3, 2), shape: [2, 2] }
    const { value } = bound('data y : category[N, D]', { y: whole })
    expect([...(value?.arrays.get('y')?.values ?? [])]).toEqual([0, 0, 0, 1])
    const floats = bound('data x : real[N]', { x: Float32Array.of(0.5, 2) })
    expect([...(floats.value?.arrays.get('x')?.values ?? [])]).toEqual([0.5, 2])
  })

  it.each(['js', 'wasm', 'interpret'] as const)(
    'is copied before a model is bound to it, with backend %s',
    (backend) => {
      const values = Float64Array.of(1, 2, 4)
      const model = compileOrThrow(
        'model Plain\ndata x : real[N]\nparam m : real\nparam s : positive\nfor n in 1..N {\n  x[n] ~ Normal(m, s)\n}\n',
      )
      const { data } = model.bind({ x: { values, shape: [3] } }, { backend })
      values[0] = 7
      expect([...(data.arrays.get('x')?.values ?? [])]).toEqual([1, 2, 4])
    },
  )

  it.each([
    [{ values: Float64Array.of(1, 2, 3), shape: [2, 2] }, 'has 3 values, but the shape 2 × 2'],
    [{ values: [1, 2], shape: [2] }, 'has `values` that are no typed array'],
    [{ values: Float64Array.of(1), shape: [0.5] }, 'has a `shape` that is no list of sizes'],
  ])('is refused where values and shape do not agree', (x, why) => {
    expect(bound('data x : real[N, D]', { x }).problems[0]?.message).toBe(`\`x\` of data ${why}`)
  })
})
