/** Deterministic annealing where the posterior is a product of factors: F at β against sums written out here. */
import { describe, expect, it } from 'vitest'
import { programOf } from '../../api/mode-program.js'
import { TemperedModel } from '../../compiler/bind/tempered-model.js'
import { temperedProgram } from '../../compiler/modes/tempered-program.js'
import { compileOrThrow } from '../../index.js'
import { randomSource } from '../../runtime/random.js'
import { crossedGroups, groupsOfKinds, topicsOf, twoChains } from './models.js'

const random = randomSource(11, 9)
const times = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i))
const total = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0)
const entropy = (p: readonly number[]): number => -total(p.map((x) => (x > 0 ? x * Math.log(x) : 0)))

const crossed = {
  source: crossedGroups,
  data: {
    g: times(30, (n) => `g${Math.floor(n / 6)}`),
    h: times(30, (n) => `h${n % 6}`),
    y: times(30, (n) => random.uniform() < ((Math.floor(n / 6) + (n % 6)) % 2 === 0 ? 0.85 : 0.2)),
  },
}

const chains = {
  source: twoChains,
  data: { y: times(24, (t) => (t % 8 < 4 ? 3 : 0) + (t % 6 < 3 ? 1 : 0) + 0.3 * Math.sin(7 * t)) },
}

const topics = (latentWords: boolean) => ({
  source: topicsOf(latentWords),
  data: {
    doc: times(120, (n) => `d${Math.floor(n / 15)}`),
    word: times(
      120,
      (n) => `w${random.uniform() < 0.85 ? 2 * random.integer(3) + (Math.floor(n / 15) % 2) : random.integer(6)}`,
    ),
  },
})

const kinds = {
  source: groupsOfKinds,
  data: {
    g: times(30, (n) => `g${Math.floor(n / 6)}`),
    h: times(30, (n) => `h${n % 6}`),
    y: times(30, (n) => (n < 12 ? 3 : 0) + Math.sin(5 * (n % 6)) + 0.4 * Math.cos(7 * n)),
  },
}

