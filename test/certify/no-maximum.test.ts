/**
 * Data on which Q has no maximum, as few rows of a group or of a component may be: its slope is nowhere 0, which says
 * nothing of the derivation. A certificate tells such data apart from an M-step that is wrong, and draws others.
 */
import { describe, expect, it } from 'vitest'
import { certifyText, complaints } from './certified.js'

const models = [
  {
    what: 'shape and rate of equal data grow together',
    // seeds whose first data leave one level with one row
    seeds: [4, 13, 20],
    text: `model Durations
data  copies : count[N]
data  kind : category[N]
data  y : positive[N]
param shape, rate : positive[levels(kind)]
for n in 1..N weight copies[n] {
  y[n] ~ Gamma(shape[kind[n]], rate[kind[n]])
}
`,
  },
  {
    what: 'a precision grows along what no residual has',
    // three rows with weights in three dimensions
    seeds: [48],
    text: `model SharedPrecision
const K = 3
data  copies : count[N]
data  y : real[N, D]
param p : simplex[K]
param mu : real[K, D]
param Omega : covariance[D]
for n in 1..N weight copies[n] {
  latent z ~ Categorical(p)
  y[n] ~ MvNormal(mu[z], precision=Omega)
}
`,
  },
]

describe('data without a maximum', () => {
  for (const { what, seeds, text } of models)
    it.each(seeds)(`${what}, seed %i`, (seed) => {
      const outcome = certifyText(text, { seed, replicates: 1 })
      if (outcome.kind !== 'certificate') throw new Error(outcome.text)
      expect(complaints(outcome.certificate)).toEqual([])
      expect(outcome.certificate.passed).toBe(true)
    })
})
