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
      // its q stands: EM from its params comes to no less, and posteriors are those of distributions
      const latent = /latent (\w+)/.exec(own.source.replace(/latent \w+_of.*/g, ''))?.[1] ?? ''
      const table = fit.posterior(latent)
      expect(table.modes?.length).toBeGreaterThan(0)
      const scored = await model.fit(own.data as never, { mode: 'anneal', schedule: { from: 0.2, factor: 1.6 } })
      expect(JSON.stringify(scored.toJSON())).toBe(JSON.stringify(json))
    },
    60_000,
  )

  it('two chains: F is that of paths counted out, at β = 0.4 and 1.25', () => {
    const y = [0.2, 1.3, 3.1, 2.7]
    const { model } = bound({
      source: `model Two
data y : real[T]
param A, B : simplex[2, 2]
param m, d : real[2]
latent u[1] ~ Categorical([0.6, 0.4])
latent v[1] ~ Categorical([0.3, 0.7])
for t in 2..T { latent u[t] ~ Categorical(A[u[t-1]]) }
for t in 2..T { latent v[t] ~ Categorical(B[v[t-1]]) }
latent w ~ Categorical([0.5, 0.5])
for t in 1..T { y[t] ~ Normal(m[u[t]] * d[v[t]] * w, 1) }`,
      data: { y },
    })
    const values: Record<string, readonly number[]> = {
      A: [0.7, 0.3, 0.2, 0.8],
      B: [0.6, 0.4, 0.35, 0.65],
      m: [0.4, 1.6],
      d: [0.9, 1.4],
    }
    const params = Float64Array.from(model.params.flatMap((x) => values[x.name] ?? []))
    expect(params).toHaveLength(12)
    const paths = times(16, (c) => times(4, (t) => (c >> t) & 1))
    const prior = (path: readonly number[], first: readonly number[], step: readonly number[]): number =>
      total(path.map((k, t) => Math.log(t === 0 ? (first[k] ?? 0) : (step[2 * (path[t - 1] ?? 0) + k] ?? 0))))
    const say = (t: number, i: number, j: number, w: number): number =>
      -0.5 * Math.log(2 * Math.PI) - 0.5 * ((y[t] ?? 0) - (values.m?.[i] ?? 0) * (values.d?.[j] ?? 0) * (w + 1)) ** 2
    for (const beta of [0.4, 1.25]) {
      model.setBeta(beta)
      const made = model.eStep(params)
      const names = ['u', 'v', 'w'] as const
      const [u, v, w] = names.map((n) => [...(model.posterior(params).get(n) ?? [])]) as [number[], number[], number[]]
      const weights = (logs: readonly number[]): number[] => {
        const e = logs.map((l) => Math.exp(beta * l))
        return e.map((x) => x / total(e))
      }
      const other = (t: number, k: number, own: 'u' | 'v'): number =>
        total(
          [0, 1].flatMap((l) =>
            [0, 1].map(
              (z) =>
                ((own === 'u' ? v : u)[2 * t + l] ?? 0) *
                (w[z] ?? 0) *
                (own === 'u' ? say(t, k, l, z) : say(t, l, k, z)),
            ),
          ),
        )
      const logs = (own: 'u' | 'v'): number[] =>
        paths.map((p) => total(p.map((k, t) => other(t, k, own))) + priorOf(own, p))
      const priorOf = (own: 'u' | 'v', p: readonly number[]): number =>
        own === 'u' ? prior(p, [0.6, 0.4], values.A ?? []) : prior(p, [0.3, 0.7], values.B ?? [])
      const [qu, qv] = [weights(logs('u')), weights(logs('v'))]
      // the marginals of the chains are those of the paths
      for (const [q, marginals] of [
        [qu, u],
        [qv, v],
      ] as const)
        for (let t = 0; t < 4; t++)
          expect(marginals[2 * t + 1]).toBeCloseTo(total(paths.map((p, c) => (p[t] ?? 0) * (q[c] ?? 0))), 4)
      const expected = total(times(4, (t) => total([0, 1].map((k) => (u[2 * t + k] ?? 0) * other(t, k, 'u')))))
      const priors =
        total(paths.map((p, c) => (qu[c] ?? 0) * priorOf('u', p) + (qv[c] ?? 0) * priorOf('v', p))) - Math.log(2)
      const f = expected + priors + (entropy(qu) + entropy(qv) + entropy(w)) / beta
      expect(made.logLikelihood).toBeCloseTo(f, 8)
    }
  })
})
