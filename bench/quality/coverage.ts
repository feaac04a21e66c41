/**
 * How often 95 % intervals cover the truth: 2,000 simulated data sets for each of three models, fitted from the truth,
 * with standard errors from the information.
 *
 *   npx tsx bench/quality/coverage.ts > bench/quality/coverage.md
 */

import { standardErrors } from '../../api/uncertainty/standard-errors.js'
import { compileOrThrow, type Estimate, type FitData } from '../../index.js'
import { busyPacer } from '../../runtime/pacer.js'
import { type RandomSource, randomSource } from '../../runtime/random.js'
import { beginRun, continueRun } from '../../runtime/run.js'
import { applyStartValues } from '../../runtime/start-values.js'

const RUNS = Number(process.argv[2] ?? 2000)

/** A standard normal number (Box and Muller 1958). */
const bell = (draw: RandomSource): number => Math.sqrt(2 * draw.exponential()) * Math.cos(2 * Math.PI * draw.uniform())

interface Study {
  readonly name: string
  readonly about: string
  readonly source: string
  readonly start: Readonly<Record<string, unknown>>
  /** The truth by name and index, and the data of one run. */
  readonly truth: Readonly<Record<string, number>>
  simulate(draw: RandomSource): FitData
}

function poisson(draw: RandomSource, mean: number): number {
  let [n, product] = [0, draw.uniform()]
  for (const least = Math.exp(-mean); product > least; n++) product *= draw.uniform()
  return n
}

const studies: readonly Study[] = [
  {
    name: 'Mixture of two Normals',
    about: '300 rows, weights .4 and .6, means 0 and 3, sds 1 and 0.8',
    source: `model Mixture
const K = 2
data y : real[N]
param w : simplex[K]
param mu : real[K]
param sigma : positive[K]
let gap = mu[2] - mu[1]
for n in 1..N {
  latent z ~ Categorical(w)
  y[n] ~ Normal(mu[z], sigma[z])
}`,
    start: { w: [0.4, 0.6], mu: [0, 3], sigma: [1, 0.8] },
    truth: { 'w[1]': 0.4, 'w[2]': 0.6, 'mu[1]': 0, 'mu[2]': 3, 'sigma[1]': 1, 'sigma[2]': 0.8, gap: 3 },
    simulate: (draw) => ({
      y: Array.from({ length: 300 }, () => (draw.uniform() < 0.4 ? bell(draw) : 3 + 0.8 * bell(draw))),
    }),
  },
  {
    name: 'Random intercepts',
    about: '80 groups of 5 rows: y = 1 + 0.5 x + u + e, sds 0.7 of u and 1 of e',
    source: `model Intercepts
data group : category[N]
data x, y : real[N]
param b0, b1 : real
param t, s : positive
let share = t^2 / (t^2 + s^2)
for g in levels(group) { latent u[g] ~ Normal(0, t) }
for n in 1..N { y[n] ~ Normal(b0 + b1 * x[n] + u[group[n]], s) }`,
    start: { b0: 1, b1: 0.5, t: 0.7, s: 1 },
    truth: { b0: 1, b1: 0.5, t: 0.7, s: 1, share: 0.49 / 1.49 },
    simulate(draw) {
      const rows = Array.from({ length: 80 }, (_, g) => {
        const u = 0.7 * bell(draw)
        return Array.from({ length: 5 }, () => {
          const x = bell(draw)
          return { group: `g${g}`, x, y: 1 + 0.5 * x + u + bell(draw) }
        })
      })
      return rows.flat()
    },
  },
  {
    name: 'Poisson chain of two states',
    about: '400 places, probabilities .1 and .15 of leaving a state, rates 3 and 9',
    source: `model Chain
const S = 2
data y : count[T]
param step : simplex[S, S]
param rate : positive[S]
latent z[1] ~ Categorical([0.6, 0.4])
for t in 2..T { latent z[t] ~ Categorical(step[z[t-1]]) }
for t in 1..T { y[t] ~ Poisson(rate[z[t]]) }`,
    start: {
      step: [
        [0.9, 0.1],
        [0.15, 0.85],
      ],
      rate: [3, 9],
    },
    truth: { 'step[1, 2]': 0.1, 'step[2, 1]': 0.15, 'rate[1]': 3, 'rate[2]': 9 },
    simulate(draw) {
      let second = draw.uniform() < 0.4
      return {
        y: Array.from({ length: 400 }, () => {
          const y = poisson(draw, second ? 9 : 3)
          second = second ? draw.uniform() >= 0.15 : draw.uniform() < 0.1
          return y
        }),
      }
    },
  },
]

