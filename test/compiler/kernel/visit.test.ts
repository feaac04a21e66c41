import { expect, test } from 'vitest'
import { k } from '../../../compiler/kernel/index.js'
import type { Axis } from '../../../compiler/kernel/types.js'
import { buffersRead, freeAxes, mapChildren, partsOf } from '../../../compiler/kernel/visit.js'

const row: Axis = { id: 'n', name: 'n', size: 'N' }
const inner: Axis = { id: 't', name: 't', size: 'T', ragged: { sizes: 'lengths', at: k.axis(row) } }

test('a sum binds its axis in its body, not in its extent', () => {
  const sum = k.sum(inner, k.mul(k.load('x', k.axis('t')), k.load('w', k.axis('k'))))
  expect([...freeAxes(sum)]).toEqual(['n', 'k'])
  expect([...freeAxes(k.add(sum, k.axis('t')))]).toEqual(['n', 'k', 't'])
  expect([...buffersRead(sum)]).toEqual(['lengths', 'x', 'w'])
})

test('a shared part is one of the parts once', () => {
  const shared = k.call('exp', k.load('x', k.axis('n')))
  const whole = k.add(k.mul(shared, k.load('w')), k.call('log', shared))
  expect(partsOf(whole).filter((part) => part === shared)).toHaveLength(1)
  expect(partsOf(whole)).toHaveLength(7)
})

test('what does not change stays the same object', () => {
  const ragged = k.sum(inner, k.select(k.axis('n'), k.load('x', k.axis('t')), k.pow(k.load('y'), 3)))
  expect(mapChildren(ragged, (part) => part)).toBe(ragged)
  const renamed = mapChildren(ragged, (part) => (part.k === 'axis' ? k.axis('m') : part))
  expect([...freeAxes(renamed)]).toEqual(['m', 'n'])
})
