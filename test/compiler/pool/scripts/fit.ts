/** A fit by as many workers as are asked for; prints its result and how many there were, and ends by itself. */
import { Worker } from 'node:worker_threads'
import { compileOrThrow, type FitCallOptions } from '../../../../index.js'

interface Case {
  readonly text: string
  readonly data: () => Readonly<Record<string, unknown>>
  readonly options: FitCallOptions
}

const list = <T>(count: number, one: (i: number) => T): readonly T[] => Array.from({ length: count }, (_, i) => one(i))
/** A number in (0, 1) without a pattern. */
const noise = (i: number): number => Math.abs(Math.sin(i * i + 0.5) * 1e4) % 1

const cases: Readonly<Record<string, Case>> = {
  restarts: {
    text: `model Full
const K = 3
data x : real[N, D]
param pi : simplex[K]
param mu : real[K, D]
param Sigma : covariance[K, D]
for n in 1..N {
  latent z ~ Categorical(pi)
  x[n] ~ MvNormal(mu[z], Sigma[z])
}`,
    data: () => ({ x: list(10_000, (i) => [(i % 3) * 4 + Math.sin(i * i), Math.cos(7 * i) * (1 + (i % 2))]) }),
    options: { restarts: 5, maxIterations: 60 },
  },
  newton: {
    text: `model Lines
const K = 2
data x : real[N, P]
data y : count[N]
param pi : simplex[K]
param b : real[K, P]
for n in 1..N {
  latent z ~ Categorical(pi)
  y[n] ~ Poisson(exp(dot(b[z], x[n])))
}`,
    data: () => ({
      x: list(20_000, (i) => [1, noise(i), noise(3 * i)]),
      y: list(20_000, (i) => Math.floor((i % 2 === 0 ? 6 : 2) * noise(i + 7) * (1 + noise(i)))),
    }),
    options: { restarts: 2, init: 'random', maxIterations: 25 },
  },
  single: {
    text: `model Chain
const S = 4
data y : category?[T]
param start : simplex[S]
param step : simplex[S, S]
param b : simplex[S, levels(y)]
latent z[1] ~ Categorical(start)
for t in 2..T { latent z[t] ~ Categorical(step[z[t-1]]) }
for t in 1..T { y[t] ~ Categorical(b[z[t]]) }`,
    data: () => ({
      y: list(120_000, (t) => (t % 31 === 5 ? null : 'abcd'[Math.floor(noise(t) * (1 + (Math.floor(t / 9) % 4)))])),
    }),
    options: { restarts: 2, init: 'random', maxIterations: 100 },
  },
  chains: {
    text: `model Chains
const S = 3
data y : category[R][T]
param start : simplex[S]
param step : simplex[S, S]
param b : simplex[S, levels(y)]
for r in 1..R {
  latent z[1] ~ Categorical(start)
  for t in 2..T { latent z[t] ~ Categorical(step[z[t-1]]) }
  for t in 1..T { y[r, t] ~ Categorical(b[z[t]]) }
}`,
    data: () => ({
      y: list(600, (r) => list(100 + (r % 7), (t) => 'abcd'[Math.floor(t / 9) % 2 === 0 ? (t * r) % 2 : (t + r) % 4])),
    }),
    options: { restarts: 2, init: 'random', maxIterations: 100 },
  },
  // no other run is under way: the calling thread takes its part
  lone: {
    text: `model Classes
const K = 3
data y : category[N, J]
param pi : simplex[K]
param theta : simplex[K, J, levels(y)]
for n in 1..N {
  latent z ~ Categorical(pi)
  for j in 1..J { y[n, j] ~ Categorical(theta[z, j]) }
}`,
    data: () => ({
      y: list(60_000, (n) => list(8, (j) => 'abcd'[Math.floor(4 * noise(9 * n + j) ** (1 + ((n + j) % 3)))])),
    }),
    options: { restarts: 1, init: 'random', maxIterations: 500 },
  },
}

const chosen = cases[process.argv[2] ?? '']
if (chosen === undefined) throw new Error('no such case')
const threads = Number(process.argv[3])
let jobs = 0
const { postMessage } = Worker.prototype
const seen = new Set<Worker>()
Worker.prototype.postMessage = function (this: Worker, ...args) {
  seen.add(this)
  if (args[0].kind === 'run') jobs++
  return postMessage.apply(this, args)
}
// a clock by which every pass is worth its workers, on a fast machine too
const { now } = Date
let readings = 0
Date.now = () => now() + readings++
// and time for them to come before the fit is over
const pause = new Int32Array(new SharedArrayBuffer(4))
const onIteration = (): void => {
  if (threads > 1 && jobs === 0) Atomics.wait(pause, 0, 0, 10)
}
const options = { ...chosen.options, tolerance: 0, threads, onIteration }
const fit = await compileOrThrow(chosen.text).fit(chosen.data(), options)
console.log(JSON.stringify({ started: seen.size, jobs, result: fit.toJSON() }))
