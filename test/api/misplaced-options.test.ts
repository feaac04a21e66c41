/** Options that the model or another option leaves nothing to do: refused with what to do, never ignored. */
import { expect, test } from 'vitest'
import { compileOrThrow, select } from '../../index.js'

const mixture = compileOrThrow(`model M
const K = 2
data x : real[N]
param pi : simplex[K]
param mu : real[K]
param s : positive
for n in 1..N {
  latent z ~ Categorical(pi)
  x[n] ~ Normal(mu[z], s)
}`)
const data = { x: [0, 0.4, 1, 5, 5.5, 6.1] }

test('sampling weights of a model without weights', async () => {
  await expect(mixture.fit(data, { weights: 'sampling' })).rejects.toThrow(
    'the rows of the model have no weights: write `for … weight w[n]`',
  )
})

test('a const that is held, and a param that is set', async () => {
  await expect(mixture.fit(data, { fix: { K: 3 } })).rejects.toThrow('`K` is a const')
  await expect(mixture.fit(data, { set: { mu: [1, 2] } })).rejects.toThrow('`mu` is a param: --fix holds it')
})

test('a const that is set, and gone over as well', async () => {
  await expect(select(mixture, data, { over: { K: [1, 2] }, set: { K: 2 }, folds: 0 })).rejects.toThrow(
    '`K` is set to one value, and gone over as well',
  )
})

test('jumps where all params have posteriors', async () => {
  const bayes = compileOrThrow(`model B
data x : real[N]
param mu : real
mu ~ Normal(0, 10)
for n in 1..N { x[n] ~ Normal(mu, 1) }`)
  await expect(bayes.fit(data, { mode: 'vb', accelerate: 'squarem' })).rejects.toThrow('all params have posteriors')
})

test('data that nothing reads are not said to make errors', () => {
  const { diagnostics } = compileOrThrow(`model U
data x : real[N]
data y : real?[N]
param mu : real
for n in 1..N { x[n] ~ Normal(mu, 1) }`)
  expect(diagnostics.map((d) => d.message)).toEqual([
    '`y` is not used: no statement reads it or gives it a distribution',
  ])
})
