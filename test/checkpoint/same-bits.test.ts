import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  AbortError,
  compileOrThrow,
  type FitCallOptions,
  type FitCheckpoint,
  type FitData,
  readTable,
  rowsTable,
} from '../../index.js'
import { clusters, rowsOf } from '../stream/simulated.js'

const folder = new URL('../../examples/', import.meta.url)
const text = (path: string): string => readFileSync(new URL(path, folder), 'utf8')
const table = (path: string): FitData => {
  const { value } = readTable(path, readFileSync(new URL(path, folder)))
  if (value === undefined) throw new Error(`${path} cannot be read`)
  return [value]
}

interface Case {
  readonly name: string
  readonly model: string
  readonly data: () => FitData
  readonly options: FitCallOptions
}

const of = (name: string, model: string, data: string, options: FitCallOptions = {}): Case => ({
  name,
  model: text(model),
  data: () => table(data),
  options,
})
const faithful = ['old-faithful/spherical.estep', 'old-faithful/faithful.csv'] as const
const simulated = clusters(6000)

const cases: readonly Case[] = [
  of('starts narrowed down in rounds', ...faithful, { restarts: 25 }),
  of('starts by splitting', ...faithful, { init: 'split', set: { K: 3 }, restarts: 3 }),
  of('hard mode, traced', ...faithful, { mode: 'hard', trace: true, restarts: 5 }),
  of('SQUAREM', ...faithful, { accelerate: 'squarem', set: { K: 3 }, restarts: 4 }),
  of('Anderson', ...faithful, { accelerate: 'anderson', set: { K: 3 }, restarts: 4, trace: true }),
  of('a chain', 'earthquake-chain/model.estep', 'earthquake-chain/earthquakes.csv', { set: { S: 3 }, restarts: 5 }),
  of('a scale that goes to 0', 'eight-schools/model.estep', 'eight-schools/schools.csv'),
  of('quadrature', 'generalised-mixed/herds.estep', 'generalised-mixed/herds.csv', { restarts: 2 }),
  of('a bound, factorised', 'latent-dirichlet/bayesian.estep', 'latent-dirichlet/pride.csv', {
    restarts: 4,
    maxIterations: 30,
  }),
  {
    name: 'variational Bayes, which leaves no params',
    model: `model Groups
const K = 2
data  y : real[N]
param pi  : simplex[K] ~ Dirichlet(2)
param mu  : real[K] ~ Normal(0, 10)
param tau : positive[K] ~ Gamma(2, 1)
for n in 1..N {
  latent z ~ Categorical(pi)
  y[n] ~ Normal(mu[z], precision=tau[z])
}`,
    data: () => ({ y: [-3.2, -2.7, -2.9, -3.4, -2.2, 1.1, 0.6, 1.9, 1.4, 0.8, 1.5, 2.2] }),
    options: { mode: 'vb', restarts: 4 },
  },
  of('classification EM', ...faithful, { mode: 'cem', restarts: 5 }),
  of('stochastic EM, traced', ...faithful, { mode: 'sem', trace: true, schedule: { burn: 20, keep: 45 } }),
  of('stochastic EM with quadrature', 'generalised-mixed/herds.estep', 'generalised-mixed/herds.csv', {
    mode: 'sem',
    schedule: { burn: 5, keep: 20 },
  }),
  {
    name: 'stochastic EM by factors, traced',
    model: `model Kinds
data g, h : category[N]
data y : real[N]
param p : simplex[2]
param m : real[2]
param t : positive
latent tau ~ Gamma(3, 2)
for i in levels(g) {
  latent a[i] ~ Categorical(p)
  latent e[i] ~ Normal(m[a[i]], 1)
}
for j in levels(h) { latent f[j] ~ Normal(0, t) }
for n in 1..N { y[n] ~ Normal(e[g[n]] + f[h[n]], precision=tau) }`,
    data: () => ({
      g: Array.from({ length: 40 }, (_, n) => `g${Math.floor(n / 5)}`),
      h: Array.from({ length: 40 }, (_, n) => `h${n % 5}`),
      y: Array.from({ length: 40 }, (_, n) => (n < 20 ? 3 : 0) + Math.sin(5 * (n % 5)) + 0.5 * Math.cos(7 * n)),
    }),
    options: { mode: 'sem', trace: true, schedule: { burn: 20, keep: 25 } },
  },
  of('stochastic EM from a start that is given', ...faithful, {
    mode: 'sem',
    schedule: { burn: 0, keep: 30 },
    start: {
      pi: [0.5, 0.5],
      mu: [
        [2, 50],
        [4, 80],
      ],
      sigma: [1, 1],
    },
  }),
  of('annealing a factorised posterior', 'latent-dirichlet/bayesian.estep', 'latent-dirichlet/pride.csv', {
    mode: 'anneal',
    set: { K: 2 },
    restarts: 2,
    maxIterations: 12,
    schedule: { from: 0.5, factor: 1.6 },
  }),
  of('annealing from two starts', ...faithful, { mode: 'anneal', set: { K: 3 }, restarts: 2, trace: true }),
  of('batches', ...faithful, { mode: 'online', batch: 50, schedule: { passes: 4 }, trace: true }),
  of('batches in hard mode', ...faithful, { mode: 'hard', batch: 64, schedule: { passes: 5 } }),
  {
    name: 'batches of sequences',
    model: `model Chains
data y : real[S, T]
param start : simplex[2]
param A : simplex[2, 2]
param mu : ordered[2]
param s : positive
for i in 1..S {
  latent z[i, 1] ~ Categorical(start)
  for t in 2..T { latent z[i, t] ~ Categorical(A[z[i, t-1]]) }
  for t in 1..T { y[i, t] ~ Normal(mu[z[i, t]], s) }
}`,
    data: () => ({
      y: Array.from({ length: 14 }, (_, i) =>
        Array.from({ length: 9 }, (_, t) => ((i + t) % 7 < 3 ? 3 : 0) + Math.sin(5 * i + 3 * t)),
      ),
    }),
    options: { mode: 'online', batch: 4, schedule: { passes: 5 }, trace: true },
  },
  {
    name: 'batches of rows that do not lie in memory',
    model: simulated.model,
    data: () => [rowsTable('data', rowsOf(simulated))],
    options: { set: { K: 3 }, mode: 'online', batch: 700, memory: 4e6, schedule: { passes: 3 } },
  },
  {
    name: 'batches of logistic regressions, by rows',
    model: `model Classes
data x, y : real[N]
data b : bool[N]
param w : simplex[2]
param m, c, d : real[2]
for n in 1..N {
  latent z ~ Categorical(w)
  y[n] ~ Normal(m[z], 1)
  b[n] ~ Bernoulli(logit = c[z] + d[z] * x[n])
}`,
    data: () => ({
      x: Array.from({ length: 90 }, (_, i) => Math.sin(3 * i)),
      y: Array.from({ length: 90 }, (_, i) => (i % 3 === 0 ? 3 : 0) + Math.sin(7 * i)),
      b: Array.from({ length: 90 }, (_, i) => Math.sin(11 * i) > (i % 3 === 0 ? 0.4 : -0.2)),
    }),
    options: { mode: 'online', batch: 20, schedule: { passes: 4 }, trace: true },
  },
  of('batches of posteriors with nodes', 'generalised-mixed/herds.estep', 'generalised-mixed/herds.csv', {
    ...{ mode: 'online', batch: 4, schedule: { passes: 4 }, restarts: 2 },
  }),
  {
    name: 'workers, runs side by side',
    model: simulated.model,
    data: () => simulated.columns,
    options: { set: { K: 3 }, restarts: 4, threads: 2, backend: 'wasm', maxIterations: 18 },
  },
  {
    name: 'rows that do not lie in memory',
    model: simulated.model,
    data: () => [rowsTable('data', rowsOf(simulated))],
    options: { set: { K: 3 }, restarts: 4, memory: 4e6, maxIterations: 18 },
  },
]

