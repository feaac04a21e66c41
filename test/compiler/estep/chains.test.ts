import { describe, expect, test } from 'vitest'
import type { ChainBlock, LatentTable } from '../../../compiler/estep/types.js'
import { compile } from '../../../index.js'
import { deriveText } from '../../support/derive.js'

const tables = (text: string): readonly LatentTable[] => deriveText(text).eStep.tables
const blocks = (text: string): readonly ChainBlock[] => tables(text).flatMap((t) => t.chain?.blocks ?? [])

const head = `model M
const S = 2
data y : count[T]
param start : simplex[S]
param step  : simplex[S, S]
param rate  : positive[S]
`
const hidden = `${head}latent z[1] ~ Categorical(start)
for t in 2..T { latent z[t] ~ Categorical(step[z[t-1]]) }
for t in 1..T { y[t] ~ Poisson(rate[z[t]]) }`

describe('a chain is found', () => {
  test('from a latent that reads the place before', () => {
    const [table] = tables(hidden)
    expect(table?.loops).toHaveLength(1)
    expect(table?.chain?.sequences).toEqual([])
    expect(table?.buckets).toEqual([])
    expect(blocks(hidden)).toEqual([
      {
        id: expect.any(String),
        states: [{ latent: 'z', order: 1 }],
        window: ['z'],
        leaving: ['z@1'],
        parents: [],
      },
    ])
    expect(deriveText(hidden).eStep.steps.map((s) => s.method)).toEqual(['forward-backward'])
  })

  test.each([
    ['ahead', 'latent z[1] ~ Categorical(start)\nfor t in 1..T-1 { latent z[t+1] ~ Categorical(step[z[t]]) }'],
    ['from the end', 'latent z[T] ~ Categorical(start)\nfor t in 1..T-1 { latent z[t] ~ Categorical(step[z[t+1]]) }'],
    [
      'with the pieces the other way round',
      'for t in 2..T { latent z[t] ~ Categorical(step[z[t-1]]) }\nlatent z[1] ~ Categorical(start)',
    ],
  ])('%s', (_, latents) => {
    const text = `${head}${latents}\nfor t in 1..T { y[t] ~ Poisson(rate[z[t]]) }`
    expect(blocks(text).map((b) => [b.window, b.leaving])).toEqual([[['z'], ['z@1']]])
    expect(tables(text)).toHaveLength(1)
  })

  test('its order is the farthest place that is read', () => {
    const text = `model M
const S = 2
data y : count[T]
param start : simplex[S]
param second : simplex[S, S]
param step  : simplex[S, S, S]
param rate  : positive[S]
latent z[1] ~ Categorical(start)
latent z[2] ~ Categorical(second[z[1]])
for t in 3..T { latent z[t] ~ Categorical(step[z[t-1], z[t-2]]) }
for t in 1..T { y[t] ~ Poisson(rate[z[t]]) }`
    expect(blocks(text).map((b) => [b.window, b.leaving])).toEqual([[['z', 'z@1'], ['z@2']]])
  })

  test('one for each sequence, whatever their lengths', () => {
    const text = `model M
const S = 2
data y : count[R][T]
param start : simplex[S]
param step  : simplex[S, S]
param rate  : positive[S]
for r in 1..R {
  latent z[1] ~ Categorical(start)
  for t in 2..T { latent z[t] ~ Categorical(step[z[t-1]]) }
  for t in 1..T { y[r, t] ~ Poisson(rate[z[t]]) }
}`
    const [table] = tables(text)
    expect(table?.chain?.position).toBe(1)
    expect(table?.chain?.sequences.map((l) => l.index.name)).toEqual(['r'])
    const { model } = compileModel(text).bind({ y: [[1, 2, 3], [4], [5, 6]] }, {})
    const [latent] = model.latents
    expect(latent?.rows).toBe(6)
    expect(latent?.lengths).toEqual([3, 1, 2])
    expect([...(latent?.beginnings ?? [])]).toEqual([0, 3, 4])
    expect(model.unitLogLikelihood(model.interior(() => 0.5))).toHaveLength(3)
    expect(model.observations).toBe(6)
  })

  test('a latent of the whole sequence is carried along', () => {
    const text = `model M
const S = 2
const K = 3
data y : count[R][T]
param w     : simplex[K]
param start : simplex[S]
param step  : simplex[K, S, S]
param rate  : positive[S]
for r in 1..R {
  latent class ~ Categorical(w)
  latent z[1] ~ Categorical(start)
  for t in 2..T { latent z[t] ~ Categorical(step[class, z[t-1]]) }
  for t in 1..T { y[r, t] ~ Poisson(rate[z[t]]) }
}`
    expect(blocks(text).map((b) => b.parents)).toEqual([['class']])
    expect(tables(text).map((t) => t.latents.map((l) => l.name))).toEqual([['z'], ['class']])
  })

  test('latents that a place has for itself go first', () => {
    const text = `model M
const S = 2
data y : count[T]
param start : simplex[S]
param step  : simplex[S, S]
param part  : simplex[S, 2]
param rate  : positive[S, 2]
latent z[1] ~ Categorical(start)
for t in 2..T { latent z[t] ~ Categorical(step[z[t-1]]) }
for t in 1..T {
  latent w ~ Categorical(part[z[t]])
  y[t] ~ Poisson(rate[z[t], w])
}`
    const [table] = tables(text)
    expect(table?.buckets.map((b) => b.scope)).toEqual([['w', 'z']])
    expect(table?.chain?.blocks.map((b) => b.window)).toEqual([['z']])
  })

  const two = (emission: string): string => `model M
const S = 2
data y, x : count[T]
param start : simplex[S]
param step  : simplex[S, S]
param rate, other : positive[S]
param both : positive[S, S]
latent u[1] ~ Categorical(start)
latent v[1] ~ Categorical(start)
for t in 2..T {
  latent u[t] ~ Categorical(step[u[t-1]])
  latent v[t] ~ Categorical(step[v[t-1]])
}
for t in 1..T { ${emission} }`

  test('two chains that nothing joins stay apart', () => {
    const apart = blocks(two('y[t] ~ Poisson(rate[u[t]])\nx[t] ~ Poisson(other[v[t]] + 0 * both[1, 1])'))
    expect(apart.map((b) => b.window)).toEqual([['u'], ['v']])
  })

  test('two chains that a statement joins have the product of their values', () => {
    const joined = blocks(two('y[t] ~ Poisson(both[u[t], v[t]])\nx[t] ~ Poisson(other[v[t]] + rate[1])'))
    expect(joined.map((b) => b.window)).toEqual([['u', 'v']])
  })
})

