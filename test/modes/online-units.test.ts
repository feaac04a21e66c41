/** Online EM where rows do not stand alone: batches of sequences and of groups. */
import { describe, expect, it } from 'vitest'
import { unitBatches } from '../../api/unit-batches.js'
import { batchProgram } from '../../compiler/modes/batch-program.js'
import { compileOrThrow } from '../../index.js'
import { randomSource } from '../../runtime/random.js'

const random = randomSource(11, 3)
const normal = (): number => Math.sqrt(-2 * Math.log(random.uniform())) * Math.cos(2 * Math.PI * random.uniform())
const times = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i))

const paths = (lengths: readonly number[]): number[][] =>
  lengths.map((length) => {
    let z = random.uniform() < 0.6 ? 0 : 1
    return times(length, () => {
      if (random.uniform() < 0.2) z = 1 - z
      return 3 * z + normal()
    })
  })

const chains = (dims: string, last: string) => `model Chains
data y : real${dims}
param start : simplex[2]
param A : simplex[2, 2]
param mu : ordered[2]
param s : positive
for i in 1..S {
  latent z[i, 1] ~ Categorical(start)
  for t in 2..${last} { latent z[i, t] ~ Categorical(A[z[i, t-1]]) }
  for t in 1..${last} { y[i, t] ~ Normal(mu[z[i, t]], s) }
}`

const levels = `model Levels
data y : real?[S, T]
param a : real
param q, r : positive
for i in 1..S {
  latent m[i, 1] ~ Normal(a, 1)
  for t in 2..T { latent m[i, t] ~ Normal(m[i, t-1], q) }
  for t in 1..T { y[i, t] ~ Normal(m[i, t], r) }
}`

const groups = `model Groups
data g : category[N]
data y : real[N]
param m : real
param p, s : positive
for g in levels(g) { latent a[g] ~ Normal(0, p) }
for n in 1..N { y[n] ~ Normal(m + a[g[n]], s) }`

const nested = `model Nested
data g, h : category[N]
data y : real[N]
param m : real
param p, q, s : positive
for i in levels(g) { latent a[i] ~ Normal(0, p) }
for j in levels(h) { latent b[j] ~ Normal(0, q) }
for n in 1..N { y[n] ~ Normal(m + a[g[n]] + b[h[n]], s) }`

const kinds = `model Kinds
data x : real[M]
data g : category[N]
data y : real[N]
param w : simplex[2]
param m : ordered[2]
param p, s : positive
for i in 1..M {
  latent z ~ Categorical(w)
  x[i] ~ Normal(m[z], s)
}
for g in levels(g) { latent a[g] ~ Normal(0, p) }
for n in 1..N { y[n] ~ Normal(m[1] + a[g[n]], s) }`

const counted = `model Counted
data y : count[S, T]
data x : real[T]
param start : simplex[2]
param A : simplex[2, 2]
param a, b : real[2]
for i in 1..S {
  latent z[i, 1] ~ Categorical(start)
  for t in 2..T { latent z[i, t] ~ Categorical(A[z[i, t-1]]) }
  for t in 1..T { y[i, t] ~ Poisson(exp(a[z[i, t]] + b[z[i, t]] * x[t])) }
}`

const herds = `model Herds
data g : category[N]
data y : bool[N]
data x : real[N]
param m : real
param b : real ~ Normal(0, 3)
param p : positive
for g in levels(g) { latent a[g] ~ Normal(0, p) }
for n in 1..N { y[n] ~ Bernoulli(logit = m + b * x[n] + a[g[n]]) }`

const ability = `model Ability
data y : bool[N, J]
param ease : real[J]
param slope : positive[J]
for n in 1..N {
  latent u ~ Normal(0, 1)
  for j in 1..J { y[n, j] ~ Bernoulli(logit = slope[j] * u + ease[j]) }
}`

const walks = times(60, (i) => {
  let m = normal()
  return times(6, (t) => {
    m += normal()
    return (i + t) % 7 === 0 ? null : m + normal()
  })
})
const members = times(240, (i) => ({ g: `g${(i * 7) % 60}`, y: ((i * 7) % 60) / 15 + normal() }))

const casks = times(360, (i) => {
  const g = (i * 7) % 60
  return {
    g: `g${g}`,
    h: `h${g}.${i % (1 + (g % 3))}`,
    y: Math.sin(g) * 2 + Math.sin(g + 5 * (i % (1 + (g % 3)))) + normal(),
  }
})

const cases: readonly (readonly [string, string, Readonly<Record<string, unknown>>])[] = [
  ['sequences of one length', chains('[S, T]', 'T'), { y: paths(times(60, () => 8)) }],
  ['sequences of their own lengths', chains('[S][T]', 'T[i]'), { y: paths(times(60, (i) => 1 + (i % 9))) }],
  ['sequences of Normal states', levels, { y: walks }],
  ['groups in groups', nested, { g: casks.map((r) => r.g), h: casks.map((r) => r.h), y: casks.map((r) => r.y) }],
  ['groups of rows', groups, { g: members.map((r) => r.g), y: members.map((r) => r.y) }],
  [
    'rows of one kind and groups of another',
    kinds,
    {
      x: times(60, (i) => (i % 3 === 0 ? 3 : 0) + normal()),
      g: times(120, (n) => `g${n % 40}`),
      y: times(120, (n) => (n % 40) / 15 + normal()),
    },
  ],
  [
    'sequences of counts, whose regressions are numerical',
    counted,
    {
      y: paths(times(60, () => 8)).map((p) => p.map((v) => Math.round(Math.exp(v / 2)))),
      x: times(8, (t) => t / 4 - 1),
    },
  ],
  [
    'groups of answers, whose posteriors have nodes',
    herds,
    {
      g: members.map((r) => r.g),
      y: members.map((r) => r.y > 1.5),
      x: members.map((_, i) => ((i * 13) % 31) / 15 - 1),
    },
  ],
  [
    'rows whose posteriors have nodes',
    ability,
    {
      y: times(60, () => {
        const u = 1.5 * normal()
        return times(5, (j) => u + j - 2 + 1.5 * normal() > 0)
      }),
    },
  ],
]

