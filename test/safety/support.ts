import { expect } from 'vitest'
import { compileOrThrow, type Fit, type FitCallOptions } from '../../index.js'

/** Mixtures of Normals with three kinds of spread, one dimension with weights, and one Normal alone. */
export const models = {
  spherical: `model Spherical
const K = 2
data x : real[N, D]
param pi : simplex[K]
param mu : real[K, D]
param sigma : positive[K]
for n in 1..N {
  latent z ~ Categorical(pi)
  x[n] ~ Normal(mu[z], sigma[z])
}`,
  full: `model Full
const K = 2
data x : real[N, D]
param pi : simplex[K]
param mu : real[K, D]
param Sigma : covariance[K, D]
for n in 1..N {
  latent z ~ Categorical(pi)
  x[n] ~ MvNormal(mu[z], Sigma[z])
}`,
  one: `model OneDimension
const K = 2
data y : real[N]
param pi : simplex[K]
param mu : real[K]
param sigma : positive[K]
for n in 1..N {
  latent z ~ Categorical(pi)
  y[n] ~ Normal(mu[z], sigma[z])
}`,
  weighted: `model Weighted
const K = 2
data y : real[N]
data w : nonnegative[N]
param pi : simplex[K]
param mu : real[K]
param sigma : positive[K]
for n in 1..N weight w[n] {
  latent z ~ Categorical(pi)
  y[n] ~ Normal(mu[z], sigma[z])
}`,
  poisson: `model Counts
const K = 2
data y : count[N]
param pi : simplex[K]
param rate : positive[K]
for n in 1..N {
  latent z ~ Categorical(pi)
  y[n] ~ Poisson(rate[z])
}`,
  normal: `model Alone
data y : real[N]
param mu : real
param sigma : positive
for n in 1..N { y[n] ~ Normal(mu, sigma) }`,
  multivariate: `model AloneInSpace
data x : real[N, D]
param mu : real[D]
param Sigma : covariance[D]
for n in 1..N { x[n] ~ MvNormal(mu, Sigma) }`,
} as const

export type ModelName = keyof typeof models

/** A fit of which every number is finite and whose objective never falls, whatever the data. */
export async function fitOf(name: ModelName, data: unknown, options: FitCallOptions = {}): Promise<Fit> {
  const fit = await compileOrThrow(models[name]).fit(data, options)
  expect(finite(fit.toJSON().params), `params of ${name}`).toBe(true)
  expect(Number.isFinite(fit.logLikelihood), `log-likelihood of ${name}`).toBe(true)
  const { trace } = fit
  for (const [t, value] of trace.entries()) {
    const before = trace[t - 1]
    if (before !== undefined) expect(value - before).toBeGreaterThanOrEqual(-1e-9 * (1 + Math.abs(before)))
  }
  return fit
}

function finite(value: unknown): boolean {
  return Array.isArray(value)
    ? value.every(finite)
    : typeof value === 'object' && value !== null
      ? Object.values(value).every(finite)
      : Number.isFinite(value)
}

export const codes = (fit: Fit): readonly string[] => [...new Set(fit.warnings.map(({ code }) => code))]

/** All numbers of a param, row-major. */
export function numbers(fit: Fit, name: string): number[] {
  return [fit.params[name]].flat(Number.POSITIVE_INFINITY as 1).map(Number)
}

/** Two clouds of points: reproducible, with coordinates that are multiples of 1/64. */
export function clouds(count: number, dimensions = 2): number[][] {
  let state = 12345
  const uniform = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state + 0.5) / 2 ** 32
  }
  const normal = (): number => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())
  return Array.from({ length: count }, (_, i) =>
    Array.from({ length: dimensions }, () => Math.round(64 * ((i % 2) * 6 + normal())) / 64),
  )
}

export const column = (rows: readonly (readonly number[])[], j = 0): number[] => rows.map((row) => row[j] ?? 0)
