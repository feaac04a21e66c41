import { expect, test } from 'vitest'
import { compileOrThrow } from '../../../index.js'

const SOURCE = `model HeavyClusters
const K = 2
data x : real[N, 2]
param w  : simplex[K]
param nu : positive[K]
param mu : real[K, 2]
param S  : covariance[K, 2]
for n in 1..N {
  latent z ~ Categorical(w)
  x[n] ~ MvStudentT(nu[z], mu[z], S[z])
}
`

test('an M-step over rows does not read tables of other params', () => {
  const x = Array.from({ length: 60 }, (_, i) => [3 * Math.sin(i * i) + (i % 2 ? 4 : 0), 2 * Math.cos(7 * i) - (i % 3)])
  const { model } = compileOrThrow(SOURCE).bind({ x }, {})
  const first = model.interior(() => 0.5)
  const [w, nu, mu, S] = [0, 2, 4, 8]
  first.set([0.4, 0.6], w)
  first.set([4, 9], nu)
  first.set([0, 0, 4, -1], mu)
  first.set([4, 0.5, 0.5, 2, 3, -0.5, -0.5, 3], S)
  const before = model.eStep(first)
  const { params } = model.mStep(first, before)
  const expectation = model.eStep(params)
  const fresh = model.mStep(params, expectation).params
  expect(model.gain(params, expectation, fresh)).toBeGreaterThan(0)
  // another point in between
  model.gain(first, before, first)
  expect([...model.mStep(params, expectation).params]).toEqual([...fresh])
})
