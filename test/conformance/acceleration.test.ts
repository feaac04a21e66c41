/** SQUAREM and Anderson's mixing beside plain EM, from the same start; rates of convergence that are known. */
import { describe, expect, it } from 'vitest'
import { compileOrThrow, type Fit, type FitCallOptions } from '../../index.js'
import { randomSource } from '../../runtime/random.js'
import { type CaseId, caseReference, caseRun, dataText, modelSource, readBesideModels } from './cases.js'
import { parseFitArguments } from './fit-arguments.js'
import { fitModel } from './run-case.js'

async function fitOf(id: CaseId, options: FitCallOptions): Promise<Fit> {
  const run = caseRun(id)
  const { start, set, columns } = parseFitArguments(run.args, readBesideModels)
  const given = { set, columns, ...(start === undefined ? {} : { start }) }
  return fitModel(modelSource(run), [{ name: `${id}.csv`, text: dataText(run) }], { ...given, ...options })
}

const passes = (fit: Fit): number => fit.toJSON().passes

/**
 * `share`: of the passes of plain EM, by SQUAREM and by Anderson's mixing. Plain EM takes 61 on A33, the first 6 of which are far
 * from linear: a third is 20. Mixing takes 1 pass a step.
 */
describe.each([
  ['A16-haireye-lca-k3', { squarem: 0.2, anderson: 0.2 }],
  ['A18-earthquakes-poismix-k3', { squarem: 0.2, anderson: 0.1 }],
  ['A33-ability-fa1', { squarem: 1 / 3, anderson: 0.5 }],
] as const)('%s', (id, share) => {
  const options = { restarts: 1, seed: 3 }

  it.each(['squarem', 'anderson'] as const)('by %s: to the same optimum, never falling', async (accelerate) => {
    const plain = await fitOf(id, options)
    const fast = await fitOf(id, { ...options, accelerate })
    console.log(`${id}: ${passes(plain)} passes, ${passes(fast)} by ${accelerate}`)
    expect(plain.converged && fast.converged).toBe(true)
    expect(Math.abs(fast.logLikelihood - plain.logLikelihood)).toBeLessThan(1e-8 * Math.abs(plain.logLikelihood))
    expect(fast.logLikelihood).toBeGreaterThan(caseReference(id).logLik - 1e-5)
    fast.trace.slice(1).forEach((objective, i) => {
      expect(objective).toBeGreaterThanOrEqual((fast.trace[i] ?? Number.NaN) - 1e-9)
    })
    expect(passes(fast)).toBeLessThanOrEqual(share[accelerate] * passes(plain))
  })

  it('has no rate of convergence where it jumps', async () => {
    const result = (await fitOf(id, { ...options, accelerate: 'squarem' })).toJSON()
    expect(result.rateOfConvergence).toBeUndefined()
  })
})

it('mixes the other way where the steps of EM grow', async () => {
  // a common level that is thousands of steps of EM away, which grow at first
  const source = `model Nested
data  g, h : category[N]
data  y    : real[N]
param a    : real
param r, t, s : positive
for i in levels(g) { latent u[i] ~ Normal(0, r) }
for j in levels(h) { latent v[j] ~ Normal(0, t) }
for n in 1..N { y[n] ~ Normal(a + u[g[n]] + v[h[n]], s) }`
  const { uniform } = randomSource(7)
  const normal = (): number => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())
  const [u, v] = [12, 36].map((n) => Array.from({ length: n }, normal))
  const rows = Array.from({ length: 360 }, (_, n) => ({ g: n % 12, h: n % 36 }))
  const data = {
    g: rows.map(({ g }) => `g${g}`),
    h: rows.map(({ h }) => `h${h}`),
    y: rows.map(({ g, h }) => 50 + (u?.[g] ?? 0) + (v?.[h] ?? 0) + normal()),
  }
  const options = { restarts: 1, start: { a: 10, r: 30, t: 3, s: 2 } }
  const model = compileOrThrow(source)
  const plain = await model.fit(data, options)
  const fast = await model.fit(data, { ...options, accelerate: 'anderson' })
  console.log(`nested: ${passes(plain)} passes, ${passes(fast)} by anderson`)
  expect(fast.logLikelihood).toBeGreaterThan(plain.logLikelihood - 1e-6)
  expect(passes(fast)).toBeLessThan(passes(plain) / 10)
})

it('goes on from where a jump has landed on a plateau', async () => {
  // two equal components, 4.6 below: there the objective is flat to the last bit, and only the steps of params grow
  const id = 'A09-galaxies-k4-equal'
  const fast = await fitOf(id, { restarts: 1, seed: 3, accelerate: 'squarem' })
  expect(fast.trace.some((objective) => Math.abs(objective + 212.35185518) < 1e-8)).toBe(true)
  expect(fast.logLikelihood).toBeGreaterThan(caseReference(id).logLik - 1e-5)
})

describe('the rate of convergence', () => {
  it.each([
    ['A02-grade-hidden', 0.0876],
    ['A03-grade-only-c', 0.3158],
  ] as const)('of %s is %d', async (id, rate) => {
    const result = (await fitOf(id, {})).toJSON()
    expect(result.rateOfConvergence).toBeCloseTo(rate, 4)
    expect(result.missingInformation).toBe(result.rateOfConvergence)
  })
})
