import { expect, test } from 'vitest'
import { compileOrThrow } from '../../index.js'

const binomial = compileOrThrow(`model Shares
data n, hits : count[N]
param p : unit
for i in 1..N { hits[i] ~ Binomial(n[i], p) }
`)

const ranges = compileOrThrow(`model Ranges
const K = 2
data x : real[N]
param w : simplex[K]
for i in 1..N {
  latent z ~ Categorical(w)
  if z == 1 { x[i] ~ Uniform(0, 1) } else { x[i] ~ Uniform(0, 2) }
}
`)

test('more hits than trials: the fit fails and names the row', async () => {
  const fit = await binomial.fit({ n: [5, 4, 7], hits: [3, 6, 2] })
  expect(fit.result.stop).toBe('numerical')
  expect(fit.warnings.map((w) => `${w.code} ${w.message}`).join('\n')).toMatch(/^W529 .*probability 0.*: i = 2$/)
})

test('a value outside every component: the fit fails and names the rows', async () => {
  const fit = await ranges.fit({ x: [0.5, 3, 1.5, 4] }, { restarts: 2 })
  expect(fit.warnings.map((w) => w.message).join('\n')).toMatch(/i = 2, 4$/)
})

test('new rows of probability 0 are named by predict', async () => {
  const fit = await ranges.fit({ x: [0.5, 1.5, 0.7] })
  const { warnings } = await fit.predict({ x: [0.5, 3] })
  expect(warnings.map((w) => `${w.code} ${w.message}`)).toEqual([
    'W539 rows of probability 0 at the fitted params have no posterior: i = 2',
  ])
  expect((await fit.predict({ x: [0.5, 1.2] })).warnings).toEqual([])
})
