/** Components of a factorised posterior are reported in one order, whatever order the ascent found them in. */
import { describe, expect, it } from 'vitest'
import { compileOrThrow, type FitData } from '../../index.js'

const lines = (...text: readonly string[]): string => `${text.join('\n')}\n`
const flat = (x: unknown): readonly number[] => ([x] as unknown[]).flat(4) as readonly number[]
const close = (a: unknown, b: unknown, digits = 5): void => {
  const [ours, theirs] = [flat(a), flat(b)]
  expect(ours.length).toBe(theirs.length)
  expect(theirs.length).toBeGreaterThan(0)
  theirs.forEach((v, i) => {
    expect(ours[i]).toBeCloseTo(v, digits)
  })
}

/** Three groups of 12, 20 and 8 rows around −4, 0.5 and 5, of spreads 0.3, 1 and 0.6. */
const rows = [
  [12, -4, 0.3],
  [20, 0.5, 1],
  [8, 5, 0.6],
].flatMap(([n = 0, mean = 0, sd = 0], g) => Array.from({ length: n }, (_, i) => mean + sd * Math.sin(2.4 * i + g)))

async function both(text: string, data: FitData, options: object = { mode: 'vb' }) {
  const model = compileOrThrow(text)
  const fits = await Promise.all(
    [1, 21, 41].map((seed) =>
      model.fit(data, { restarts: 4, ...options, seed, tolerance: 1e-12, maxIterations: 1000 }),
    ),
  )
  const best = Math.max(...fits.map((f) => f.objective))
  const same = fits.filter((f) => best - f.objective < 1e-7)
  expect(same.length).toBeGreaterThan(1)
  return same
}

describe('variational Bayes of a mixture', () => {
  const text = lines(
    'model Groups',
    'const K = 3',
    'data  x : real[N]',
    'param pi : simplex[K] ~ Dirichlet(1)',
    'param tau : positive[K] ~ Gamma(2, 1)',
    'param mu : real[K]',
    'for k in 1..K { mu[k] ~ Normal(0, precision=0.1 * tau[k]) }',
    'for n in 1..N {',
    '  latent z ~ Categorical(pi)',
    '  x[n] ~ Normal(mu[z], precision=tau[z])',
    '}',
  )

  it('gives two seeds that end at one optimum one report', async () => {
    const [first, ...others] = await both(text, { x: rows })
    const { posteriors = {} } = first?.result ?? {}
    const means = flat(posteriors.mu?.mean)
    expect([...means].sort((a, b) => a - b)).toEqual(means)
    // the numbers of a group stand at one place: rows, weight, precision
    close(posteriors.pi?.parameters.alpha, [13, 21, 9], 0)
    const alpha = flat(posteriors.pi?.parameters.alpha)
    close(
      posteriors.tau?.parameters.shape,
      alpha.map((a) => 1.5 + a / 2),
    )
    const z = first?.posterior('z')
    expect(z?.modes?.[0]).toBe(0)
    expect(z?.modes?.[39]).toBe(2)
    for (const other of others) {
      for (const name of ['pi', 'mu', 'tau']) {
        close(other.params[name], first?.params[name])
        close(other.result.posteriors?.[name]?.sd, posteriors[name]?.sd)
        for (const [parameter, value] of Object.entries(posteriors[name]?.parameters ?? {}))
          close(other.result.posteriors?.[name]?.parameters[parameter], value)
      }
      close([...(other.posterior('z').probability ?? [])], [...(z?.probability ?? [])])
    }
    // and so are new rows
    const [predicted] = (await first?.predict({ x: [rows[0] ?? 0, rows[39] ?? 0] }))?.latents ?? []
    expect([...(predicted?.modes ?? [])]).toEqual([0, 2])
  })

  it('does so where a param with a value of its own goes with the components', async () => {
    const kept = text.replace('param pi : simplex[K] ~ Dirichlet(1)', 'param pi : simplex[K]')
    const [first, ...others] = await both(kept, { x: rows })
    expect(first?.result.posteriors?.pi).toBeUndefined()
    close(first?.params.pi, [12 / 40, 20 / 40, 8 / 40], 1)
    const means = flat(first?.params.mu)
    expect([...means].sort((a, b) => a - b)).toEqual(means)
    const z = first?.posterior('z')
    expect([z?.modes?.[0], z?.modes?.[39]]).toEqual([0, 2])
    for (const other of others) {
      close(other.params.pi, first?.params.pi)
      close(other.params.mu, first?.params.mu)
      close([...(other.posterior('z').probability ?? [])], [...(z?.probability ?? [])])
    }
    const [predicted] = (await first?.predict({ x: [rows[0] ?? 0, rows[39] ?? 0] }))?.latents ?? []
    expect([...(predicted?.modes ?? [])]).toEqual([0, 2])
  })

  it('leaves components where their priors tell them apart', async () => {
    const apart = text
      .replace('data  x', 'const m = [5, 0, -5]\ndata  x')
      .replace('Normal(0, precision=0.1 * tau[k])', 'Normal(m[k], precision=20 * tau[k])')
    const [first] = await both(apart, { x: rows })
    const [a = 0, b = 0, c = 0] = flat(first?.params.mu)
    expect(a > b && b > c).toBe(true)
  })
})

describe('latents in loops over components', () => {
  it('are put in order with the topics of a document', async () => {
    const text = lines(
      'model Topics',
      'const K = 2',
      'data  doc : category[N]',
      'data  word : category[N]',
      'for k in 1..K { latent phi[k] : simplex[levels(word)] ~ Dirichlet(0.5) }',
      'for d in levels(doc) { latent theta[d] : simplex[K] ~ Dirichlet(0.5) }',
      'for n in 1..N {',
      '  latent z ~ Categorical(theta[doc[n]])',
      '  word[n] ~ Categorical(phi[z])',
      '}',
    )
    const doc = Array.from({ length: 60 }, (_, n) => `d${n % 6}`)
    const word = Array.from({ length: 60 }, (_, n) => (n % 6 < 3 === n % 7 < 6 ? `a${n % 4}` : `b${n % 3}`))
    const [first, ...others] = await both(text, { doc, word }, { restarts: 12 })
    const means = (fit: typeof first, name: string) => [...(fit?.posterior(name).mean ?? [])]
    for (const other of others) for (const name of ['phi', 'theta']) close(means(other, name), means(first, name), 4)
    // the topic of the documents with a mostly is the same one in both arrays
    const [phi, theta] = [means(first, 'phi'), means(first, 'theta')]
    const ofA = (k: number): number => phi.slice(k * 7, k * 7 + 4).reduce((a, b) => a + b, 0)
    const more = ofA(0) > ofA(1) ? 0 : 1
    expect(theta[more]).toBeGreaterThan(0.5)
    expect(theta[10 + more]).toBeLessThan(0.5)
  })
})
