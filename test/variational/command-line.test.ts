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
  'weights.estep': `model Weights
const K = 2
data  x : real[N]
param pi : simplex[K] ~ Dirichlet(1)
param mu : real[K] ~ Normal(0, 10)
for n in 1..N {
  latent z ~ Categorical(pi)
  x[n] ~ Normal(mu[z], 1)
}
`,
  'x.csv': 'x\n-1\n0\n4\n5\n',
}

async function estep(...line: readonly (string | Readonly<Record<string, string>>)[]) {
  const args = line.filter((x) => typeof x === 'string')
  const more = line.filter((x) => typeof x !== 'string')
  const host = fakeHost(Object.assign({}, files, ...more))
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
    // params that are integrated out are counted by no criterion
    expect(out).not.toMatch(/BIC|AIC|0 parameters/)
    expect(out).toContain('\n4 observations\n')
    expect(err).not.toMatch(/BIC|AIC/)
  })

  it('has no BIC and no AIC in its file, and compares without them', async () => {
    const fit = await estep('fit', 'm.estep', '--data', 'x.csv', '--mode', 'vb', '--json')
    expect(JSON.parse(fit.out)).toMatchObject({ bic: null, aic: null, parameters: 0 })
    const { status, out } = await estep('compare', 'fit.json', 'fit.json', { 'fit.json': fit.out })
    expect(status).toBe(0)
    expect(out).toContain('log-likelihood')
    expect(out).not.toContain('BIC')
  })

  it('chooses by the bound, and says so', async () => {
    const line = ['select', 'weights.estep', '--data', 'x.csv', '--over', 'K=1..2', '--mode', 'vb', '--folds', '0']
    const { status, out } = await estep(...line)
    expect(status).toBe(0)
    expect(out.split('\n')[0]).toMatch(/^K +params +ELBO +by ELBO$/)
    expect(out).toMatch(/\nBest by ELBO: K = [12]\.\n/)
    expect(out).not.toMatch(/All criteria|log-likelihood +params/)
    expect(out).toContain('note: ELBO: the evidence lower bound; larger is better')
    const json = JSON.parse((await estep(...line, '--json')).out)
    const bounds = json.candidates.map((c: { readonly elbo: number }) => c.elbo)
    expect(json).toMatchObject({ by: 'elbo', best: { elbo: Math.max(...bounds), bic: null, aic: null, icl: null } })
    const counted = await estep(...line, '--by', 'bic')
    expect(counted.status).toBe(2)
    expect(counted.err).toContain('in mode vb params have posteriors: compare by elbo or cv')
    expect((await estep(...line.filter((x) => x !== '--mode' && x !== 'vb'), '--by', 'elbo')).status).toBe(2)
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
