/** Hard mode as a whole: the objective never falls, ties, weights, empty components, what is refused and what is said. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { textOf } from '../../compiler/derivation/types.js'
import { CompileError, compileOrThrow, type Fit, type FitCallOptions, type FitData } from '../../index.js'
import { randomSource } from '../../oracle/random.js'
import { schemaProblems } from '../runtime/json-schema.js'

const fitted = (source: string, data: FitData, options: FitCallOptions = {}): Promise<Fit> =>
  compileOrThrow(source).fit(data, { mode: 'hard', ...options })

const mixture = `model Mixture
const K = 3
data  x : real?[N, D]
param pi : simplex[K]
param mu : real[K, D]
param sigma : positive[K]
for n in 1..N {
  latent z ~ Categorical(pi)
  for d in 1..D { x[n, d] ~ Normal(mu[z, d], sigma[z]) }
}`

const random = randomSource(5)
/** Three clouds of rows with every seventh cell missing. */
const cells = Array.from({ length: 90 }, (_, n) =>
  [0, 1].map((d) => ((2 * n + d) % 7 === 3 ? null : 4 * (n % 3) * (1 - d) + (n % 2) * d + 3 * random() - random())),
)

/** Objectives of every start and iteration rise; the run itself checks each inequality. */
function rises(fit: Fit): void {
  const { iterates = [] } = fit.toJSON()
  expect(iterates.length).toBeGreaterThan(1)
  const at = (i: number): number => Number(iterates[i]?.objective)
  for (let i = 1; i < iterates.length; i++) {
    const slack = 1e-10 * (1 + Math.abs(at(i)))
    expect(at(i)).toBeGreaterThanOrEqual(at(i - 1) - slack)
    expect(Number(iterates[i - 1]?.elboAfterM)).toBeGreaterThanOrEqual(at(i - 1) - slack)
    expect(at(i)).toBeGreaterThanOrEqual(Number(iterates[i - 1]?.elboAfterM) - slack)
  }
  // the labels are never more probable than labels and all their rivals together
  for (const row of iterates) expect(Number(row.objective)).toBeLessThanOrEqual(Number(row.logLikelihood) + 1e-9)
}

const classes = readFileSync(new URL('../certify/models/chain-classes-of-sequences.estep', import.meta.url), 'utf8')

const trials: readonly (readonly [string, string, FitData])[] = [
  ['a mixture with missing cells', mixture, { x: cells }],
  [
    'priors',
    `model Prior
data  y : count[N]
param w : simplex[2] ~ Dirichlet([2, 2])
param rate : positive[2]
for k in 1..2 { rate[k] ~ Gamma(2, 0.5) }
for n in 1..N {
  latent z ~ Categorical(w)
  y[n] ~ Poisson(rate[z])
}`,
    { y: Array.from({ length: 60 }, (_, n) => (n % 3 === 0 ? 9 : 2) + (n % 4)) },
  ],
  [
    'sequences of subjects of classes',
    classes,
    Array.from({ length: 24 }, (_, r) => ({
      subject: `s${r % 8}`,
      ...Object.fromEntries([1, 2, 3, 4, 5].map((t) => [`y${t}`, ((r % 8) * t) % 3 === 0 ? 7 : 1])),
    })),
  ],
  [
    'a numerical M-step',
    `model Clicks
data  y : bool[N]
data  t : real[N]
param w : simplex[2]
param a : real[2]
param b : real
for n in 1..N {
  latent z ~ Categorical(w)
  y[n] ~ Bernoulli(0.05 + 0.9 * logistic(a[z] + b * t[n]))
}`,
    {
      y: Array.from({ length: 80 }, (_, n) => (n * 7) % 5 < 2),
      t: Array.from({ length: 80 }, (_, n) => (n % 10) / 10),
    },
  ],
  [
    'continuous latents beside the discrete ones',
    `model Analysers
data  x : real[N, 3]
param w : simplex[2]
param mu : real[2, 3]
param load : real[2, 3]
param s : positive[3]
for n in 1..N {
  latent z ~ Categorical(w)
  latent u ~ Normal(0, 1)
  for d in 1..3 { x[n, d] ~ Normal(mu[z, d] + load[z, d] * u, s[d]) }
}`,
    { x: cells.map(([a, b], n) => [a ?? 0, (b ?? 1) + (n % 3), (a ?? 1) - (b ?? 0) + random()]) },
  ],
]

