/** Modes from the command line: options, reports, exit statuses. */
import { describe, expect, it } from 'vitest'
import { libraryPorts } from '../../cli/library-ports.js'
import { run } from '../../cli/run.js'
import { fakeHost } from '../cli/fake.js'
import { clouds, factors, mixture } from './models.js'

const files = {
  'm.estep': mixture.source,
  'f.estep': factors.source,
  'x.csv': `x\n${clouds(80, 4).join('\n')}\n`,
}

async function estep(...args: readonly string[]) {
  const host = fakeHost(files)
  const status = await run([...args], host, libraryPorts())
  return { status, out: host.out, err: host.err }
}

const fit = (...args: readonly string[]) => estep('fit', 'm.estep', '--data', 'x.csv', ...args)

describe('estep derive --mode', () => {
  it.each([
    ['anneal', 'q(z) ∝ p(x, z |'],
    ['cem', 'z_i = argmax_k P(z_i = k | x,'],
    ['sem', 'z ~ p(z | x,'],
    ['online', 'S ← (1 − γ_t) S + γ_t (N/B) S(batch)'],
  ])('%s says at the end what changes', async (mode, formula) => {
    const { status, out } = await estep('derive', 'm.estep', '--mode', mode)
    expect(status).toBe(0)
    expect(out.slice(out.indexOf(`What changes (mode ${mode})`))).toContain(formula)
    expect((await estep('derive', 'm.estep')).out).not.toContain('What changes')
  })

  it('exits 1 where the model has no such mode', async () => {
    const { status, err } = await estep('derive', 'f.estep', '--mode', 'anneal')
    expect(status).toBe(1)
    expect(err).toContain('`f` is continuous')
  })
})

describe('estep fit --mode', () => {
  it('anneal says through which temperatures', async () => {
    const { status, out } = await fit('--mode', 'anneal', '--schedule', 'from=0.25,factor=2')
    expect(status).toBe(0)
    expect(out).toContain('annealed through 4 temperatures from β = 0.25')
  })

  it('sem says what the estimate is', async () => {
    const { status, out } = await fit('--mode', 'sem', '--schedule', 'burn=10', '--schedule', 'keep=50')
    expect(status).toBe(0)
    expect(out).toMatch(/stochastic EM: (average of 50 draws|best of 60 draws), after 10/)
    const brief = await fit('--mode', 'sem', '--max-iter', '7')
    expect(brief.out).toContain('stochastic EM: best of 7 draws, none of which was to be averaged yet')
  })

  it('online and hard say how the rows were cut', async () => {
    expect((await fit('--mode', 'online', '--batch', '20')).out).toContain(
      'online EM: 20 passes over 4 batches of 20 rows',
    )
    expect((await fit('--mode', 'hard', '--batch', '20')).out).toContain('hard EM in batches: 20 passes over')
  })

  it('cem reports the complete-data log-likelihood', async () => {
    const { status, out } = await fit('--mode', 'cem')
    expect(status).toBe(0)
    expect(out).toContain('complete-data log-likelihood')
    expect(out).toContain('classification EM')
  })

  it('exits 2 for an option of another mode, or no number', async () => {
    for (const [args, message] of [
      [['--batch', '10'], 'batch belongs to the modes online and hard, and the mode is em'],
      [['--schedule', 'burn=3'], 'the mode em has no schedule'],
      [['--mode', 'sem', '--schedule', 'burn'], '--schedule takes name=number, such as burn=200, not `burn`'],
      [['--mode', 'sem', '--schedule', 'brun=3'], 'did you mean `burn`?'],
      [['--mode', 'bv'], '--mode takes em, hard, anneal'],
    ] as const) {
      const { status, err } = await fit(...args)
      expect(err).toContain(message)
      expect(status).toBe(2)
    }
  })

  it('exits 1 where the model has no such mode', async () => {
    const { status, err } = await estep('fit', 'f.estep', '--data', 'x.csv', '--mode', 'cem')
    expect(status).toBe(1)
    expect(err).toContain('error[E428]')
    expect((await estep('explain', 'E428')).status).toBe(0)
  })
})