const cases = Object.entries({
  crossed,
  kinds,
  chains,
  topics: topics(false),
  'topics with words as latents': topics(true),
})

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

  it('a Normal latent in the factor of its discrete one: F is that of an ascent written out, at β = 0.4 and 1.25', () => {
    const { model } = bound(kinds)
    expect(model.params.map((x) => x.name)).toEqual(['p', 'm', 't', 's'])
    const [p, m, t, s] = [[0.4, 0.6], [0.3, 2.5], 0.9, 0.7] as const
    const log2pi = Math.log(2 * Math.PI)
    const y = (i: number, j: number): number => kinds.data.y[6 * i + j] ?? 0
    // precisions of q(e | a) and q(f), the same for all
    const [ofE, ofF] = [1 + 6 / s ** 2, 1 / t ** 2 + 5 / s ** 2]
    for (const beta of [0.4, 1.25]) {
      model.setBeta(beta)
      const made = model.eStep(Float64Array.of(...p, ...m, t, s))
      let f = times(6, () => 0)
      let own = Number.NaN
      for (let sweep = 0; sweep < 400; sweep++) {
        const groups = times(5, (i) => {
          const rest = times(6, (j) => y(i, j) - (f[j] ?? 0))
          const means = m.map((mk) => (mk + total(rest) / s ** 2) / ofE)
          // log of p_k ∫ Normal(e; m_k, 1) exp E_f log p(y | e, f) de, the square completed
          const logs = m.map(
            (mk, k) =>
              Math.log(p[k] ?? 0) -
              3 * log2pi -
              6 * Math.log(s) -
              0.5 * Math.log(ofE) -
              0.5 * (mk ** 2 + total(rest.map((x) => x * x + 1 / ofF)) / s ** 2 - ofE * (means[k] ?? 0) ** 2),
          )
          const powers = logs.map((l) => Math.exp(beta * l))
          const mean = total(powers.map((x, k) => (x / total(powers)) * (means[k] ?? 0)))
          return { free: Math.log(total(powers)) / beta, mean }
        })
        const ofLatents = f.map((x) => 0.5 - Math.log(t) - 0.5 * Math.log(ofF) - 0.5 * ((x * x + 1 / ofF) / t ** 2))
        own = total(groups.map((group) => group.free)) + total(ofLatents)
        f = times(6, (j) => total(groups.map(({ mean }, i) => y(i, j) - mean)) / s ** 2 / ofF)
      }
      expect(Math.abs(made.logLikelihood - own)).toBeLessThan(1e-7 * Math.abs(own))
    }
  })

  it('a chain before another factor: F is that of paths counted out, at β = 0.4 and 1.25', () => {
    const y = [0.2, 1.3, 3.1, 2.7]
    const group = [0, 1, 0, 1]
    const { model } = bound({
      source: `model Two
data y : real[T]
data g : category[T]
param A : simplex[2, 2]
param m : real[2, 2]
latent u[1] ~ Categorical([0.6, 0.4])
for t in 2..T { latent u[t] ~ Categorical(A[u[t-1]]) }
for k in levels(g) { latent a[k] ~ Categorical([0.3, 0.7]) }
for t in 1..T { y[t] ~ Normal(m[u[t], a[g[t]]], 1) }`,
      data: { y, g: group.map((k) => `g${k}`) },
    })
    // of the chain the bound has an entropy, of the factor updated last its normaliser
    expect(model.derivation.eStep.factorised?.factors.map((f) => f.latents)).toEqual([['u'], ['a']])
    expect(model.params.map((x) => x.name)).toEqual(['A', 'm'])
    const [step, m] = [
      [0.7, 0.3, 0.2, 0.8],
      [0.4, 1.6, 2.2, 3.5],
    ] as const
    const say = (t: number, k: number, l: number): number =>
      -0.5 * Math.log(2 * Math.PI) - 0.5 * ((y[t] ?? 0) - (m[2 * k + l] ?? 0)) ** 2
    const paths = times(16, (c) => times(4, (t) => (c >> t) & 1))
    const priors = paths.map((path) =>
      total(path.map((k, t) => Math.log((t === 0 ? [0.6, 0.4][k] : step[2 * (path[t - 1] ?? 0) + k]) ?? 0))),
    )
    const powers = (logs: readonly number[], beta: number): number[] => {
      const out = logs.map((l) => Math.exp(beta * l))
      return out.map((x) => x / total(out))
    }
    for (const beta of [0.4, 1.25]) {
      model.setBeta(beta)
      const made = model.eStep(Float64Array.of(...step, ...m))
      const found = [...(model.posterior(Float64Array.of(...step, ...m)).get('a') ?? [])]
      const of = (k: number): number[] => found.slice(2 * k, 2 * k + 2)
      const logs = paths.map((path, c) =>
        total([priors[c] ?? 0, ...path.flatMap((k, t) => of(group[t] ?? 0).map((x, l) => x * say(t, k, l)))]),
      )
      const q = powers(logs, beta)
      const at = (t: number, k: number): number => total(paths.map((path, c) => (path[t] === k ? (q[c] ?? 0) : 0)))
      const ofGroups = [0, 1].map((k) =>
        [0.3, 0.7].map((prior, l) =>
          total([
            Math.log(prior),
            ...times(4, (t) => (group[t] === k ? at(t, 0) * say(t, 0, l) + at(t, 1) * say(t, 1, l) : 0)),
          ]),
        ),
      )
      ofGroups.forEach((logsOf, k) => {
        powers(logsOf, beta).forEach((x, l) => {
          expect(of(k)[l]).toBeCloseTo(x, 4)
        })
      })
      const own =
        total(q.map((x, c) => x * (priors[c] ?? 0))) +
        entropy(q) / beta +
        total(ofGroups.map((logsOf) => Math.log(total(logsOf.map((l) => Math.exp(beta * l)))) / beta))
      expect(made.logLikelihood).toBeCloseTo(own, 7)
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
