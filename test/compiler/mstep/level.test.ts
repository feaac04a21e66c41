/** One-dimensional M-steps whose Q rises for ever towards an infinite end, and comes to a finite height there. */
import { expect, test } from 'vitest'
import { compileOrThrow } from '../../../index.js'

const binomial = (y: number, n: number): number => {
  const p = y / n
  return (y === 0 ? 0 : y * Math.log(p)) + (y === n ? 0 : (n - y) * Math.log(1 - p))
}

test('outcomes that are all alike: the likelihood is that of certainty, and it is said', async () => {
  for (const outcome of [true, false]) {
    const fit = await compileOrThrow(`model Alike
data y : bool[N]
param b : real
for i in 1..N { y[i] ~ Bernoulli(logit = b) }`).fit({ y: [outcome, outcome, outcome] })
    expect(fit.logLikelihood).toBeCloseTo(0, 11)
    expect(Math.sign(Number(fit.params.b))).toBe(outcome ? 1 : -1)
    expect(fit.warnings.map((w) => w.code)).toEqual(['W535'])
  }
})

test('groups of which one is certain leave the others where they are', async () => {
  const fit = await compileOrThrow(`model Groups
data g : category[N]
data y : count[N]
param b : real[levels(g)]
for i in 1..N { y[i] ~ Binomial(10, logit = b[g[i]]) }`).fit({ g: ['a', 'b', 'a', 'b'], y: [0, 1, 0, 3] })
  expect(fit.logLikelihood).toBeCloseTo(binomial(4, 20) + Math.log(10) + Math.log(120), 11)
  expect(fit.warnings.map((w) => w.code)).toEqual(['W535'])
})

test.each(['em', 'hard', 'cem'] as const)('classes of which one is certain, in mode %s', async (mode) => {
  const fit = await compileOrThrow(`model Classes
data g : category[N]
data y, n : count[N]
param w : simplex[2]
param b : real[2]
for c in levels(g) { latent z ~ Categorical(w) }
for i in 1..N { y[i] ~ Binomial(n[i], logit = b[z[g[i]]]) }`).fit(
    {
      g: Array.from({ length: 24 }, (_, i) => `g${i % 8}`),
      y: Array.from({ length: 24 }, (_, i) => (i % 8 < 4 ? 0 : 5)),
      n: Array.from({ length: 24 }, () => 10),
    },
    { mode, restarts: 2 },
  )
  expect(fit.objective).toBeCloseTo(8 * Math.log(0.5) + 12 * (Math.log(252) + binomial(5, 10)), 4)
})