/** A few of many, the first and the last among them. */
const some = <T>(all: readonly T[], count: number): readonly T[] =>
  all.filter((_, i) => Math.floor((i * count) / all.length) !== Math.floor(((i - 1) * count) / all.length))

const asFile = (state: FitCheckpoint): FitCheckpoint => JSON.parse(JSON.stringify(state))

describe('a fit that goes on from a checkpoint has the bits of one in one go', () => {
  it.each(cases)('$name', async ({ model: source, data, options }) => {
    const model = compileOrThrow(source)
    const whole = JSON.stringify(await model.fit(data(), options))
    const states: FitCheckpoint[] = []
    const kept = await model.fit(data(), {
      ...options,
      checkpointEvery: 0,
      checkpoint: (state) => void states.push(asFile(state)),
    })
    expect(JSON.stringify(kept)).toBe(whole)
    // iterations that end while a state is being made share one
    expect(states.length).toBeGreaterThan(1)
    for (const resume of some(states, 4)) {
      const again = await model.fit(data(), { ...options, resume })
      expect(JSON.stringify(again)).toBe(whole)
    }
  })

  it('whatever the number of workers', async () => {
    const model = compileOrThrow(simulated.model)
    const options = { set: { K: 3 }, restarts: 4, maxIterations: 18, backend: 'wasm' } as const
    const whole = JSON.stringify(await model.fit(simulated.columns, { ...options, threads: 1 }))
    const states: FitCheckpoint[] = []
    await model.fit(simulated.columns, {
      ...options,
      threads: 2,
      checkpointEvery: 0,
      checkpoint: (state) => void states.push(asFile(state)),
    })
    for (const resume of some(states, 3)) {
      const again = await model.fit(simulated.columns, { ...options, threads: 1, resume })
      expect(JSON.stringify(again)).toBe(whole)
    }
  })
})

