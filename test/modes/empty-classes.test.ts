/** Classes that no row is in: a density of 0 there, times no row, is nothing. */
import { expect, test } from 'vitest'
import { compileOrThrow } from '../../index.js'

const source = `model Switches
data  a, b : bool[N]
param p : unit
param r : unit[2]
param j : unit[2]
for n in 1..N {
  latent z ~ Bernoulli(p)
  latent w ~ Bernoulli(r[z + 1])
  a[n] ~ Bernoulli(0.1 + 0.8 * z)
  b[n] ~ Bernoulli(j[w + 1])
}`
const data = {
  a: Array.from({ length: 60 }, (_, i) => i % 3 === 0),
  b: Array.from({ length: 60 }, (_, i) => i % 5 === 0),
}

test.each(['wasm', 'js', 'interpret'] as const)('classification EM by %s', async (backend) => {
  const fit = await compileOrThrow(source).fit(data, {
    mode: 'cem',
    backend,
    start: { p: 0.4, r: [0.1, 0.2], j: [0.1, 0.3] },
  })
  expect(fit.params).toMatchObject({ r: [0, 0] })
  const [a, b] = [20 / 60, 12 / 60]
  const entropy = (q: number): number => q * Math.log(q) + (1 - q) * Math.log(1 - q)
  // z is a, w is nowhere 1
  expect(fit.objective).toBeCloseTo(60 * (entropy(a) + Math.log(0.9) + entropy(b)), 9)
})
