/** Names in documents: constants, sizes in brackets, letters that mean two things, counts by Bayes' rule. */
import { expect, test } from 'vitest'
import { derivationDocument } from '../../../compiler/derivation/index.js'
import { deriveExample, deriveText } from '../../support/derive.js'

const example = (name: string): string => derivationDocument(deriveExample(name)).toText().replaceAll(/\s+/g, ' ')

test('constants stand in the notation, and sizes that are sums in brackets', () => {
  const text = example('map-mixture/galaxies')
  for (const line of ['• K: constant, 4', '• κ: constant, 0.01']) expect(text).toContain(line)
  expect(example('blood-groups/abo-people')).toContain('• phenotype: constant, as the model gives it')
  expect(example('patents/experts')).toContain('• gate: parameter, real, (K − 1) × 2')
})

test('of a param pi and the number π it is said which is which', () => {
  expect(example('old-faithful/full')).toContain('Without an index π is the number 3.14159…')
  expect(example('survey/categories')).not.toContain('3.14159')
  const text = `model M
data  x : real[N]
param pi : unit
param a, b : real
for n in 1..N {
  latent z ~ Bernoulli(pi)
  x[n] ~ Normal(a + b * z, 1)
}
`
  expect(derivationDocument(deriveText(text)).toText()).toContain('In log(2 π) the letter π is the number 3.14159…')
})

test('counts of a sum have the normaliser of their posterior', () => {
  const text = example('grades/hidden')
  expect(text).toContain('(½)^a μ^b / (a! b!) divided by the normaliser')
  expect(text).toContain('it is (μ + ½)^h / h!.')
  expect(example('grades-second/hidden')).toContain('(1 − θ)^(total − c) / (total − c)!')
})

test('the likelihood of one number is hard for another reason than that of several', () => {
  expect(example('grades/hidden')).toContain('an equation that seldom has a solution in closed form')
  expect(example('old-faithful/full')).toContain('every parameter depends on every other')
})

test('of letters of the theory that the model has it is said which is which, and counts have another letter', () => {
  const page = (sd: string): string =>
    derivationDocument(
      deriveText(`model M
data x : real[N]
const K = 2
param q : simplex[K]
param H : real[K]
param ${sd} : positive
for n in 1..N {
  latent E ~ Categorical(q)
  x[n] ~ Normal(H[E], ${sd})
}
`),
    )
      .toText()
      .replaceAll(/\s+/g, ' ')
  const text = page('N_k')
  for (const written of ['q(z)', 'H(q)', 'E_q[·]'])
    expect(text).toContain(`With brackets, as in ${written}, the letter`)
  expect(text).toContain('log N_k')
  expect(text).toContain('q_k = M_k / N')
  expect(page('s')).toContain('q_k = N_k / N')
  expect(example('old-faithful/full')).not.toContain('With brackets')
})
