import { describe, expect, it } from 'vitest'
import type { BoundModel, ParamLayout } from '../../runtime/contract.js'
import { nestParam } from '../../runtime/nest.js'
import { applyStartValues, startValuesFromJson } from '../../runtime/start-values.js'
import { layout, normalModel } from './fake-models.js'

function modelOf(...params: ParamLayout[]): BoundModel {
  return { ...normalModel([1, 2]), params, length: params.reduce((sum, param) => sum + param.length, 0) }
}

/** The params, or the first problem. */
function apply(param: ParamLayout, value: unknown): number[] | string {
  const model = modelOf(param)
  const { params, problems } = applyStartValues(model, new Map([[param.name, value]]), new Float64Array(model.length))
  return problems[0]?.message ?? [...params]
}

const support = (kind: 'positive' | 'simplex' | 'covariance' | 'correlation' | 'ordered' | 'unit' | 'nonnegative') => ({
  support: { kind },
})

describe('start values', () => {
  it('nest as declared, ragged rows at their length', () => {
    const ragged = layout('theta', 0, [2, 3], { used: [2, 3], ...support('simplex') })
    expect(
      apply(ragged, [
        [0.5, 0.5],
        [0.2, 0.3, 0.5],
      ]),
    ).toEqual([0.5, 0.5, 0, 0.2, 0.3, 0.5])
    expect(
      apply(ragged, [
        [0.5, 0.5, 0],
        [0.2, 0.3, 0.5],
      ]),
    ).toBe('the start value of `theta[1]` has 3 elements, and 2 are needed')
    expect(nestParam(ragged, Float64Array.of(0.5, 0.5, 0, 0.2, 0.3, 0.5))).toEqual([
      [0.5, 0.5],
      [0.2, 0.3, 0.5],
    ])
  })

  it('must have the shape', () => {
    expect(apply(layout('mu', 0, []), [1])).toBe('the start value of `mu` is an array, and a number is needed')
    expect(apply(layout('mu', 0, [2]), 1)).toBe('the start value of `mu` is the number 1, and an array of 2 is needed')
    expect(apply(layout('mu', 0, [2]), [1, 'x'])).toBe(
      'the start value of `mu[2]` is the text "x", and a number is needed',
    )
    expect(apply(layout('mu', 0, [2]), [1, null])).toBe('the start value of `mu[2]` is missing')
    expect(apply(layout('mu', 0, [2]), { 0: 1 })).toContain('is an object')
  })

  it('must lie in the support', () => {
    expect(apply(layout('s', 0, [2], support('positive')), [1, 0])).toBe(
      'the start value of `s[2]` is 0, and must be above 0',
    )
    expect(apply(layout('s', 0, [], support('nonnegative')), 0)).toEqual([0])
    expect(apply(layout('s', 0, [], support('unit')), 1.5)).toContain('between 0 and 1')
    expect(apply(layout('s', 0, []), '-Infinity')).toContain('must be finite')
    expect(apply(layout('s', 0, [3], support('ordered')), [1, 3, 2])).toContain('ascending')
    const interval = layout('mu', 0, [], { support: { kind: 'interval', low: 0, high: 1 / 6 } })
    expect(apply(interval, 0)).toEqual([0])
    expect(apply(interval, 0.2)).toContain('must lie between 0 and')
  })

  it('rescales probabilities that are off by rounding, and refuses the rest', () => {
    const pi = layout('pi', 0, [3], support('simplex'))
    expect(apply(pi, [0.333333, 0.333333, 0.333333])).toContain('sums to 0.999999')
    const rescaled = apply(pi, [0.3333333, 0.3333333, 0.3333333])
    expect(Array.isArray(rescaled) && rescaled.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 15)
    expect(apply(pi, [0.333333333, 0.333333333, 0.333333334])).toEqual([0.333333333, 0.333333333, 0.333333334])
    expect(apply(pi, [1.2, -0.2, 0])).toContain('none may be below 0')
  })

  it('checks matrices', () => {
    const sigma = layout('Sigma', 0, [1, 2, 2], support('covariance'))
    expect(
      apply(sigma, [
        [
          [2, 1],
          [1, 2],
        ],
      ]),
    ).toEqual([2, 1, 1, 2])
    expect(
      apply(sigma, [
        [
          [1, 2],
          [2, 1],
        ],
      ]),
    ).toBe('the start value of `Sigma[1]` is not positive definite')
    expect(
      apply(sigma, [
        [
          [2, 1],
          [0, 2],
        ],
      ]),
    ).toBe('the start value of `Sigma[1]` is not symmetric')
    expect(
      apply(layout('R', 0, [2, 2], support('correlation')), [
        [2, 1],
        [1, 2],
      ]),
    ).toContain('on the diagonal')
  })

  it('takes any name, and a whole fit file', () => {
    const model = modelOf(layout('__proto__', 0, []), layout('constructor', 1, []))
    const values = startValuesFromJson(JSON.parse('{"__proto__": 3, "constructor": 4}'))
    expect([...applyStartValues(model, values ?? new Map(), new Float64Array(2)).params]).toEqual([3, 4])
    expect(startValuesFromJson({ format: 1, model: 'M', params: { mu: 1 } })).toEqual(new Map([['mu', 1]]))
    expect(startValuesFromJson([1])).toBeUndefined()
  })
})
