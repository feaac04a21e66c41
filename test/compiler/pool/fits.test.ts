/** Whole fits: the same result, bit for bit, whatever the number of workers. */
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { WorkerPool } from '../../../compiler/targets/wasm/pool/worker-pool.js'
import { compileOrThrow, type FitCallOptions, InternalError } from '../../../index.js'
import { fitModel } from '../../../runtime/fit.js'
import type { FitRequest } from '../../../runtime/options.js'
import { pause } from '../../runtime/fake-models.js'
import { type ChannelOptions, type ChannelWorker, channelWorker } from '../../support/channel-workers.js'

/** Uniform on (0, 1), from a fixed seed. */
function uniforms(): () => number {
  let state = 99
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state + 0.5) / 2 ** 32
  }
}

function clouds(rows: number, dimensions: number): number[][] {
  const uniform = uniforms()
  const normal = (): number => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())
  return Array.from({ length: rows }, (_, i) =>
    Array.from({ length: dimensions }, (_, d) => (i % 3) * (d + 2) + normal()),
  )
}

const models = {
  diagonal: `model Diagonal
const K = 3
data x : real[N, D]
param pi : simplex[K]
param mu : real[K, D]
param sigma : positive[K, D]
for n in 1..N {
  latent z ~ Categorical(pi)
  for d in 1..D { x[n, d] ~ Normal(mu[z, d], sigma[z, d]) }
}`,
  full: `model Full
const K = 3
data x : real[N, D]
param pi : simplex[K]
param mu : real[K, D]
param Sigma : covariance[K, D]
for n in 1..N {
  latent z ~ Categorical(pi)
  x[n] ~ MvNormal(mu[z], Sigma[z])
}`,
  lines: `model Lines
const K = 2
data x : real[N, D]
param pi : simplex[K]
param a, b : real[K]
param s : positive[K]
for n in 1..N {
  latent z ~ Categorical(pi)
  x[n, 2] ~ Normal(a[z] + b[z] * x[n, 1], s[z])
}`,
  newton: `model Newton
const K = 2
data x : real[N, D]
data y : bool[N]
param pi : simplex[K]
param b : real[K, D]
for n in 1..N {
  latent z ~ Categorical(pi)
  y[n] ~ Bernoulli(logit = dot(b[z], x[n]))
}`,
  chains: `model Chains
const S = 2
data c : category[R][T]
param start : simplex[S]
param step : simplex[S, S]
param b : simplex[S, levels(c)]
for r in 1..R {
  latent z[1] ~ Categorical(start)
  for t in 2..T { latent z[t] ~ Categorical(step[z[t-1]]) }
  for t in 1..T { c[r, t] ~ Categorical(b[z[t]]) }
}`,
} as const

const rows = 4000
const data = { x: clouds(rows, 2) }
/** So many that workers are worth their start. */
const many = { x: clouds(40_000, 2) }
const numbers = uniforms()
const dataOf: Readonly<Record<keyof typeof models, Readonly<Record<string, unknown>>>> = {
  diagonal: data,
  full: data,
  lines: data,
  newton: { ...data, y: data.x.map(([a = 0, b = 0]) => numbers() < 1 / (1 + Math.exp(b - a))) },
  chains: {
    c: Array.from({ length: 60 }, (_, r) =>
      Array.from({ length: 80 + (r % 5) }, () => 'abc'[Math.floor(3 * numbers())]),
    ),
  },
}

function crew(options?: ChannelOptions): { readonly made: ChannelWorker[]; readonly spawn: () => ChannelWorker } {
  const made: ChannelWorker[] = []
  const spawn = (): ChannelWorker => {
    const worker = channelWorker(options)
    made.push(worker)
    return worker
  }
  return { made, spawn }
}

const cases = [
  ['diagonal', { restarts: 5, maxIterations: 30, init: 'random' }],
  ['full', { restarts: 2, maxIterations: 30, trace: true }],
  ['full', { restarts: 4, maxIterations: 20, mode: 'hard', init: 'random' }],
  ['lines', { restarts: 4, maxIterations: 30, init: 'random' }],
  ['newton', { restarts: 4, maxIterations: 15 }],
  ['chains', { restarts: 5, maxIterations: 20 }],
] as const

