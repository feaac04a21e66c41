/** Models whose rows repeat, with rows drawn from a seed: what reductions of discrete data are tried on. */
import { seededRandom } from '../../../laws/support/random.js'

export interface Repeating {
  readonly text: string
  readonly table: (rows: number) => Readonly<Record<string, unknown>>
}

const draw = (seed: number) => {
  const random = seededRandom(seed)
  const below = (levels: number): number => Math.floor(levels * random())
  const column = <T>(rows: number, one: () => T): readonly T[] => Array.from({ length: rows }, one)
  return { below, column, random }
}

const letters = ['a', 'b', 'c', 'd']

export const MODELS = {
  'classes of items': {
    text: `model M
const K = 3
data  y : category[N, J]
param pi : simplex[K]
param theta : simplex[K, J, levels(y)]
for n in 1..N {
  latent z ~ Categorical(pi)
  for j in 1..J { y[n, j] ~ Categorical(theta[z, j]) }
}`,
    table: (rows) => {
      const { below, column } = draw(1)
      return { y: column(rows, () => [2, 3, 4, 2].map((levels) => letters[below(levels)])) }
    },
  },
  'classes of items, some missing': {
    text: `model M
const K = 2
data  y : category?[N, J]
param pi : simplex[K]
param theta : simplex[K, J, levels(y)]
for n in 1..N {
  latent z ~ Categorical(pi)
  for j in 1..J { y[n, j] ~ Categorical(theta[z, j]) }
}`,
    table: (rows) => {
      const { below, column, random } = draw(2)
      return { y: column(rows, () => [2, 3, 2].map((levels) => (random() < 0.2 ? null : letters[below(levels)]))) }
    },
  },
  'answers, weighted': {
    text: `model M
const K = 2
data  q : bool[N, J]
data  w : positive[N]
param pi : simplex[K]
param right : unit[K, J]
for n in 1..N weight w[n] {
  latent z ~ Categorical(pi)
  q[n] ~ Bernoulli(right[z])
}`,
    table: (rows) => {
      const { below, column } = draw(3)
      return { q: column(rows, () => [0, 1, 2].map(() => below(2) === 1)), w: column(rows, () => 0.5 + 1.1 * below(2)) }
    },
  },
  'counts with excess zeros': {
    text: `model M
data  y : count[N]
param p : unit
param lambda : positive
for n in 1..N {
  latent never ~ Bernoulli(p)
  if never { y[n] ~ Dirac(0) }
  else     { y[n] ~ Poisson(lambda) }
}`,
    table: (rows) => {
      const { below, column } = draw(4)
      return { y: column(rows, () => below(3) * below(4)) }
    },
  },
  'counts by group, with holes': {
    text: `model M
const K = 2
data  group : category[N]
data  y : count?[N, D]
param pi : simplex[levels(group), K]
param rate : positive[K, D]
for n in 1..N {
  latent z ~ Categorical(pi[group[n]])
  for d in 1..D { y[n, d] ~ Poisson(rate[z, d]) }
}`,
    table: (rows) => {
      const { below, column, random } = draw(5)
      return {
        group: column(rows, () => letters[below(3)]),
        y: column(rows, () => [0, 1].map(() => (random() < 0.15 ? null : below(4)))),
      }
    },
  },
  'rounded reals': {
    text: `model M
const K = 2
data  x : real[N]
param pi : simplex[K]
param mu : real[K]
param sigma : positive[K]
for n in 1..N {
  latent z ~ Categorical(pi)
  x[n] ~ Normal(mu[z], sigma[z])
}`,
    table: (rows) => {
      const { below, column } = draw(6)
      return { x: column(rows, () => (below(5) - below(4)) / 10) }
    },
  },
  'abilities by quadrature': {
    text: `model M
data  q : bool[N, J]
param ease : real[J]
param slope : positive[J]
for n in 1..N {
  latent ability ~ Normal(0, 1)
  for j in 1..J { q[n, j] ~ Bernoulli(logit = slope[j] * ability + ease[j]) }
}`,
    table: (rows) => {
      const { below, column } = draw(7)
      return { q: column(rows, () => [0, 1, 2, 3].map(() => below(2) === 1)) }
    },
  },
  'classes that depend on a covariate': {
    text: `model M
const K = 2
data  q : bool[N, J]
data  old : real[N]
param gate : real[K - 1, 2]
param theta : unit[K, J]
for n in 1..N {
  latent z ~ Categorical(softmax(concat(0, gate * [1, old[n]])))
  for j in 1..J { q[n, j] ~ Bernoulli(theta[z, j]) }
}`,
    table: (rows) => {
      const { below, column } = draw(8)
      return { q: column(rows, () => [0, 1, 2].map(() => below(2) === 1)), old: column(rows, () => below(3)) }
    },
  },
  'two latents': {
    text: `model M
const K = 2
const L = 3
data  a, b : category[N]
param pi : simplex[K]
param rho : simplex[K, L]
param alpha : simplex[K, levels(a)]
param beta : simplex[L, levels(b)]
for n in 1..N {
  latent z ~ Categorical(pi)
  latent w ~ Categorical(rho[z])
  a[n] ~ Categorical(alpha[z])
  b[n] ~ Categorical(beta[w])
}`,
    table: (rows) => {
      const { below, column } = draw(9)
      return { a: column(rows, () => letters[below(3)]), b: column(rows, () => letters[below(4)]) }
    },
  },
  'items beside a measurement': {
    text: `model M
const K = 3
data  y : category[N, J]
data  group : category[N]
data  x : real[N]
param pi : simplex[K]
param theta : simplex[K, J, levels(y)]
param mu : real[K, levels(group)]
param sigma : positive[K]
for n in 1..N {
  latent z ~ Categorical(pi)
  for j in 1..J { y[n, j] ~ Categorical(theta[z, j]) }
  x[n] ~ Normal(mu[z, group[n]], sigma[z])
}`,
    table: (rows) => {
      const { below, column } = draw(11)
      return {
        y: column(rows, () => [2, 3, 2].map((levels) => letters[below(levels)])),
        group: column(rows, () => letters[below(2)]),
        x: column(rows, () => (below(3) - 0.7 * below(3)) / 3),
      }
    },
  },
  'short sequences': {
    text: `model M
const S = 2
data  y : count[R, T]
param start : simplex[S]
param step  : simplex[S, S]
param rate  : positive[S]
for r in 1..R {
  latent z[1] ~ Categorical(start)
  for t in 2..T { latent z[t] ~ Categorical(step[z[t-1]]) }
  for t in 1..T { y[r, t] ~ Poisson(rate[z[t]]) }
}`,
    table: (rows) => {
      const { below, column } = draw(10)
      return { y: column(rows, () => [0, 1, 2].map(() => 2 * below(3))) }
    },
  },
} as const satisfies Readonly<Record<string, Repeating>>
