/** What a document of hard mode says of labels, of latents that stay soft, and of its end. */
import { expect, it } from 'vitest'
import { derivationDocument } from '../../../compiler/derivation/index.js'
import type { Derivation } from '../../../compiler/derive.js'
import { deriveExample, deriveModel, deriveText } from '../../support/derive.js'

const page = (d: Derivation): string => derivationDocument(d).toText().replaceAll(/\s+/g, ' ')
const hard = { product: 'max' } as const

const joined = `model TwoLatents
const K = 2
const L = 3
data x : real[N]
param pi : simplex[K]
param rho : simplex[K, L]
param mu : real[K]
param nu : real[L]
param sigma : positive
for n in 1..N {
  latent a ~ Categorical(pi)
  latent b ~ Categorical(rho[a])
  x[n] ~ Normal(mu[a] + nu[b], sigma)
}
`

it('integrates continuous latents out, and says so', () => {
  const text = page(deriveExample('factor-analysers/analysers', hard))
  expect(text).toContain('The continuous ones are integrated out, as in EM')
  expect(text).toContain('max over θ and z of ℓ(z, θ) ℓ(z, θ) = log p(x, z | θ)')
  expect(text).toContain('ℓ(z_t, θ_t) ≤ ℓ(z_t, θ_{t+1}) ≤ ℓ(z_{t+1}, θ_{t+1})')
  expect(text).toContain('until the log-likelihood of data and labels stops rising')
  expect(text).toContain('the parameters are a stationary point')
  expect(text).not.toMatch(
    /distribution over the latents that has all|finitely many|complete-data log-likelihood never/,
  )
})

it('ends after finitely many steps where the M-step is exact', () => {
  const text = page(deriveExample('old-faithful/spherical', hard))
  expect(text).toContain('it stops rising after finitely many steps')
  expect(text).toContain('with these labels no other parameters are')
  expect(text).not.toMatch(/saddle|at a maximum/)
  // maximised in turn
  const inTurn = joined.replace('for n', 'mu[1] ~ Normal(0, 10)\nfor n')
  expect(page(deriveText(inTurn, hard))).not.toContain('finitely many')
})

it('prints labels as indicators', () => {
  const text = page(deriveText(joined, hard))
  expect(text).toContain('∑_n [a_n = k, b_n = l]')
  expect(text).toContain('N_ak = ∑_n [a_n = k] is the number')
  const chain = page(deriveModel('conformance/models/A29-geyser-gausshmm-k2', hard))
  expect(chain).toContain('[z_{t−1} = s, z_t = l]')
  for (const p of [text, chain]) expect(p).not.toContain('| data)')
})
