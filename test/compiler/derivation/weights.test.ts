/** What a document says of rows with weights: the likelihood, the bound and the E-step have them. */
import { expect, it } from 'vitest'
import { derivationDocument } from '../../../compiler/derivation/index.js'
import type { DeriveOptions } from '../../../compiler/derive.js'
import { deriveModel, deriveText } from '../../support/derive.js'

const words = (text: string, options: DeriveOptions = {}): string =>
  derivationDocument(deriveText(text, options)).toText().replaceAll(/\s+/g, ' ')

const weighted = `model Weighted
const K = 2
data x : count[N]
data w : positive[N]
param pi : simplex[K]
param lambda : positive[K]
for n in 1..N weight w[n] {
  latent z ~ Categorical(pi)
  x[n] ~ Poisson(lambda[z])
}
`
const cells = `model Cells
const K = 2
data y : count[N, D]
data w : positive[N, D]
param p : simplex[K]
param lambda : positive[K, D]
for n in 1..N {
  latent z ~ Categorical(p)
  for d in 1..D weight w[n, d] { y[n, d] ~ Poisson(lambda[z, d]) }
}
`
const chained = `model Chained
const K = 2
data y : count[T, D]
data w : positive[T, D]
param p : simplex[K]
param step : simplex[K, K]
param lambda : positive[K, D]
latent z[1] ~ Categorical(p)
for t in 2..T { latent z[t] ~ Categorical(step[z[t-1]]) }
for t in 1..T { for d in 1..D weight w[t, d] { y[t, d] ~ Poisson(lambda[z[t], d]) } }
`
const nested = `model Nested
const K = 2
data y : count[G, J]
data w : positive[G, J]
param p : simplex[K]
param q : simplex[K, K]
param lambda : positive[K]
for g in 1..G {
  latent c ~ Categorical(p)
  latent z ~ Categorical(q[c])
  for j in 1..J weight w[g, j] { y[g, j] ~ Poisson(lambda[z]) }
}
`

it('adds up the rows, each with its weight', () => {
  const page = words(weighted)
  for (const line of [
    'ℓ(θ) = ∑_n w_n log p(x_n | θ) = ∑_n w_n log ∑_{z_n} p(x_n, z_n | θ)',
    'ℓ(θ) = ∑_n w_n log ∑_k π_k p(x_n | z_n = k)',
    '≥ ∑_n w_n ∑_{z_n} q(z_n) log (p(x_n, z_n | θ) / q(z_n)) = ELBO(q, θ)',
    'ELBO(q, θ) = ∑_n w_n (log p(x_n | θ) − KL(q(z_n) ‖ p(z_n | x_n, θ)))',
    'the entropy H(q), in which each row counts by its weight, does not depend',
  ])
    expect(page).toContain(line)
  expect(page).not.toContain('log p(x | θ)')
  expect(words(weighted, { product: 'max' })).toContain('max over θ and z of ℓ_c(z, θ)')
  const integral = words(
    weighted.replace('latent z ~ Categorical(pi)', 'latent z ~ Gamma(2, 1)').replace('[z]', '[1] * z'),
  )
  expect(integral).toContain('= ∑_n w_n log ∫ p(x_n, z_n | θ) dz_n')
})

it('raises what a weight counts within a row to its power', () => {
  const page = words(cells)
  expect(page).toContain('ℓ(θ) = ∑_n log ∑_k p_k ∏_d p(y_nd | z_n = k)^w_nd')
  expect(page).toContain('log ρ_nk = log p_k + ∑_d w_nd (y_nd log λ_kd − λ_kd − log Γ(y_nd + 1))')
  expect(page).toContain('x and z are those of all copies')
  expect(words(chained)).toContain('∑_d w_td (y_td log λ_kd')
  expect(words(nested)).toContain('∑_j w_gj (y_gj log λ')
})

it('adds up weighted sequences', () => {
  const page = derivationDocument(deriveModel('certify/models/chain-weighted')).toText().replaceAll(/\s+/g, ' ')
  expect(page).toContain('ℓ(θ) = ∑_i w_i log p(x_i | θ)')
  expect(page).toContain('and sequences add up, each times its weight')
})

it('names the statements that the likelihood, the bound, the sums and the rise are made of', () => {
  const whole = derivationDocument(deriveText(weighted)).lines
  const from = (step: string): readonly number[] => whole.filter((l) => l.step === step).map((l) => l.sources.length)
  expect(from('marginal')).toEqual([2, 2])
  expect(from('bound')).toEqual([2, 2, 2, 2])
  expect(from('algorithm')).toEqual([2])
  const sums = whole.filter((l) => l.step === 'q' && !/^[Q+]/.test(l.text))
  // N_k has the latent, ∑_n w_n r_nk x_n the data as well
  expect(sums.map((l) => l.sources.length)).toEqual([1, 2])
  for (const options of [{}, { product: 'max' }] as const)
    for (const line of derivationDocument(deriveModel('certify/models/weighted-precisions', {})).lines.concat(
      derivationDocument(deriveText(cells, options)).lines,
    ))
      if (line.text !== '+ const') expect(line.sources.length, `${line.step}: ${line.text}`).toBeGreaterThan(0)
})