function compileModel(text: string) {
  const { model } = compile(text)
  if (model === undefined) throw new Error('does not compile')
  return model
}

describe('refused with what is coupled, and what it would cost', () => {
  const refusal = (text: string): readonly (readonly [string, string])[] =>
    compile(text).diagnostics.map((d) => [d.code, d.message])

  test('a grid', () => {
    expect(
      refusal(`model M
const K = 2
data x : real[M, N]
param start : simplex[K]
param step : simplex[K, K, K]
for i in 1..M { latent z[i, 1] ~ Categorical(start) }
for j in 2..N { latent z[1, j] ~ Categorical(start) }
for i in 2..M { for j in 2..N { latent z[i, j] ~ Categorical(step[z[i-1, j], z[i, j-1]]) } }
for i in 1..M { for j in 1..N { x[i, j] ~ Normal(z[i, j], 1) } }`),
    ).toEqual([
      [
        'E405',
        '`z` at one place depends on `z` at others along two loops, so all of its places are coupled: an exact E-step would carry K^min(M, N) = 2^min(M, N) joint values',
      ],
    ])
  })

  test('places that data picks', () => {
    expect(
      refusal(`model M
const K = 3
data left, right : category(Node)[N]
data x : real[N]
param w : simplex[K]
param m : real[K, K]
for i in Node { latent z[i] ~ Categorical(w) }
for n in 1..N { x[n] ~ Normal(m[z[left[n]], z[right[n]]], 1) }`),
    ).toEqual([
      [
        'E405',
        'this statement reads `z` at places that are not a fixed number of steps apart, so any of its places may depend on any other: an exact E-step would carry up to K^Node = 3^Node joint values',
      ],
    ])
  })

  test('weights on single places', () => {
    const [found] = refusal(hidden.replace('for t in 2..T {', 'for t in 2..T weight y[t] {'))
    expect(found?.[0]).toBe('E405')
    expect(found?.[1]).toContain('its places cannot be weighted')
  })
})

test('pieces over different numbers of values are told when data is bound', () => {
  const model = compileModel(`model M
const S = 3
data y : real[T]
param step : simplex[S, S]
param m : real[S]
latent z[1] ~ Categorical([1, 0])
for t in 2..T { latent z[t] ~ Categorical(step[z[t-1]]) }
for t in 1..T { y[t] ~ Normal(m[z[t]], 1) }`)
  expect(() => model.bind({ y: [1, 2, 3] }, {})).toThrow('`z` has 2 values in one statement and 3 in another')
})

test('observed time points are counted, missing ones are not', () => {
  const text = hidden.replace('count[T]', 'count?[T]')
  const { model } = compileModel(text).bind({ y: [1, null, 3, 4, null] }, {})
  expect(model.observations).toBe(3)
})
