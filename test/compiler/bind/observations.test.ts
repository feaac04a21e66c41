import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ref } from '../../../compiler/algebra/build.js'
import { BoundNumbers } from '../../../compiler/bind/sizes.js'
import { compileOrThrow } from '../../../index.js'

const bound = (name: string, data: unknown) =>
  compileOrThrow(readFileSync(new URL(`../../certify/models/${name}.estep`, import.meta.url), 'utf8')).bind(data, {})

test.each(['sum-poisson', 'sum-normal'])('%s: a row that is seen through a sum only is an observation', (name) => {
  expect(bound(name, { y: [3, 4, 5], x: [1, 2, 1] }).model.observations).toBe(3)
})

test('such a model can be fitted', async () => {
  const source = `model Superposition
data  y, x : count[N]
param a, b : positive
for n in 1..N {
  latent u ~ Poisson(a)
  latent v ~ Poisson(b * x[n])
  observe y[n] = u + v
}`
  const fit = await compileOrThrow(source).fit(
    { y: [3, 5, 9, 6], x: [1, 2, 4, 2] },
    { restarts: 1, maxIterations: 200 },
  )
  expect(fit.toJSON().observations).toBe(4)
  // the sum is Poisson(a + b x): at the maximum the fitted means add up to the data
  const { a, b } = fit.params as { readonly a: number; readonly b: number }
  expect(4 * a + 9 * b).toBeCloseTo(23, 6)
})

test('places of sequences are counted where they are observed', () => {
  const source = `model Chains
const S = 2
data c : category?[R][T]
param start : simplex[S]
param step : simplex[S, S]
param b : simplex[S, levels(c)]
for r in 1..R {
  latent z[1] ~ Categorical(start)
  for t in 2..T { latent z[t] ~ Categorical(step[z[t-1]]) }
  for t in 1..T { c[r, t] ~ Categorical(b[z[t]]) }
}`
  const observations = (c: readonly (readonly (string | null)[])[]): number =>
    compileOrThrow(source).bind({ c }, {}).model.observations
  expect(observations([['x', null, 'y'], ['y'], [null, 'x']])).toBe(4)
})

test('of very many sequences the longest is found', () => {
  const { typed } = compileOrThrow(
    'model M\ndata y : real[R][T]\nparam mu : real\nfor r in 1..R { for t in 1..T { y[r, t] ~ Normal(mu, 1) } }',
  )
  const lengths = new Int32Array(200_000).fill(1)
  lengths[777] = 5
  const size = typed.symbols.find((s) => s.kind === 'size' && s.origin === 'length')
  if (size === undefined) throw new Error('there is no length')
  const data = { arrays: new Map(), levels: new Map(), sizes: new Map(), lengths: new Map([[size.name, lengths]]) }
  const numbers = new BoundNumbers(typed.symbols, [], data as never, new Map())
  expect(numbers.value(ref('size', `${size.id}#max`, []))).toBe(5)
})
