/** Components bear the same numbers in posteriors and in params. */
import { expect, test } from 'vitest'
import { compileOrThrow } from '../../index.js'

const crossed = `model Crossed
const C = 2
const S = 2
data y : real[R][T]
param pi : simplex[C]
param start : simplex[S]
param step : simplex[S, S]
param mu : real[C, S]
param sigma : positive
for r in 1..R {
  latent g ~ Categorical(pi)
  latent z[1] ~ Categorical(start)
  for t in 2..T { latent z[t] ~ Categorical(step[z[t-1]]) }
  for t in 1..T { y[r, t] ~ Normal(mu[g, z[t]], sigma) }
}`

/** A quarter of the sequences has means 0 and 9, the others 4 and 3. */
const sequences = Array.from({ length: 24 }, (_, r) =>
  Array.from({ length: 12 }, (_, t) => {
    const isSecond = (t + (r % 3)) % 5 < 2
    const mean = r % 4 === 0 ? (isSecond ? 9 : 0) : isSecond ? 3 : 4
    return mean + 0.5 * Math.sin(37 * r + 11 * t)
  }),
)

test.each([1, 2, 6])('where a param runs over two latents (seed %s)', async (seed) => {
  const fit = await compileOrThrow(crossed).fit({ y: sequences }, { seed, restarts: 5 })
  const { probabilities, rows } = fit.posterior('g')
  const first = Array.from({ length: rows }, (_, r) => probabilities?.[2 * r] ?? 0).reduce((a, b) => a + b, 0) / rows
  expect(fit.params.pi).toEqual([expect.closeTo(first, 6), expect.closeTo(1 - first, 6)])
  expect(first).toBeCloseTo(0.25, 6)
  const { latents } = await fit.predict({ y: sequences })
  expect(latents.find((l) => l.name === 'g')?.probabilities).toEqual(probabilities)
})