describe('a fit that was broken off goes on', () => {
  const model = compileOrThrow(text(faithful[0]))
  const options = { set: { K: 4 }, restarts: 12, seed: 3 }
  const walks: readonly FitCallOptions[] = [
    { mode: 'em' },
    { mode: 'anneal', restarts: 2 },
    { mode: 'sem', schedule: { burn: 60, keep: 120 } },
    { mode: 'online', batch: 32, schedule: { passes: 130 } },
  ]

  it.each(walks)('after an abort, again and again, and its last state is not lost: $mode', async (walk) => {
    const own = { ...options, ...walk }
    const data = table(faithful[1])
    let all = 0
    const whole = JSON.stringify(await model.fit(data, { ...own, onIteration: () => void all++ }))
    let state: FitCheckpoint | null = null
    let [parts, made] = [0, 0]
    for (;;) {
      const signal = { aborted: false }
      let iterations = 0
      try {
        const done = await model.fit(data, {
          ...own,
          signal,
          ...(state === null ? {} : { resume: state }),
          checkpointEvery: 1e9,
          checkpoint(made) {
            state = asFile(made)
          },
          onIteration() {
            made++
            if (++iterations === 40) signal.aborted = true
          },
        })
        expect(JSON.stringify(done)).toBe(whole)
        break
      } catch (e) {
        if (!(e instanceof AbortError)) throw e
        parts++
      }
    }
    expect(parts).toBeGreaterThan(3)
    // nothing is made twice but what comes after the search
    expect(made - all).toBeLessThan(40)
  })

  it('after its time has run out, for as long as it is given', async () => {
    const data = table(faithful[1])
    const whole = JSON.stringify(await model.fit(data, options))
    const part = async (resume: FitCheckpoint | null, maxTime: number) => {
      const states: FitCheckpoint[] = []
      const fit = await model.fit(data, {
        ...options,
        ...(resume === null ? {} : { resume }),
        maxTime,
        checkpoint: (made) => void states.push(asFile(made)),
      })
      return { fit, state: states.at(-1) ?? null }
    }
    let { fit, state } = await part(null, 10)
    expect(fit.toJSON().stop).toBe('max-time')
    for (let i = 0; fit.toJSON().stop === 'max-time' && i < 20; i++) ({ fit, state } = await part(state, 40 * 2 ** i))
    expect(JSON.stringify(fit)).toBe(whole)
  })
})
