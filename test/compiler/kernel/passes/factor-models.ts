/** Models whose rows enter sums at most quadratically, with rows drawn from a seed. */
import { seededRandom } from '../../../laws/support/random.js'
import type { Repeating } from './models.js'

/** Numbers about `shift`, correlated within a row. */
function reals(seed: number, shift = 0): { real(): number; below(levels: number): number; random(): number } {
  const random = seededRandom(seed)
  return {
    real: () => shift + random() + random() + random() - 1.5,
    below: (levels) => Math.floor(levels * random()),
    random,
  }
}

const list = <T>(length: number, one: (i: number) => T): readonly T[] => Array.from({ length }, (_, i) => one(i))

/** A row of `width` numbers with a common part. */
function row(width: number, real: () => number, shift: number): readonly number[] {
  const common = real()
  return list(width, (j) => shift + common + (0.2 + j) * real())
}

const factors = (x: string, rest = ''): string => `model Factors
const Q = 2
data  x : ${x}[N, D]
param mu  : real[D]
param W   : real[D, Q]
param psi : positive[D]
for n in 1..N {
  latent f : real[Q]
  for q in 1..Q { f[q] ~ Normal(0, 1) }
  for d in 1..D { x[n, d] ~ Normal(mu[d] + dot(W[d], f), psi[d]) }
}${rest}`

export const QUADRATIC = {
  'factor analysis': {
    text: factors('real'),
    table: (rows) => {
      const { real } = reals(1)
      return { x: list(rows, () => row(5, real, 0)) }
    },
  },
  'factor analysis, columns far from 0': {
    text: factors('real'),
    table: (rows) => {
      const { real } = reals(2)
      return { x: list(rows, () => row(4, real, 1e4)) }
    },
  },
  'factor analysis, cells missing': {
    text: factors('real?'),
    table: (rows) => {
      const { real, below } = reals(3)
      return {
        x: list(rows, (n) => row(4, real, 3).map((v, j) => (n > 0 && below(4) === 0 && j !== 2 ? null : v))),
      }
    },
  },
  'factor analysis, one dependent column': {
    text: factors('real'),
    table: (rows) => {
      const { real } = reals(4)
      return {
        x: list(rows, () => {
          const [a = 0, b = 0, c = 0] = row(3, real, 0)
          return [a, b, c, a - 2 * b, 7]
        }),
      }
    },
  },
  'a Gaussian': {
    text: `model Gaussian
data  x : real[N, D]
param mu : real[D]
param Sigma : covariance[D]
for n in 1..N { x[n] ~ MvNormal(mu, Sigma) }`,
    table: (rows) => {
      const { real } = reals(5)
      return { x: list(rows, () => row(4, real, 100)) }
    },
  },
  'a Gaussian, cells missing': {
    text: `model Gaussian
data  x : real?[N, D]
param mu : real[D]
param Sigma : covariance[D]
for n in 1..N { x[n] ~ MvNormal(mu, Sigma) }`,
    table: (rows) => {
      const { real, below } = reals(6)
      return { x: list(rows, (n) => row(3, real, -20).map((v) => (n > 0 && below(5) === 0 ? null : v))) }
    },
  },
  'a regression': {
    text: `model Regression
data  x : real[N, P]
data  treated : bool[N]
data  y : real[N]
param beta : real[P]
param effect, level : real
param sigma : positive
for n in 1..N { y[n] ~ Normal(level + dot(beta, x[n]) + effect * treated[n], sigma) }`,
    table: (rows) => {
      const { real, below } = reals(7)
      return {
        x: list(rows, () => row(3, real, 0)),
        treated: list(rows, () => below(2) === 1),
        y: list(rows, () => 50 + real()),
      }
    },
  },
  'a regression with an interaction': {
    text: `model Interaction
data  group : count[N]
data  x, y : real[N]
param a, b, c : real
param sigma : positive
for n in 1..N { y[n] ~ Normal(a + b * x[n] + c * x[n] * group[n], sigma) }`,
    table: (rows) => {
      const { real, below } = reals(8)
      return { group: list(rows, () => below(4)), x: list(rows, () => real()), y: list(rows, () => 3 * real()) }
    },
  },
  'levels by group, weighted, cells missing': {
    text: `model Levels
const Q = 2
data  x : real?[N, D]
data  w : positive[N]
data  g : category[N]
param mu  : real[levels(g), D]
param W   : real[D, Q]
param psi : positive[D]
for n in 1..N weight w[n] {
  latent f : real[Q]
  for q in 1..Q { f[q] ~ Normal(0, 1) }
  for d in 1..D { x[n, d] ~ Normal(mu[g[n], d] + dot(W[d], f), psi[d]) }
}`,
    table: (rows) => {
      const { real, below, random } = reals(9)
      return {
        x: list(rows, (n) => row(4, real, 2).map((v, j) => (n > 1 && j < 2 && below(4) === 0 ? null : v))),
        w: list(rows, () => 0.2 + 3 * random()),
        g: list(rows, (n) => (n < 2 ? ['a', 'b'][n] : ['a', 'b'][below(2)])),
      }
    },
  },
  'offsets and slopes along a row': {
    text: `model Curves
data  x : real[N, T]
data  at : real[T]
param a, b : real
param p, q, r : positive
for n in 1..N {
  latent level ~ Normal(a, p)
  latent slope ~ Normal(b, q)
  for t in 1..T { x[n, t] ~ Normal(level + slope * at[t], r) }
}`,
    table: (rows) => {
      const { real } = reals(10)
      return { x: list(rows, () => row(4, real, 1)), at: [-1, 0, 0.5, 2] }
    },
  },
} as const satisfies Readonly<Record<string, Repeating>>