/** A clock by which every pass is worth its workers, on a fast machine too. */
function quickClock(): void {
  const { now } = Date
  let readings = 0
  vi.spyOn(Date, 'now').mockImplementation(() => now() + readings++)
}

/** Everything in a fit at these options, by workers that are there from the beginning. */
async function fitted(
  library: typeof import('../../../index.js'),
  model: keyof typeof models,
  options: FitCallOptions,
  pool: WorkerPool | null,
): Promise<unknown> {
  await pool?.begin()
  const bound = library.compileOrThrow(models[model]).bind(dataOf[model], options, null, pool)
  const outcome = await fitModel(bound.model, options as FitRequest, { pause })
  await pool?.end()
  return outcome.ok ? { ...outcome.result, params: [...outcome.params] } : outcome
}

describe('fits by workers', () => {
  for (const share of [true, false])
    describe(share ? 'that share memory' : 'that have their own rows', () => {
      let library: typeof import('../../../index.js')
      beforeAll(async () => {
        // what the engine can do is looked at once
        vi.stubGlobal('crossOriginIsolated', share)
        vi.resetModules()
        library = await import('../../../index.js')
      }, 60_000)
      afterAll(() => {
        vi.unstubAllGlobals()
      })
      for (const [model, options] of cases)
        it(`have the bits of one thread: ${model} ${JSON.stringify(options)}`, { timeout: 120_000 }, async () => {
          const alone = await fitted(library, model, options, null)
          for (const threads of share ? [1, 2, 8] : [2]) {
            const { made, spawn } = crew()
            expect(await fitted(library, model, options, new WorkerPool(threads, spawn))).toEqual(alone)
            expect(made.length).toBe(threads)
            for (const { received } of made) {
              expect(received.filter(({ kind }) => kind === 'run').length).toBeGreaterThan(2)
              expect(received.some(({ kind }) => kind === 'shards')).toBe(!share)
            }
          }
        })
    })

  afterEach(() => {
    vi.restoreAllMocks()
  })

  it('start them, and let them go', { timeout: 90_000 }, async () => {
    quickClock()
    const options = { restarts: 4, maxIterations: 25, tolerance: 0 }
    const alone = await compileOrThrow(models.full).fit(many, { ...options, threads: 1 })
    const { made, spawn } = crew()
    const shared = await compileOrThrow(models.full).fit(many, { ...options, threads: 2, spawn })
    expect(shared.toJSON()).toEqual(alone.toJSON())
    expect(made.map(({ received }) => received.some(({ kind }) => kind === 'run'))).toEqual([true, true])
    expect(made.some((worker) => worker.isOpen())).toBe(false)
  })

  it('start one less for a single run, which the calling thread shares', async () => {
    quickClock()
    const { made, spawn } = crew()
    await compileOrThrow(models.full).fit(many, { restarts: 1, maxIterations: 40, tolerance: 0, threads: 3, spawn })
    expect(made.length).toBe(2)
  })

  it('of few rows, or by JavaScript, start none', async () => {
    const { made, spawn } = crew()
    const few = { x: clouds(60, 2) }
    await compileOrThrow(models.diagonal).fit(few, { threads: 4, restarts: 3, spawn })
    await compileOrThrow(models.diagonal).fit(data, {
      threads: 4,
      restarts: 1,
      backend: 'js',
      spawn,
      maxIterations: 30,
    })
    expect(made).toEqual([])
  })

  it('end with an internal error where a worker is lost', { timeout: 60_000 }, async () => {
    quickClock()
    const made: ChannelWorker[] = []
    const spawn = (): ChannelWorker => {
      const worker = channelWorker({
        swallow(message) {
          if (message.kind === 'run') setImmediate(() => worker.die('it ended with status 9'))
          return message.kind === 'run'
        },
      })
      made.push(worker)
      return worker
    }
    const lost = compileOrThrow(models.full).fit(many, { threads: 2, restarts: 6, tolerance: 0, spawn })
    const error = await lost.catch((e: unknown) => e)
    expect(error).toBeInstanceOf(InternalError)
    expect(error).toHaveProperty('message', 'a worker failed: it ended with status 9')
    expect(made.length).toBe(2)
    expect(made.some((worker) => worker.isOpen())).toBe(false)
  })
})
