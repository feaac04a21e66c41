/** Counts of an observed sum whose rate is latent: refused, and by name. */
import { expect, test } from 'vitest'
import { CompileError, compileOrThrow } from '../../../index.js'

const sums = (declared: string, latent: string) => `model Sums
data y : count[N]
param r : positive
${declared}for n in 1..N {
  ${latent}latent u ~ Poisson(r)
  latent v ~ Poisson(k)
  observe y[n] = u + v
}`

test('in a model', () => {
  expect(() => compileOrThrow(sums('', 'latent k ~ Gamma(2, 1)\n  '))).toThrow(CompileError)
  expect(() => compileOrThrow(sums('', 'latent k ~ Gamma(2, 1)\n  '))).toThrow(/`v`.*observed sum.*`k`/)
})

test('in variational Bayes', async () => {
  const fit = compileOrThrow(sums('param k : positive ~ Gamma(2, 1)\n', '')).fit({ y: [1, 4, 2, 7] }, { mode: 'vb' })
  await expect(fit).rejects.toThrow(/no param can have a variational posterior: `k`: `v` is part of an observed sum/)
})
