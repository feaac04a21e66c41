import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
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
