import { describe, expect, test } from 'vitest'
import { keyOf } from '../../../compiler/algebra/key.js'
import { eliminationOrder } from '../../../compiler/estep/elimination-order.js'
import { compile } from '../../../index.js'
import { deriveText } from '../../support/derive.js'

describe('the order of elimination', () => {
  const order = (own: readonly string[], scopes: readonly (readonly string[])[]) => eliminationOrder('t', own, scopes)

  test('a chain goes from its ends, never with more than two at a time', () => {
    const { buckets, outgoing } = order(['a', 'b', 'c', 'd'], [['a'], ['a', 'b'], ['b', 'c'], ['c', 'd']])
    expect(Math.max(...buckets.map((b) => b.scope.length))).toBe(2)
    expect(buckets.map((b) => b.eliminate).sort()).toEqual(['a', 'b', 'c', 'd'])
    expect(outgoing).toEqual([])
  })

  test('the leaves of a star before its centre', () => {
    const { buckets } = order(
      ['centre', 'l1', 'l2', 'l3'],
      [
        ['centre', 'l1'],
        ['centre', 'l2'],
        ['centre', 'l3'],
      ],
    )
    expect(Math.max(...buckets.map((b) => b.scope.length))).toBe(2)
    expect(buckets[0]?.eliminate).not.toBe('centre')
  })

  test('the eliminated variable stands first in its bucket', () => {
    const { buckets } = order(['x', 'y'], [['y', 'x']])
    for (const b of buckets) expect(b.scope[0]).toBe(b.eliminate)
  })

  test('messages to the parent read the parent only', () => {
    const { outgoing } = order(['z'], [['z', 'parent'], ['z']])
    expect(outgoing).toEqual([['parent']])
  })

  test('a clique is summed whole', () => {
    const { buckets } = order(['a', 'b', 'c'], [['a', 'b', 'c']])
    expect(buckets.map((b) => b.scope.length)).toEqual([3, 2, 1])
  })
})

describe('counts with an observed sum', () => {
  const grade = deriveText(`model M
data  h, c, d : count
param mu : real in (0, 1/6)
latent a, b : count
[a, b, c, d] ~ Multinomial([1/2, mu, 2*mu, 1/2 - 3*mu])
observe h = a + b`)

  test('share it out by the cells', () => {
    const [group] = grade.eStep.countGroups
    expect(group?.latents).toEqual(['a', 'b'])
    expect(group === undefined ? '' : keyOf(group.total)).toBe('data."h"[]')
    expect(group?.logWeights.map(keyOf)).toEqual(['(log 1/2)', '(log param."mu"[])'])
    expect(grade.eStep.steps.map((s) => s.method)).toEqual(['multinomial-split'])
  })

  test('Poisson counts share a sum as well', () => {
    const d = deriveText(`model M
data total : count
param r, s : positive
latent a, b : count
a ~ Poisson(r)
b ~ Poisson(s)
observe total = a + b`)
    expect(d.eStep.countGroups[0]?.logWeights.map(keyOf)).toEqual(['(log param."r"[])', '(log param."s"[])'])
  })

  test('two sums that share a count are refused or enumerated, never split', () => {
    const { ok, model } = compile(`model M
data s, t : count
param r : positive
latent a, b, c : count
a ~ Poisson(r)
b ~ Poisson(r)
c ~ Poisson(r)
observe s = a + b
observe t = b + c`)
    if (ok) expect(JSON.stringify(model?.plan)).not.toContain('multinomial-split')
  })
})

describe('lifting', () => {
  const selectors = (text: string, statement: number) => {
    const factor = deriveText(text).lifted[statement]
    if (factor === undefined) throw new Error('no factor')
    return factor
  }
  const mixture = `model M
const K = 2
data x : real[N]
param w : simplex[K]
param m : real[K]
for n in 1..N {
  latent z ~ Categorical(w)
  if z == 1 { x[n] ~ Normal(m[z], 1) } else { x[n] ~ Normal(m[z], 2) }
}`

  test('a latent that selects becomes a variable over its values', () => {
    const f = selectors(mixture, 1)
    expect(f.variables.map((v) => v.latent.name)).toEqual(['z'])
    expect(keyOf(f.expr)).not.toContain('latent')
  })

  test('an if on a latent becomes a guard on the value', () => {
    const keys = deriveText(mixture).lifted.map((f) => keyOf(f.expr))
    expect(keys.filter((key) => key.startsWith('(if ('))).toHaveLength(2)
  })

  test('a latent read twice is one variable, two cells are two', () => {
    const d = deriveText(`model M
data x : real[N]
data left, right : category(Node)[N]
param w : simplex[2]
param m : real[2, 2]
param p : real[2]
for i in Node { latent z[i] ~ Categorical(w) }
for n in 1..N { x[n] ~ Normal(m[z[left[n]], z[left[n]]] + p[z[left[n]]], 1) }`)
    expect(d.lifted.map((f) => f.variables.length)).toEqual([1, 1])
  })
})
