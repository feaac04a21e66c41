/** Steps that wait for each other are repeated; what comes before or after them is solved once. */
import { describe, expect, it } from 'vitest'
import { compileOrThrow } from '../../../index.js'
import { deriveText } from '../../support/derive.js'

// mu and Sigma wait for each other; a and b are found from rows and stand by themselves
const text = `model Parts
const K = 2
data  x : real[N, D]
data  y : real[N]
param pi : simplex[K]
param m : real[K]
param s : positive[K]
param mu : real[K, D] ~ Normal(0, 10)
param Sigma : covariance[K, D] ~ InverseWishart(D + 2, identity(D))
for n in 1..N {
  latent z ~ Categorical(pi)
  x[n] ~ MvNormal(mu[z], Sigma[z])
  y[n] ~ StudentT(4, m[z], s[z])
}
`

describe('the M-step', () => {
  const { mStep } = deriveText(text)

  it('repeats steps that wait for each other', () => {
    expect(mStep.sweeps).toBe(20)
    expect(mStep.repeated).toEqual(['mu', 'Sigma'])
    const places = mStep.repeated.map((id) => mStep.steps.findIndex((s) => s.id === id))
    expect(places).toEqual([mStep.steps.length - 2, mStep.steps.length - 1])
  })

  it('repeats nothing where no step waits for a later one', () => {
    const plain = deriveText(text.replace(' ~ Normal(0, 10)', ''))
    expect(plain.mStep).toMatchObject({ sweeps: 1, repeated: [] })
  })

  it('writes down what is repeated, and what is not', () => {
    const lines = compileOrThrow(text).derivation.toText().split('\n')
    const place = (start: string): number => lines.findIndex((l) => l.trim().startsWith(start))
    const indent = (start: string): number => (lines[place(start)] ?? '').search(/\S/)
    const rounds = place('up to 20 times')
    expect(rounds).toBeGreaterThan(0)
    expect(lines.slice(rounds + 1, rounds + 3).map((l) => l.trim().slice(0, 3))).toEqual(['μ_k', 'Σ_k'])
    expect(indent('up to 20 times')).toBe(indent('Newton steps for'))
  })
})
