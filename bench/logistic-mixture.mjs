/**
 * `node bench/logistic-mixture.mjs [ROUNDS]`, after `npm run build` and with R and its flexmix installed: a mixture of two
 * logistic regressions on 100,000 rows and 10 covariates, side by side with flexmix from the same posteriors, in turns. What is timed is
 * the fit alone: until flexmix's stopping rule holds, and until Estep's log-likelihood is that where flexmix
 * stopped, to nine digits. Nothing is asserted: times belong to the machine they are taken on.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compileOrThrow } from 'estep'

const N = 100_000
const P = 10
const TRIALS = 5
const rounds = Number(process.argv[2] ?? 3)

const SOURCE = `
model LogisticMixture
const K = 2
data  x : real[N, P]
data  hits, trials : count[N]
param pi : simplex[K]
param a  : real[K]
param b  : real[K, P]
for n in 1..N {
  latent z ~ Categorical(pi)
  hits[n] ~ Binomial(trials[n], logit = a[z] + dot(b[z], x[n]))
}
`

let state = 12345
const uniform = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return (state + 0.5) / 4294967296
}
const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())

const truth = {
  pi: [0.35, 0.65],
  a: [-0.5, 0.5],
  b: [0, 1].map((k) => Array.from({ length: P }, (_, j) => (k === 0 ? 1 : -1) * (0.2 + 0.05 * j))),
}
const start = {
  pi: [0.5, 0.5],
  a: [0, 0],
  b: truth.b.map((row) => row.map((v) => 0.3 * v + 0.1 * normal())),
}
const score = (params, k, x) => x.reduce((s, v, j) => s + params.b[k][j] * v, params.a[k])
const x = []
const hits = []
const posterior = []
for (let n = 0; n < N; n++) {
  const row = Array.from({ length: P }, normal)
  const k = uniform() < truth.pi[0] ? 0 : 1
  const p = 1 / (1 + Math.exp(-score(truth, k, row)))
  let h = 0
  for (let i = 0; i < TRIALS; i++) if (uniform() < p) h++
  const logs = [0, 1].map((c) => {
    const s = score(start, c, row)
    return Math.log(start.pi[c]) + h * s - TRIALS * Math.log1p(Math.exp(s))
  })
  const first = 1 / (1 + Math.exp(logs[1] - logs[0]))
  x.push(row)
  hits.push(h)
  posterior.push([first, 1 - first])
}
const trials = hits.map(() => TRIALS)

const folder = mkdtempSync(join(tmpdir(), 'estep-bench-'))
const header = ['hits', 'trials', ...x[0].map((_, j) => `x${j + 1}`)].join(',')
const dataFile = join(folder, 'data.csv')
const startFile = join(folder, 'start.csv')
writeFileSync(dataFile, `${header}\n${x.map((row, n) => [hits[n], TRIALS, ...row].join(',')).join('\n')}\n`)
writeFileSync(startFile, `first,second\n${posterior.map((r) => r.join(',')).join('\n')}\n`)
const script = fileURLToPath(new URL('./logistic-mixture.R', import.meta.url))

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)]
const model = compileOrThrow(SOURCE)
const results = []
try {
  for (let round = 0; round < rounds; round++) {
    const peer = JSON.parse(execFileSync('Rscript', [script, dataFile, startFile], { encoding: 'utf8' }))
    const began = performance.now()
    let reached = null
    const fit = await model.fit(
      { x, hits, trials },
      {
        start,
        restarts: 1,
        tol: 1e-10,
        onIteration: ({ iteration, objective }) => {
          if (reached === null && objective >= peer.logLikelihood - 1e-9 * Math.abs(peer.logLikelihood))
            reached = { seconds: (performance.now() - began) / 1000, iteration }
        },
      },
    )
    const seconds = (performance.now() - began) / 1000
    results.push({ peer, reached, seconds })
    console.log(
      `flexmix ${peer.seconds.toFixed(2)} s, ${peer.iterations} iterations, ${peer.logLikelihood.toFixed(4)}   ` +
        `Estep ${reached === null ? 'not there' : `${reached.seconds.toFixed(2)} s, ${reached.iteration} iterations to the same`}, ` +
        `${seconds.toFixed(2)} s, ${fit.result.iterations} iterations to convergence, ${fit.logLikelihood.toFixed(4)}`,
    )
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
const same = results.flatMap((r) => (r.reached === null ? [] : [r.peer.seconds / r.reached.seconds]))
console.log(
  `two logistic regressions, ${N} × ${P}, one thread, generated JavaScript, Node ${process.version}, ${results[0].peer.version}:`,
)
console.log(
  `  to the same log-likelihood ${same.length < results.length ? 'not always reached' : `${median(same).toFixed(1)}×`}, ` +
    `to convergence of both ${median(results.map((r) => r.peer.seconds / r.seconds)).toFixed(1)}×`,
)