describe('the complete-data log-likelihood', () => {
  it.each(trials)('never falls: %s', { timeout: 60_000 }, async (_, source, data) => {
    rises(await fitted(source, data, { trace: true, restarts: 4, maxIterations: 200 }))
  })

  it('is that of the rows with their labels, and the log prior', async () => {
    const [, [, source, data] = ['', '', {}]] = trials
    const fit = await fitted(source, data)
    const { w, rate } = fit.params as { w: number[]; rate: number[] }
    const { y } = data as { y: number[] }
    const logFactorial = (n: number): number => (n < 2 ? 0 : Math.log(n) + logFactorial(n - 1))
    const best = y.map((v) =>
      Math.max(...w.map((p, k) => Math.log(p) + v * Math.log(rate[k] ?? 0) - (rate[k] ?? 0) - logFactorial(v))),
    )
    const prior = Math.log(6 * (w[0] ?? 0) * (w[1] ?? 0)) + rate.reduce((t, r) => t + Math.log(0.25 * r) - 0.5 * r, 0)
    expect(fit.objective).toBeCloseTo(best.reduce((a, b) => a + b, 0) + prior, 9)
    const marginal = y.map((v) =>
      Math.log(
        w.reduce((t, p, k) => t + p * Math.exp(v * Math.log(rate[k] ?? 0) - (rate[k] ?? 0) - logFactorial(v)), 0),
      ),
    )
    expect(fit.logLikelihood).toBeCloseTo(
      marginal.reduce((a, b) => a + b, 0),
      9,
    )
  })
})

const two = `model Two
data  x : real[N]
param mu : real[2]
for n in 1..N {
  latent z ~ Categorical([1/2, 1/2])
  x[n] ~ Normal(mu[z], 1)
}`

describe('labels', () => {
  it('of equal probability are the first', async () => {
    const fit = await fitted(two, { x: [-1, 0, 1] }, { start: { mu: [-2, 2] }, maxIterations: 1, trace: true })
    expect(fit.toJSON().iterates?.[0]?.labels).toEqual({ z: ['1', '1', '2'] })
  })

  it('are the modes of a fit, beside the posterior at its params', async () => {
    const fit = await fitted(two, { x: [-1, 0, 1.5] }, { start: { mu: [-2, 2] } })
    const { modes, probabilities } = fit.posterior('z')
    expect([...(modes ?? [])]).toEqual([0, 0, 1])
    expect(fit.params.mu).toEqual([-0.5, 1.5])
    expect(probabilities?.[0]).toBeCloseTo(1 / (1 + Math.exp(-((-1 - 1.5) ** 2) / 2 + (-1 + 0.5) ** 2 / 2)), 12)
  })

  it('are what one step after another gives', async () => {
    const steps: (readonly number[])[] = []
    const model = compileOrThrow(two)
    for await (const step of model.iterate({ x: [-1, 0, 3, 4] }, { mode: 'hard', start: { mu: [-1, 0] } })) {
      steps.push([...(step.labels?.get('z') ?? [])])
      expect(step.objective).toBeLessThan(step.logLikelihood)
      if (step.iteration === 3) break
    }
    expect(steps).toEqual([
      [0, 1, 1, 1],
      [0, 0, 1, 1],
      [0, 0, 1, 1],
      [0, 0, 1, 1],
    ])
  })

  it('of all latents together are not those of each by itself', async () => {
    const source = `model Pair
data  x : real[N]
param p : unit
for n in 1..N {
  latent a ~ Categorical([0.4, 0.6])
  latent b ~ Categorical(if a == 1 then [0.9, 0.1] else [0.45, 0.55])
  x[n] ~ Normal(p, 1)
}`
    const compiled = compileOrThrow(
      source
        .replace('latent b ~ Categorical(if a == 1 then [0.9, 0.1] else [0.45, 0.55])', 'latent b ~ Categorical(t[a])')
        .replace('param p', 'const t = [[0.9, 0.1], [0.45, 0.55]]\nparam p'),
    )
    const fit = await compiled.fit({ x: [0.2, 0.4] }, {})
    const modes = async (hard: boolean) =>
      (await fit.predict({ x: [0.3] }, { hard })).latents.map((l) => `${l.name}${(l.modes?.[0] ?? -1) + 1}`)
    // 0.36, 0.04, 0.27, 0.33
    expect(await modes(true)).toEqual(['a1', 'b1'])
    expect(await modes(false)).toEqual(['a2', 'b1'])
  })

  it('of a row that counts twice are those of the row', async () => {
    const weighted = two.replace('param', 'data c : count[N]\nparam').replace('1..N {', '1..N weight c[n] {')
    const options = { start: { mu: [-1, 3] } }
    const once = await fitted(two, { x: [-1, 0, 0, 3, 4, 4, 4] }, options)
    const counted = await fitted(weighted, { x: [-1, 0, 3, 4], c: [1, 2, 1, 3] }, options)
    expect(counted.objective).toBeCloseTo(once.objective, 12)
    expect(counted.params.mu).toEqual(once.params.mu)
  })
})

