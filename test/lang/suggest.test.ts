import fc from 'fast-check'
import { expect, test } from 'vitest'
import { editDistance, suggest } from '../../lang/suggest.js'

test('edits are counted, a swap of neighbours as one', () => {
  expect(editDistance('sigma', 'sigma')).toBe(0)
  expect(editDistance('simga', 'sigma')).toBe(1)
  expect(editDistance('', 'abc')).toBe(3)
  expect(editDistance('kitten', 'sitting')).toBe(3)
})

test('the distance is symmetric and at most the longer length', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 }), (a, b) => {
      expect(editDistance(a, b)).toBe(editDistance(b, a))
      expect(editDistance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length))
    }),
  )
})

test('the nearest name, if it is near', () => {
  const names = ['Normal', 'LogNormal', 'MvNormal', 'Gamma', 'mu', 'sigma']
  expect(suggest('Nomral', names)).toBe('Normal')
  expect(suggest('normal', names)).toBe('Normal')
  expect(suggest('sigam', names)).toBe('sigma')
  expect(suggest('nu', names)).toBe('mu')
  expect(suggest('zz', names)).toBeUndefined()
  expect(suggest('Exponential', names)).toBeUndefined()
  expect(suggest('mu', ['mu'])).toBeUndefined()
})
