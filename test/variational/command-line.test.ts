/** Variational Bayes from the command line. */
import { describe, expect, it } from 'vitest'
import { libraryPorts } from '../../cli/library-ports.js'
import { run } from '../../cli/run.js'
import { fakeHost } from '../cli/fake.js'

const model = `model Two
const K = 2
data  x : real[N]
param mu : real[K] ~ Normal(0, 10)
for n in 1..N {
  latent z ~ Categorical([1/2, 1/2])
  x[n] ~ Normal(mu[z], 1)
}
`
const files = {
  'm.estep': model,
  'plain.estep': model.replace(' ~ Normal(0, 10)', ''),
  'x.csv': 'x\n-1\n0\n4\n5\n',
}

async function estep(...args: readonly string[]) {
  const host = fakeHost(files)
  const status = await run(args, host, libraryPorts())
  return { status, out: host.out, err: host.err }
}

describe('estep --mode vb', () => {
  it('prints means and sds of posteriors, and that the objective is a bound', async () => {
    const { status, out, err } = await estep('fit', 'm.estep', '--data', 'x.csv', '--mode', 'vb')
    expect(status).toBe(0)
    expect(out).toContain('(variational: a lower bound)')
    expect(out).toContain('sds of the posteriors, whose means stand above')
    expect(out).toContain('E-step  mu: gaussian given the other factors of q (variational)')
    expect(err).toContain('W534')
  })

  it('derives the model with its params as latents', async () => {
    const { status, out } = await estep('derive', 'm.estep', '--mode', 'vb')
    expect(status).toBe(0)
    expect(out).toContain('latent mu[k] ~ Normal(0, 10)')
  })

  it('exits 1 where no param has a prior', async () => {
    for (const command of [
      ['fit', 'plain.estep', '--data', 'x.csv'],
      ['derive', 'plain.estep'],
    ]) {
      const { status, err } = await estep(...command, '--mode', 'vb')
      expect(status).toBe(1)
      expect(err).toContain('error[E430]: no param has a prior')
    }
  })
})