describe('an empty component', () => {
  const start = { mu: [0, 50, -60], sigma: [1, 1, 1], pi: [0.4, 0.3, 0.3] }
  const three = `model Three
data  x : real[N]
param pi : simplex[3]
param mu : real[3]
param sigma : positive[3]
for n in 1..N {
  latent z ~ Categorical(pi)
  x[n] ~ Normal(mu[z], sigma[z])
}`
  it('keeps its location and spread, loses its weight, and is named', async () => {
    const x = Array.from({ length: 30 }, (_, n) => (n % 7) / 3)
    const fit = await fitted(three, { x }, { start })
    const mean = x.reduce((a, b) => a + b, 0) / x.length
    // canonical order: by mean
    expect(fit.params.mu).toEqual([-60, expect.closeTo(mean, 12), 50])
    expect(fit.params.pi).toEqual([0, 1, 0])
    expect((fit.params.sigma as number[])[0]).toBe(1)
    expect(fit.warnings.filter((w) => w.code === 'W522').map((w) => w.message.slice(0, 18))).toEqual([
      'component 1 of `z`',
      'component 3 of `z`',
    ])
    expect(fit.trace.every(Number.isFinite)).toBe(true)
  })

  it('does not win over an end without one', async () => {
    const x = [0, 0.1, 0.2, 5, 5.1, 5.2]
    const fit = await fitted(two, { x })
    expect(fit.params.mu).toEqual([expect.closeTo(0.1, 12), expect.closeTo(5.1, 12)])
    expect(fit.warnings.map((w) => w.code)).toEqual([])
  })
})

describe('what hard mode says', () => {
  it('matches the published schema', async () => {
    const schema: unknown = JSON.parse(readFileSync(new URL('../../docs/fit.schema.json', import.meta.url), 'utf8'))
    const fit = (await fitted(two, { x: [0, 1, 5, 6] }, { trace: true })).toJSON()
    const document: unknown = JSON.parse(JSON.stringify(fit))
    expect(fit.iterates?.[0]).toHaveProperty('labels')
    expect(schemaProblems(schema, document)).toEqual([])
    const labels = { ...fit, iterates: fit.iterates?.map((row) => ({ ...row, labels: { z: [1, 2] } })) }
    expect(schemaProblems(schema, JSON.parse(JSON.stringify(labels)))).not.toEqual([])
  })

  it('calls its method max-product, in the result and in the derivation', async () => {
    const fit = await fitted(two, { x: [0, 1, 5, 6] })
    const { eStep } = fit.toJSON().plan as { eStep: { method: string; reference: string }[] }
    expect(eStep.map((s) => s.method)).toEqual(['max-product'])
    const model = compileOrThrow(two)
    const [em, hard] = [model.derivation.steps, model.hardDerivation.steps]
    const differs = hard.filter((step, i) => JSON.stringify(step) !== JSON.stringify(em[i]))
    expect(hard.map((s) => s.id)).toEqual(em.map((s) => s.id))
    expect(differs.map((s) => s.kind)).toEqual(['bound', 'e-step', 'q', 'algorithm'])
    for (const step of differs) expect(textOf(step.title)).toContain('(hard mode)')
    expect(model.hardDerivation.toText()).toContain('z_n = argmax_k ρ_nk')
  })

  it('names Viterbi where there is a chain', () => {
    const text = compileOrThrow(classes).hardDerivation.toText()
    expect(text).toContain('Viterbi')
    expect(text).not.toContain('∑_l ρ')
  })

  const refused = (source: string): string => {
    try {
      return compileOrThrow(source).hardDerivation.toText()
    } catch (e) {
      if (e instanceof CompileError) return e.diagnostics.map((d) => `${d.code} ${d.message}`).join('\n')
      throw e
    }
  }

  it('refuses what has no most probable value, with the reason', async () => {
    const intercepts = `model Intercepts
data  g : category[N]
data  y : real[N]
param t, s : positive
for i in levels(g) { latent u[i] ~ Normal(0, t) }
for n in 1..N { y[n] ~ Normal(u[g[n]], s) }`
    expect(refused(intercepts)).toMatch(/^E420 .*`u` is continuous: .* grows without bound as its variance goes to 0$/)
    await expect(fitted(intercepts, { g: ['a', 'b'], y: [1, 2] })).rejects.toThrow(CompileError)
    const none = 'model None\ndata x : real[N]\nparam m : real\nfor n in 1..N { x[n] ~ Normal(m, 1) }'
    expect(refused(none)).toContain('E420 hard mode takes the most probable values of discrete latents')
  })
})
