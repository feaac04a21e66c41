/**
 * `npm run bench`, after `npm run build`: the time of a compile and of an EM iteration, as medians. Nothing is asserted:
 * times belong to the machine they are taken on.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { compile, compileOrThrow } from '../dist/index.js'

const read = (name) => readFileSync(new URL(name, import.meta.url), 'utf8')
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)]
const ms = (x) => `${x.toFixed(1)} ms`

function timed(f) {
  const from = performance.now()
  f()
  return performance.now() - from
}

/** The first compile of a fresh process, its start-up not counted; one process a sample. */
function firstCompile(model) {
  const script = `
    import { readFileSync } from 'node:fs'
    import { compile } from ${JSON.stringify(new URL('../dist/index.js', import.meta.url).href)}
    const source = readFileSync(${JSON.stringify(fileURLToPath(new URL(model, import.meta.url)))}, 'utf8')
    const used = process.cpuUsage()
    const from = performance.now()
    compile(source)
    const wall = performance.now() - from
    const { user, system } = process.cpuUsage(used)
    console.log(JSON.stringify([wall, (user + system) / 1000]))`
  return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }))
}

function compileTime() {
  const model = './models/sixty-lines.estep'
  const source = read(model)
  const { ok, diagnostics } = compile(source)
  if (!ok) throw new Error(diagnostics.map((d) => d.message).join('\n'))
  const lines = source.trimEnd().split('\n').length
  const first = Array.from({ length: 7 }, () => firstCompile(model))
  const warm = Array.from({ length: 15 }, () => timed(() => compile(source)))
  console.log(
    `compile, a model of ${lines} lines after start-up   first ${ms(median(first.map(([wall]) => wall)))} (processor ${ms(median(first.map(([, cpu]) => cpu)))}; median of ${first.length} processes; goal 100 ms)   again ${ms(median(warm))}`,
  )
}

/** Rows around K centres, each with its own covariance, from a fixed seed. */
function clusters(rows, columns, components) {
  let state = 12345
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state + 0.5) / 4294967296
  }
  const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())
  return Array.from({ length: rows }, (_, n) => {
    const k = n % components
    const shared = normal()
    return Array.from(
      { length: columns },
      (_, d) => 4 * Math.cos(k * (d + 1)) + 0.5 * (1 + k / components) * (normal() + 0.6 * shared),
    )
  })
}

const MIXTURE = `
model Mixture
const K = 5
data  x : real[N, D]
param pi    : simplex[K]
param mu    : real[K, D]
param Sigma : covariance[K, D]
for n in 1..N {
  latent z ~ Categorical(pi)
  x[n] ~ MvNormal(mu[z], Sigma[z])
}
`

async function iterationTime(rows, columns, components, iterations) {
  const model = compileOrThrow(MIXTURE)
  const data = { x: clusters(rows, columns, components) }
  const identity = Array.from({ length: columns }, (_, i) =>
    Array.from({ length: columns }, (_, j) => (i === j ? 1 : 0)),
  )
  const start = {
    pi: Array.from({ length: components }, () => 1 / components),
    mu: Array.from({ length: components }, (_, k) => data.x[k]),
    Sigma: Array.from({ length: components }, () => identity),
  }
  // the loop that `fit` runs: M-step, what it gains in Q, E-step at the new params
  const { model: bound } = model.bind(data, { set: { K: components } })
  const first = model.iterate(data, { start, set: { K: components } })
  const opening = await first.next()
  await first.return()
  let params = opening.value.params
  let expectation = bound.eStep(params)
  const times = []
  for (let i = 0; i < iterations + 3; i++) {
    const time = timed(() => {
      const next = bound.mStep(params, expectation).params
      bound.gain(params, expectation, next)
      params = next
      expectation = bound.eStep(params)
    })
    if (i >= 3) times.push(time)
  }
  const size = `${rows.toLocaleString('en')} × ${columns}, K = ${components}`
  console.log(
    `EM iteration, full-covariance mixture ${size}   ${ms(median(times))} (median of ${times.length}, one thread, generated JavaScript; goal 150 ms at 100,000 × 4, K = 5)   log-likelihood ${expectation.logLikelihood.toFixed(4)}`,
  )
}

const size = process.argv.slice(2).map(Number)
console.log(`Node ${process.version}, ${cpus()[0]?.model ?? 'unknown processor'}`)
compileTime()
await iterationTime(size[0] ?? 100_000, size[1] ?? 4, size[2] ?? 5, 15)
