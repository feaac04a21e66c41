import { expect, it } from 'vitest'
import { compile } from '../../../index.js'

it('refuses a prior that reads a latent, with what to do', () => {
  const { diagnostics } = compile(
    [
      'model Shrunk',
      'data  y : real[N]',
      'latent v ~ InverseGamma(2, 2)',
      'param mu : real ~ Normal(0, var=v)',
      'for n in 1..N { y[n] ~ Normal(mu, var=v) }',
    ].join('\n'),
  )
  expect(diagnostics.map(({ code, message, help }) => ({ code, message, help }))).toEqual([
    {
      code: 'E401',
      message: 'the prior of `mu` reads the latent `v`: what depends on a latent is not known, as a param is',
      help: 'declare `mu` as a latent, or `v` as a param',
    },
  ])
})
