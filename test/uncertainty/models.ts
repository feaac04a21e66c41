/** Models and seeded data of these tests. */
import { randomSource } from '../../runtime/random.js'

export const normal = `model Mean
data y : real[N]
param mu : real
param sigma : positive
let ratio = mu / sigma
let twice = [2 * mu, mu ^ 2]
for n in 1..N { y[n] ~ Normal(mu, sigma) }`

export const weighted = `model Weighted
data y, w : real[N]
param mu : real
param sigma : positive
for n in 1..N weight w[n] { y[n] ~ Normal(mu, sigma) }`

export const keyed = `model Keyed
data group : category[N]
data y : real[N]
param mu : real
param t, s : positive
for g in levels(group) { latent u[g] ~ Normal(0, t) }
for n in 1..N { y[n] ~ Normal(mu + u[group[n]], s) }`

export const nested = `model Nested
data y : real[G, R]
param mu : real
param t, s : positive
for g in 1..G {
  latent u ~ Normal(0, t)
  for r in 1..R { y[g, r] ~ Normal(mu + u, s) }
}`

export const mixture = `model Mixture
const K = 2
data y : real[N]
param w : simplex[K]
param mu : real[K]
param sigma : positive
let gap = mu[2] - mu[1]
for n in 1..N {
  latent z ~ Categorical(w)
  y[n] ~ Normal(mu[z], sigma)
}`

export const chain = `model Chain
const S = 2
data y : count[T]
param start : simplex[S]
param step : simplex[S, S]
param rate : positive[S]
latent z[1] ~ Categorical(start)
for t in 2..T { latent z[t] ~ Categorical(step[z[t-1]]) }
for t in 1..T { y[t] ~ Poisson(rate[z[t]]) }`

/** Two sums of three uniform numbers would be too regular; this is skew, so that the sandwich differs. */
export function skew(n: number, seed: number): readonly number[] {
  const random = randomSource(seed).uniform
  return Array.from({ length: n }, () => -Math.log(random()) * 2 + random())
}

export function bell(n: number, seed: number): readonly number[] {
  const random = randomSource(seed).uniform
  return Array.from({ length: n }, () => Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random()))
}

/** Rows of groups, group by group. */
export function grouped(groups: number, rows: number, seed: number): readonly (readonly number[])[] {
  const [effects, rest] = [bell(groups, seed), bell(groups * rows, seed + 1)]
  return effects.map((u, g) => Array.from({ length: rows }, (_, r) => 3 + u + 0.7 * (rest[g * rows + r] ?? 0)))
}

export function twoBells(n: number, seed: number): readonly number[] {
  return bell(n, seed).map((x, i) => (i % 3 === 0 ? x : 4 + x))
}
