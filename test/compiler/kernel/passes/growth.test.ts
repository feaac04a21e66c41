/**
 * What expanding squares costs in digits: sums before and after differ by no more than a few roundings times `growth`, which
 * the prelude computes; far from the origin nothing is lost, and components that are tiny beside their distances are seen.
 */
import { expect, test } from 'vitest'
import type { ProgramModel } from '../../../../compiler/bind/bound-model.js'
import { GROWTH_LIMIT } from '../../../../compiler/kernel/passes/index.js'
import { compileJavaScript } from '../../../../compiler/targets/javascript/index.js'
import { seededRandom } from '../../../laws/support/random.js'
import { absolute, bindText, difference, rowOps, runAsWritten, runRewritten } from './rows.js'

const MODELS = {
  diagonal: `model Diagonal
    const K = 3
    data  x : real[N, D]
    param pi    : simplex[K]
    param mu    : real[K, D]
    param sigma : positive[K, D]
    for n in 1..N {
      latent z ~ Categorical(pi)
      x[n] ~ Normal(mu[z], sigma[z])
    }`,
  full: `model Full
    const K = 3
    data  x : real[N, D]
    param pi    : simplex[K]
    param mu    : real[K, D]
    param Sigma : covariance[K, D]
    for n in 1..N {
      latent z ~ Categorical(pi)
      x[n] ~ MvNormal(mu[z], Sigma[z])
    }`,
} as const

interface Trial {
  readonly rows: number
  readonly coordinates: number
  /** Spread of the means, in standard deviations of the first component. */
  readonly apart: number
  readonly offset: number
  readonly deviations: readonly [number, number, number]
  readonly correlation: number
}

const USUAL: Trial = { rows: 600, coordinates: 4, apart: 3, offset: 0, deviations: [1, 1, 1], correlation: 0.5 }

/** A mixture over simulated data, at params near those of the simulation. */
function simulated(
  kind: keyof typeof MODELS,
  { rows, coordinates, apart, offset, deviations, correlation }: Trial,
): ProgramModel {
  const random = seededRandom(11)
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  const names = Array.from({ length: coordinates }, (_, d) => `c${d}`)
  const centres = deviations.map(() => names.map(() => offset + apart * normal()))
  const lines = Array.from({ length: rows }, (_, n) => {
    const z = n % 3
    const common = normal()
    return names.map((_, d) => {
      const own = Math.sqrt(1 - correlation) * normal() + Math.sqrt(correlation) * common
      return (centres[z]?.[d] ?? 0) + (deviations[z] ?? 1) * own
    })
  })
  const text = [names, ...lines].map((line) => line.join(',')).join('\n')
  const model = bindText(MODELS[kind], [{ name: 'points.csv', text }], ['--columns', `x=${names.join(',')}`])
  const { program, memory } = model
  const put = (name: string, values: readonly number[]): void => {
    memory.blocks.buffers.get(`param:${name}`)?.set(values)
  }
  put('pi', [0.3, 0.3, 0.4])
  put(
    'mu',
    centres.flatMap((centre, z) => centre.map((c) => c + 0.3 * (deviations[z] ?? 1) * normal())),
  )
  put(
    'sigma',
    deviations.flatMap((s) => names.map(() => 1.1 * s)),
  )
  const covariance = (s: number): readonly number[] =>
    names.flatMap((_, i) => names.map((__, j) => 1.1 * s * s * (i === j ? 1 : correlation)))
  put('Sigma', deviations.flatMap(covariance))
  for (const ops of [program.once, program.derived.param])
    if (ops.length > 0) compileJavaScript(ops, program.buffers).run(memory.blocks, null)
  return model
}

function outcome(kind: keyof typeof MODELS, change: Partial<Trial>) {
  const model = simulated(kind, { ...USUAL, ...change })
  const pass = model.program.passes.find((p) => p.rows !== null)
  if (pass === undefined || pass.rows === null) throw new Error('no pass over rows')
  const ops = rowOps(pass)
  const blocks = { length: 128, most: Number.POSITIVE_INFINITY }
  const before = runAsWritten(model, ops, pass.rows, compileJavaScript, blocks)
  const scale = runAsWritten(model, absolute(ops, model.program.buffers), pass.rows, compileJavaScript, blocks)
  const { sums, growth } = runRewritten(model, ops, pass.rows, compileJavaScript, blocks)
  const loglik = (of: ReadonlyMap<string, Float64Array>): number => of.get('loglik')?.[0] ?? Number.NaN
  return {
    growth,
    worst: difference(before, sums, scale).worst,
    loglik: Math.abs(loglik(before) - loglik(sums)) / loglik(scale),
  }
}

const kinds = ['diagonal', 'full'] as const

test.each(kinds)('%s: an offset of 10,000 and of a million standard deviations costs nothing', (kind) => {
  const at0 = outcome(kind, {})
  for (const offset of [1e4, 1e6]) {
    const { growth, worst, loglik } = outcome(kind, { offset })
    expect(growth).toBeLessThan(1.01 * at0.growth)
    expect(worst).toBeLessThan(1e-12)
    expect(loglik).toBeLessThan(1e-14)
  }
})

test.each(kinds)('%s: differences are bounded by the growth', (kind) => {
  const trials: readonly Partial<Trial>[] = [
    { apart: 1 },
    { apart: 10 },
    { apart: 100 },
    { apart: 1000 },
    { deviations: [1, 0.1, 1] },
    { deviations: [1, 1e-2, 1] },
    { deviations: [1, 1e-3, 1e-3] },
    ...(kind === 'full' ? [{ correlation: 0.99 }, { correlation: 0.9999 }, { correlation: 0.999999 }] : []),
  ]
  for (const trial of trials) {
    const { growth, worst, loglik } = outcome(kind, trial)
    expect(worst, JSON.stringify(trial)).toBeLessThan(4e-13 + 2e-15 * growth)
    expect(loglik, JSON.stringify(trial)).toBeLessThan(1e-14 + 1e-17 * growth)
  }
})

test('within the limit, log-likelihoods keep 1e-13 and statistics 1e-11; tiny components are beyond it', () => {
  for (const kind of kinds)
    for (const apart of [1, 3, 10, 20, 30, 40]) {
      const { growth, worst, loglik } = outcome(kind, { apart })
      if (growth > GROWTH_LIMIT) continue
      expect(worst).toBeLessThan(1e-11)
      expect(loglik).toBeLessThan(1e-13)
    }
  expect(outcome('diagonal', { deviations: [1, 1e-3, 1] }).growth).toBeGreaterThan(GROWTH_LIMIT)
  expect(outcome('full', { deviations: [1, 1e-3, 1] }).growth).toBeGreaterThan(GROWTH_LIMIT)
  expect(outcome('full', { correlation: 0.999999 }).growth).toBeGreaterThan(GROWTH_LIMIT)
})
