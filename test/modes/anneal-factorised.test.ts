/** Deterministic annealing where the posterior is a product of factors: F at β against sums written out here. */
import { describe, expect, it } from 'vitest'
import { programOf } from '../../api/mode-program.js'
import { TemperedModel } from '../../compiler/bind/tempered-model.js'
import { temperedProgram } from '../../compiler/modes/tempered-program.js'
import { compileOrThrow } from '../../index.js'
import { randomSource } from '../../runtime/random.js'

const random = randomSource(11, 9)
const times = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i))
const total = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0)
const entropy = (p: readonly number[]): number => -total(p.map((x) => (x > 0 ? x * Math.log(x) : 0)))

const crossed = {
  source: `model Crossed
data g, h : category[N]
data y : bool[N]
param p, q : simplex[2]
param r : unit[2, 2]
for i in levels(g) { latent a[i] ~ Categorical(p) }
for j in levels(h) { latent b[j] ~ Categorical(q) }
for n in 1..N { y[n] ~ Bernoulli(r[a[g[n]], b[h[n]]]) }`,
  data: {
    g: times(30, (n) => `g${Math.floor(n / 6)}`),
    h: times(30, (n) => `h${n % 6}`),
    y: times(30, (n) => random.uniform() < ((Math.floor(n / 6) + (n % 6)) % 2 === 0 ? 0.85 : 0.2)),
  },
}

const chains = {
  source: `model Factorial
data y : real[T]
param A, B : simplex[2, 2]
param m, d : real[2]
param s : positive
latent u[1] ~ Categorical([0.5, 0.5])
latent v[1] ~ Categorical([0.5, 0.5])
for t in 2..T { latent u[t] ~ Categorical(A[u[t-1]]) }
for t in 2..T { latent v[t] ~ Categorical(B[v[t-1]]) }
latent e ~ Normal(0, 1)
for t in 1..T { y[t] ~ Normal(m[u[t]] + d[v[t]] + e, s) }`,
  data: { y: times(24, (t) => (t % 8 < 4 ? 3 : 0) + (t % 6 < 3 ? 1 : 0) + 0.3 * Math.sin(7 * t)) },
}

const topics = (latentWords: boolean) => ({
  source: `model Topics
data doc, word : category[N]
${latentWords ? 'for k in 1..2 { latent words_of : simplex[levels(word)] ~ Dirichlet(0.5) }' : 'param words_of : simplex[2, levels(word)]'}
for d in levels(doc) { latent topics_of : simplex[2] ~ Dirichlet(0.5) }
for n in 1..N {
  latent z ~ Categorical(topics_of[doc[n]])
  word[n] ~ Categorical(words_of[z])
}`,
  data: {
    doc: times(120, (n) => `d${Math.floor(n / 15)}`),
    word: times(
      120,
      (n) => `w${random.uniform() < 0.85 ? 2 * random.integer(3) + (Math.floor(n / 15) % 2) : random.integer(6)}`,
    ),
  },
})

const cases = Object.entries({ crossed, chains, topics: topics(false), 'topics with words as latents': topics(true) })

function bound({ source, data }: { readonly source: string; readonly data: Record<string, readonly unknown[]> }) {
  const own = compileOrThrow(source).bind(data as never, {}, null)
  const { derivation } = own.model
  expect(derivation.eStep.factorised).not.toBeNull()
  const { memory: _memory, ...settings } = own.settings
  const model = new TemperedModel(derivation, programOf(temperedProgram(derivation)), own.data, settings)
  return { em: own.model, model, params: own.model.interior(randomSource(3, 1).uniform) }
}