describe('online EM over units', () => {
  it.each(cases)('%s: the sums of the batches are those of all', async (_, text, data) => {
    const model = compileOrThrow(text)
    const fit = await model.fit(data, { maxIterations: 3, restarts: 1 })
    const bound = model.bind(data, {}, null)
    const { memory: _memory, ...settings } = bound.settings
    const found = unitBatches(bound.model, batchProgram(bound.model.derivation, 'sum'), settings, 'online')
    if (typeof found === 'string') throw new Error(found)
    expect(found.counts).toEqual(text === kinds ? [60, 40] : [60])
    const batches = found.batches(found.counts.map((n) => Int32Array.from({ length: n }, (_, i) => (i * 17) % n)))
    const params = fit.layout.reduce((at, { name, offset, length }) => {
      at.set([fit.params[name]].flat(3).map(Number).slice(0, length), offset)
      return at
    }, new Float64Array(bound.model.length))
    // sums are about other params than those at which they are taken
    batches.rules?.putBack(bound.model.rules?.take() ?? [])
    batches.setPivot(params.map((x) => 1.1 * x))
    const whole = bound.model.eStep(params)
    const parts = [0, 15, 20, 43].map((from, i) => batches.eStepOver(params, from, [15, 20, 43, 60][i] ?? 60))
    expect(parts.reduce((n, p) => n + p.logLikelihood, 0) / whole.logLikelihood).toBeCloseTo(1, 11)
    const all = parts[0]?.statistics.map((_, i) => parts.reduce((n, p) => n + (p.statistics[i] ?? 0), 0))
    const statistics = all ?? new Float64Array()
    const running = { logLikelihood: Number.NaN, scale: 1, statistics }
    const turn = { statistics, share: 1, gamma: 1, curvature: null }
    // a step by all of the units at once is one of EM
    batches.eStepOver(params, 0, 60)
    const { params: next, curvature } = batches.learnt(params, running, turn, 0, 60)
    const em = bound.model.mStep(params, whole).params
    em.forEach((x, i) => {
      expect(next[i]).toBeCloseTo(x, 9)
    })
    // second derivatives of the parts add up to those of all, but for what is no sum over units, which each of them has
    const own = [0, 15, 20, 43].map((from, i) => {
      const to = [15, 20, 43, 60][i] ?? 60
      const { statistics: sums } = batches.eStepOver(params, from, to)
      return batches.learnt(params, running, { ...turn, statistics: sums }, from, to).curvature
    })
    curvature.forEach((h, i) => {
      const prior = text === herds && i === 3 ? 3 / 3 ** 2 : 0
      expect(own.reduce((n, c) => n + (c[i] ?? 0), 0) + prior).toBeCloseTo(h, 8)
    })
  })

  it.each(cases.filter(([, text]) => text !== ability))('%s: it comes near to EM', async (_, text, data) => {
    const model = compileOrThrow(text)
    const em = await model.fit(data, { restarts: 2 })
    const options = { mode: 'online', batch: 12, restarts: 4, schedule: { passes: 60, power: 0.8 } } as const
    const online = await model.fit(data, options)
    expect(em.logLikelihood - online.logLikelihood).toBeLessThan(0.3)
    expect(em.logLikelihood - online.logLikelihood).toBeGreaterThan(-1e-6)
    expect(online.toJSON().batches).toMatchObject({ rows: 12, perPass: 5 })
    expect((await model.fit(data, options)).logLikelihood).toBe(online.logLikelihood)
  })

  it('hard EM in batches of sequences', async () => {
    const [, text, data] = cases[1] ?? ['', '', {}]
    const model = compileOrThrow(text)
    const whole = await model.fit(data, { mode: 'hard', restarts: 2 })
    const parts = await model.fit(data, { mode: 'hard', batch: 12, restarts: 2, schedule: { passes: 60, power: 0.8 } })
    expect(Math.abs(whole.objective - parts.objective)).toBeLessThan(5)
  })

  it('refuses with the reason', async () => {
    const refused = (text: string, data: unknown, batch = 5) =>
      expect(compileOrThrow(text).fit(data, { mode: 'online', batch })).rejects
    const [, ragged, data] = cases[1] ?? ['', '', {}]
    await refused(ragged, data, 60).toThrow('a batch of 60 groups or sequences leaves nothing to go on to')
    const numbered = groups.replace('m + a[g[n]]', 'm * n + a[g[n]]')
    await refused(numbered, cases[4]?.[2]).toThrow(/uses the number `n` of a row/)
    const own = groups.replace('param m : real\n', 'param m : real[levels(g)]\n').replace('m + a', 'm[g[n]] + a')
    await refused(own, cases[4]?.[2]).toThrow(/`m` has a value for each/)
  })
})
