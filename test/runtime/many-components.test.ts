/** More components than the data can tell apart: a start is found soon, and what is said of them fits on a screen. */
import { expect, test, vi } from 'vitest'
import { ProgramModel } from '../../compiler/bind/bound-model.js'
import { compileOrThrow } from '../../index.js'

const mixture = compileOrThrow(`model Spherical
const K = 2
data x : real[N]
param pi : simplex[K]
param mu : real[K]
param s : positive[K]
for n in 1..N {
  latent z ~ Categorical(pi)
  x[n] ~ Normal(mu[z], s[z])
}`)
const x = Array.from({ length: 90 }, (_, n) => (n % 2) * 5 + Math.sin(n * n))

test('their seeds are found several at once, and one message names them', async () => {
  const measures = vi.spyOn(ProgramModel.prototype, 'eStepFrom')
  try {
    const fit = await mixture.fit({ x }, { set: { K: 100 }, restarts: 1, maxIterations: 2, threads: 1 })
    // one for each of 40 rounds and its candidates
    expect(measures.mock.calls.length).toBeLessThan(41 * 6)
    const said = fit.toJSON().warnings.filter(({ code }) => code === 'W521' || code === 'W522')
    expect(said.length).toBeLessThanOrEqual(2)
    expect(said.map(({ message }) => message).join('\n')).toMatch(
      /components \d+, \d+, \d+ and \d+ others of `z` \(of 100 in all, for 90 rows\) (are nearly empty|have collapsed)/,
    )
  } finally {
    measures.mockRestore()
  }
})

test('a few are named one by one', async () => {
  const start = { pi: [0.5, 0.499, 0.001], mu: [0, 5, 40], s: [1, 1, 1] }
  const fit = await mixture.fit({ x }, { set: { K: 3 }, start, maxIterations: 1, threads: 1 })
  const said = fit.toJSON().warnings.filter(({ code }) => code === 'W522')
  expect(said.map(({ message }) => message)).toEqual([
    expect.stringMatching(
      /^component 3 of `z` is nearly empty: it expects \S+ rows \(below 2.5\); use fewer components/,
    ),
  ])
})