describe('annealing a factorised posterior', () => {
  it.each(cases)('is EM at β = 1: %s', (_, own) => {
    const { em, model, params } = bound(own)
    const exact = em.eStep(params, { seed: 2 })
    const made = model.eStep(params, { seed: 2 })
    expect(Math.abs(made.logLikelihood - exact.logLikelihood)).toBeLessThan(1e-11 * Math.abs(exact.logLikelihood))
    made.statistics.forEach((s, i) => {
      expect(Math.abs(s - (exact.statistics[i] ?? 0))).toBeLessThan(1e-10 * (1 + Math.abs(s)))
    })
  })

  it.each(cases)('F never falls while β stays: %s', (_, own) => {
    const { model, params } = bound(own)
    let now: Float64Array = params
    for (const beta of [0.1, 0.5, 1.25]) {
      model.setBeta(beta)
      let before = model.eStep(now, { seed: 4 })
      for (let t = 0; t < 15; t++) {
        const next = model.mStep(now, before).params
        const gain = model.gain(now, before, next)
        const after = model.eStep(next, before)
        const slack = 1e-11 * (1 + Math.abs(before.logLikelihood))
        expect(gain).toBeGreaterThanOrEqual(-slack)
        expect(after.logLikelihood).toBeGreaterThanOrEqual(before.logLikelihood + gain - slack)
        before = after
        now = next
      }
    }
  })

  it('crossed groups: F and the fixed point are those written out, at several β', () => {
    const { model } = bound(crossed)
    const params = Float64Array.of(0.55, 0.45, 0.35, 0.65, 0.8, 0.3, 0.25, 0.7)
    const names = model.params.map((x) => x.name)
    expect(names).toEqual(['p', 'q', 'r'])
    const [p, q] = [
      [0.55, 0.45],
      [0.35, 0.65],
    ]
    const say = (k: number, l: number, y: boolean): number => {
      const r = params[4 + 2 * k + l] ?? 0
      return Math.log(y ? r : 1 - r)
    }
    for (const beta of [0.3, 1, 1.25]) {
      model.setBeta(beta)
      // until it stands still
      const made = model.eStep(params)
      const posterior = model.posterior(params)
      const rows = (name: string, n: number) =>
        times(n, (i) => [...(posterior.get(name) ?? [])].slice(2 * i, 2 * i + 2))
      const [a, b] = [rows('a', 5), rows('b', 6)]
      const cell = (i: number, j: number, k: number, l: number): number => say(k, l, crossed.data.y[6 * i + j] ?? false)
      const expected = total(
        a.flatMap((qa, i) => b.flatMap((qb, j) => qa.flatMap((x, k) => qb.map((z, l) => x * z * cell(i, j, k, l))))),
      )
      const priors =
        total(a.flatMap((qa) => qa.map((x, k) => x * Math.log(p?.[k] ?? 0)))) +
        total(b.flatMap((qb) => qb.map((x, l) => x * Math.log(q?.[l] ?? 0))))
      const own = expected + priors + (total(a.map(entropy)) + total(b.map(entropy))) / beta
      expect(made.logLikelihood).toBeCloseTo(own, 10)
      const agrees = (given: readonly number[], logs: readonly number[]): void => {
        const e = logs.map((x) => Math.exp(beta * x))
        given.forEach((x, k) => {
          expect(x).toBeCloseTo((e[k] ?? 0) / total(e), 4)
        })
      }
      a.forEach((qa, i) => {
        agrees(
          qa,
          [0, 1].map(
            (k) => Math.log(p?.[k] ?? 0) + total(b.flatMap((qb, j) => qb.map((x, l) => x * cell(i, j, k, l)))),
          ),
        )
      })
      b.forEach((qb, j) => {
        agrees(
          qb,
          [0, 1].map(
            (l) => Math.log(q?.[l] ?? 0) + total(a.flatMap((qa, i) => qa.map((x, k) => x * cell(i, j, k, l)))),
          ),
        )
      })
    }
  })

  it.each(cases)(
    'fits, never falls at the end, and reports: %s',
    async (_, own) => {
      const model = compileOrThrow(own.source)
      const fit = await model.fit(own.data as never, { mode: 'anneal', schedule: { from: 0.2, factor: 1.6 } })
      const json = fit.toJSON()
      expect(json.stages?.length).toBeGreaterThan(3)
      expect(json.converged).toBe(true)
      const trace = json.trace.map(Number)
      trace.slice(1).forEach((l, t) => {
        expect(l).toBeGreaterThanOrEqual((trace[t] ?? 0) - 1e-9 * Math.abs(l))
      })
      // posteriors are there, and the same seed gives the same bits
      const latent = /latent (\w+)/.exec(own.source.replace(/latent \w+_of.*/g, ''))?.[1] ?? ''
      const table = fit.posterior(latent)
      expect(table.modes?.length).toBeGreaterThan(0)
      const scored = await model.fit(own.data as never, { mode: 'anneal', schedule: { from: 0.2, factor: 1.6 } })
      expect(JSON.stringify(scored.toJSON())).toBe(JSON.stringify(json))
    },
    60_000,
  )

  it('a chain beside a Normal latent: F is that of paths counted out, at β = 0.4 and 1.25', () => {
    const y = [0.2, 1.3, 3.1, 2.7]
    const { model } = bound({
      source: `model One
data y : real[T]
param A : simplex[2, 2]
param m : real[2]
latent u[1] ~ Categorical([0.6, 0.4])
for t in 2..T { latent u[t] ~ Categorical(A[u[t-1]]) }
latent e ~ Normal(0, 1)
for t in 1..T { y[t] ~ Normal(m[u[t]] + e, 1) }`,
      data: { y },
    })
    const [step, m] = [
      [0.7, 0.3, 0.2, 0.8],
      [0.4, 1.6],
    ] as const
    expect(model.params.map((x) => x.name)).toEqual(['A', 'm'])
    const params = Float64Array.of(...step, ...m)
    const paths = times(16, (c) => times(4, (t) => (c >> t) & 1))
    const log2pi = Math.log(2 * Math.PI)
    for (const beta of [0.4, 1.25]) {
      model.setBeta(beta)
      const made = model.eStep(params)
      const u = [...(model.posterior(params).get('u') ?? [])]
      // the Normal factor has the power 1: four rows and a prior of precision 1
      const mean = total(times(4, (t) => (y[t] ?? 0) - total(m.map((x, k) => x * (u[2 * t + k] ?? 0))))) / 5
      const logs = paths.map((path) =>
        total(
          path.map((k, t) => {
            const arrived = t === 0 ? ([0.6, 0.4][k] ?? 0) : (step[2 * (path[t - 1] ?? 0) + k] ?? 0)
            return Math.log(arrived) - 0.5 * log2pi - 0.5 * (((y[t] ?? 0) - (m[k] ?? 0) - mean) ** 2 + 1 / 5)
          }),
        ),
      )
      const powers = logs.map((l) => Math.exp(beta * l))
      const q = powers.map((x) => x / total(powers))
      for (let t = 0; t < 4; t++)
        expect(u[2 * t + 1]).toBeCloseTo(total(paths.map((path, c) => (path[t] ?? 0) * (q[c] ?? 0))), 4)
      const ofNormal = -0.5 * log2pi - 0.5 * (mean * mean + 1 / 5) + 0.5 * (1 + log2pi + Math.log(1 / 5))
      const f = total(q.map((x, c) => x * (logs[c] ?? 0))) + entropy(q) / beta + ofNormal
      expect(made.logLikelihood).toBeCloseTo(f, 8)
    }
  })

  it('comes to one end from six starts, of which one leads EM to a lower one', async () => {
    const draw = randomSource(21, 9)
    const source = `model Crossed
data g, h : category[N]
data y : real[N]
param p, q : simplex[3]
param r : real[3, 3]
param s : positive
for i in levels(g) { latent a[i] ~ Categorical(p) }
for j in levels(h) { latent b[j] ~ Categorical(q) }
for n in 1..N { y[n] ~ Normal(r[a[g[n]], b[h[n]]], s) }`
    const r = [
      [0, 5, 1],
      [4, 0, 3],
      [2, 6, 6],
    ]
    const data = {
      g: times(144, (n) => `g${Math.floor(n / 12)}`),
      h: times(144, (n) => `h${n % 12}`),
      y: times(144, (n) => (r[Math.floor(n / 12) % 3]?.[(n % 12) % 3] ?? 0) + draw.uniform() - 0.5),
    }
    const model = compileOrThrow(source)
    const em = await model.fit(data, { restarts: 1, seed: 5 })
    for (let seed = 1; seed <= 6; seed++) {
      const annealed = await model.fit(data, { seed, mode: 'anneal' })
      expect(annealed.logLikelihood).toBeCloseTo(-43.936, 2)
      expect(annealed.logLikelihood).toBeGreaterThan(em.logLikelihood + 100)
    }
  }, 60_000)

  it('says in its derivation what is divided by β', () => {
    const text = JSON.stringify(compileOrThrow(crossed.source).derivationIn('anneal'))
    expect(text).toContain('(1/β) ∑_{discrete f} H(q_f)')
    expect(text).toContain('the entropies of discrete latents are divided by it')
  })
})
