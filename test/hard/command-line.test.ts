/** Hard mode from the command line: reports, files, exit statuses. */
import { describe, expect, it } from 'vitest'
import { libraryPorts } from '../../cli/library-ports.js'
import { run } from '../../cli/run.js'
import { fakeHost } from '../cli/fake.js'

const files = {
  'm.estep': `model Two
data  x : real[N]
param mu : real[2]
for n in 1..N {
  latent z ~ Categorical([1/2, 1/2])
  x[n] ~ Normal(mu[z], 1)
}`,
  'counts.estep': `model Grades
data h, c, d : count
param mu : real in (0, 1/6)
latent a, b : count
[a, b, c, d] ~ Multinomial([1/2, mu, 2*mu, 1/2 - 3*mu])
observe h = a + b`,
  'intercepts.estep': `model Intercepts
data  x : real[N]
param t : positive
for n in 1..N {
  latent u ~ Normal(0, t)
  x[n] ~ Normal(u, 1)
}`,
  'x.csv': 'x,kind\n-1,a\n0,a\n4,b\n5,b\n',
}

async function estep(args: readonly string[], more: Readonly<Record<string, string>> = {}) {
  const host = fakeHost({ ...files, ...more })
  const status = await run(args, host, libraryPorts())
  return { status, out: host.out, err: host.err, written: host.written }
}

describe('estep fit --mode hard', () => {
  it('reports both log-likelihoods, the sum of squares and the method', async () => {
    const { status, out } = await estep(['fit', 'm.estep', '--data', 'x.csv', '--mode', 'hard', '--against', 'kind'])
    expect(status).toBe(0)
    expect(out).toContain('complete-data log-likelihood')
    expect(out).toContain('within-component sum of squares 1.0000')
    expect(out).toContain('E-step  z: max-product')
    expect(out).toContain('0 of 4 differ')
  })

  it('writes a fit whose hard predictions are the labels', async () => {
    const fit = await estep(['fit', 'm.estep', '--data', 'x.csv', '--mode', 'hard', '--out', 'f.json'])
    const written = { 'f.json': fit.written.get('f.json') ?? '' }
    const { out } = await estep(['predict', 'f.json', '--data', 'x.csv', '--hard'], written)
    expect(out).toBe('row,z\n1,1\n2,1\n3,2\n4,2\n')
  })

  it('exits 1 with the reason where the model has no hard mode', async () => {
    for (const command of [
      ['fit', 'intercepts.estep', '--data', 'x.csv'],
      ['derive', 'intercepts.estep'],
    ]) {
      const { status, err } = await estep([...command, '--mode', 'hard'])
      expect(status).toBe(1)
      expect(err).toContain('error[E420]: hard mode takes the most probable values of discrete latents')
    }
  })

  it('splits counts that share out an observed total', async () => {
    const { status, out } = await estep([
      ...['fit', 'counts.estep', '--set', 'h=20', '--set', 'c=10', '--set', 'd=10', '--mode', 'hard'],
    ])
    expect(status).toBe(0)
    expect(out).toContain('E-step  a, b: max-product')
    const derived = await estep(['derive', 'counts.estep', '--mode', 'hard'])
    expect(derived.out).toContain('E-step: the most probable a, b (hard mode)')
  })
})
