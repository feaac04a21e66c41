/**
 * `node bench/chains.mjs`, after `npm run build`: time and memory of one EM iteration along chains of growing length, with
 * one thread and generated JavaScript. Nothing is asserted: times belong to the machine they are taken on.
 */
import { cpus } from 'node:os'
import { compileOrThrow } from '../dist/index.js'

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)]

/** Uniform and Normal numbers from a fixed seed. */
function source() {
  let state = 12345
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state + 0.5) / 4294967296
  }
  return { uniform, normal: () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()) }
}

const HIDDEN_MARKOV = `
model HiddenMarkov
const S = 8
data  y : real[T]
param start : simplex[S]
param step  : simplex[S, S]
param mu    : real[S]
param sigma : positive[S]
latent z[1] ~ Categorical(start)
for t in 2..T { latent z[t] ~ Categorical(step[z[t-1]]) }
for t in 1..T { y[t] ~ Normal(mu[z[t]], sigma[z[t]]) }
`

const LOCAL_LEVEL = `
model LocalLevel
data  y : real[T]
param m    : real
param q, s : positive
latent x[1] ~ Normal(m, 10)
for t in 2..T { latent x[t] ~ Normal(x[t-1], q) }
for t in 1..T { y[t] ~ Normal(x[t], s) }
`

function states(length) {
  const { uniform, normal } = source()
  let z = 0
  return Float64Array.from({ length }, () => {
    if (uniform() < 0.05) z = Math.floor(8 * uniform())
    return 3 * z + normal()
  })
}

function walk(length) {
  const { normal } = source()
  let x = 0
  return Float64Array.from({ length }, () => {
    x += 0.3 * normal()
    return x + normal()
  })
}

const even = (n) => Array.from({ length: n }, () => 1 / n)
const hiddenMarkovStart = {
  start: even(8),
  step: Array.from({ length: 8 }, (_, i) => Array.from({ length: 8 }, (_, j) => (i === j ? 0.93 : 0.01))),
  mu: Array.from({ length: 8 }, (_, k) => 2.8 * k),
  sigma: Array.from({ length: 8 }, () => 1.5),
}

async function iterations(source, y, start, count) {
  const times = []
  let last = performance.now()
  const fit = await compileOrThrow(source).fit(
    { y },
    {
      start,
      maxIterations: count,
      tolerance: 0,
      onIteration() {
        times.push(performance.now() - last)
        last = performance.now()
      },
    },
  )
  return { time: median(times.slice(2)), logLikelihood: fit.logLikelihood }
}

console.log(`Node ${process.version}, ${cpus()[0]?.model ?? 'unknown processor'}`)
for (const [name, text, data, start, lengths] of [
  ['discrete chain, 8 states', HIDDEN_MARKOV, states, hiddenMarkovStart, [10_000, 100_000, 1_000_000]],
  ['Gaussian chain', LOCAL_LEVEL, walk, { m: 0, q: 1, s: 1 }, [10_000, 100_000]],
]) {
  for (const length of lengths) {
    const { time, logLikelihood } = await iterations(text, data(length), start, 9)
    const buffers = Math.round(process.memoryUsage().arrayBuffers / 2 ** 20)
    console.log(
      `${name}, T = ${length.toLocaleString('en')}: ${time.toFixed(1)} ms an iteration, ${((1000 * time) / length).toFixed(2)} µs a place; arrays ${buffers} MiB; log-likelihood ${logLikelihood.toFixed(4)}`,
    )
  }
}