const nameOf = ({ name, index }: Estimate): string => (index.length === 0 ? name : `${name}[${index.join(', ')}]`)
const print = (text: string): void => void process.stdout.write(`${text}\n`)
const percent = (x: number): string => `${(100 * x).toFixed(1)} %`

print('# Coverage of 95 % intervals\n')
const count = RUNS.toLocaleString('en-US')
const known = (100 * 1.96 * Math.sqrt((0.95 * 0.05) / RUNS)).toFixed(1)
print(
  `Made by \`npx tsx bench/quality/coverage.ts\`. ${count} data sets for each model, from the seeds 1, 2, …; EM begins at the`,
)
print(
  'truth, so that labels are those of the truth. Intervals are from the observed information, on a scale without ends,',
)
print(
  'and carried back. "Too high" counts the intervals that lie above the truth. The mean standard error stands beside the sd',
)
print(`of the estimates, which it estimates. A share of 95 % is itself known to ±${known} % (1.96 standard errors).`)
const pacer = busyPacer()
const limits = {
  maxIterations: 2000,
  tolerance: 1e-9,
  maxTime: null,
  trace: false,
  signal: null,
  lenient: true,
  accelerate: 'squarem',
  onIteration() {},
} as const
let [least, most] = [1, 0]
for (const { name, about, source, start, truth, simulate } of studies) {
  const began = performance.now()
  const model = compileOrThrow(source)
  const cells = new Map(
    Object.keys(truth).map((key) => [key, { covered: 0, low: 0, high: 0, errors: 0, sum: 0, squares: 0, none: 0 }]),
  )
  for (let run = 1; run <= RUNS; run++) {
    // what a fit does beyond its iterations is left out
    const { model: bound } = model.bind(simulate(randomSource(run)), { backend: 'js', threads: 1 })
    const { params: begin } = applyStartValues(bound, new Map(Object.entries(start)), new Float64Array(bound.length))
    const { point } = await continueRun(bound, await beginRun(bound, begin), limits, pacer)
    const { estimates } = await standardErrors(bound, point.params, 'information', {}, pacer)
    for (const e of estimates) {
      const cell = cells.get(nameOf(e))
      const true_ = truth[nameOf(e)]
      if (cell === undefined || true_ === undefined) continue
      cell.sum += e.value - true_
      cell.squares += (e.value - true_) ** 2
      if (e.low === null || e.high === null) cell.none++
      else if (true_ < e.low) cell.low++
      else if (true_ > e.high) cell.high++
      else cell.covered++
      cell.errors += e.standardError ?? 0
    }
  }
  print(`\n## ${name}\n\n${about}.\n`)
  print('| | truth | bias | sd of estimates | mean standard error | covered | too high | too low | no interval |')
  print('|---|---|---|---|---|---|---|---|---|')
  for (const [key, c] of cells) {
    const share = c.covered / RUNS
    ;[least, most] = [Math.min(least, share), Math.max(most, share)]
    const bias = c.sum / RUNS
    const sd = Math.sqrt(c.squares / RUNS - bias ** 2)
    const told = RUNS - c.none
    print(
      `| ${key} | ${Number((truth[key] ?? 0).toPrecision(4))} | ${bias.toFixed(4)} | ${sd.toFixed(4)} | ${(c.errors / told).toFixed(4)} | ${percent(share)} | ${percent(c.low / RUNS)} | ${percent(c.high / RUNS)} | ${c.none} |`,
    )
  }
  process.stderr.write(`${name}: ${((performance.now() - began) / 1000).toFixed(0)} s\n`)
}
print(`\nEvery interval covers in ${percent(least)} to ${percent(most)} of the data sets.`)
