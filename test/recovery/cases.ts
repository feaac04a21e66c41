/** Models that no example shows, the params that make their data, and the data. */
import type { RandomSource } from '../../compiler/distributions/types.js'
import { at, binomial, categorical, chain, normal, poisson, range, until } from './simulate.js'

export type Nested = number | readonly Nested[]
export type Params = Readonly<Record<string, Nested>>

export interface Recovery {
  readonly name: string
  readonly source: string
  /** In the order of labels that `relabel` gives. */
  readonly truth: Params
  readonly data: (u: RandomSource) => Record<string, unknown>
  /** Orders of labels that give the same likelihood: for each param and each of its axes, which old label stands at a new one. */
  readonly relabel?: readonly Readonly<Record<string, readonly (readonly number[] | null)[]>>[]
}

const kept = null
const swap = [1, 0]

export const recoveries: readonly Recovery[] = [
  {
    name: 'a hidden Markov chain with missing emissions',
    source: `model HoledChain
const S = 2
data  y : real?[R][T]
param start : simplex[S]
param step  : simplex[S, S]
param mu    : real[S]
param sigma : positive[S]
for r in 1..R {
  latent z[1] ~ Categorical(start)
  for t in 2..T { latent z[t] ~ Categorical(step[z[t-1]]) }
  for t in 1..T { y[r, t] ~ Normal(mu[z[t]], sigma[z[t]]) }
}`,
    truth: {
      start: [0.6, 0.4],
      step: [
        [0.8, 0.2],
        [0.3, 0.7],
      ],
      mu: [-1, 1.5],
      sigma: [0.8, 1.2],
    },
    data: (u) => ({
      y: range(40).map((r) =>
        chain(
          u,
          12 + (r % 9),
          [0.6, 0.4],
          [
            [0.8, 0.2],
            [0.3, 0.7],
          ],
        ).map((z) => {
          const y = at([-1, 1.5], z) + at([0.8, 1.2], z) * normal(u)
          return u() < 0.2 ? null : y
        }),
      ),
    }),
    relabel: [{ start: [swap], step: [swap, swap], mu: [swap], sigma: [swap] }],
  },
  {
    name: 'a mixture of hidden Markov chains',
    source: `model MixtureOfChains
const K = 2
const S = 2
data  y : category[R][T]
param w     : simplex[K]
param start : simplex[S]
param step  : simplex[K, S, S]
param emit  : simplex[S, levels(y)]
for r in 1..R {
  latent c ~ Categorical(w)
  latent z[1] ~ Categorical(start)
  for t in 2..T { latent z[t] ~ Categorical(step[c, z[t-1]]) }
  for t in 1..T { y[r, t] ~ Categorical(emit[z[t]]) }
}`,
    truth: {
      w: [0.4, 0.6],
      start: [0.7, 0.3],
      step: [
        [
          [0.9, 0.1],
          [0.15, 0.85],
        ],
        [
          [0.3, 0.7],
          [0.8, 0.2],
        ],
      ],
      emit: [
        [0.8, 0.15, 0.05],
        [0.1, 0.3, 0.6],
      ],
    },
    data: (u) => ({
      y: range(80).map(() => {
        const step =
          u() < 0.4
            ? [
                [0.9, 0.1],
                [0.15, 0.85],
              ]
            : [
                [0.3, 0.7],
                [0.8, 0.2],
              ]
        return chain(u, 25, [0.7, 0.3], step).map((z) =>
          at(
            ['a', 'b', 'c'],
            categorical(
              u,
              at(
                [
                  [0.8, 0.15, 0.05],
                  [0.1, 0.3, 0.6],
                ],
                z,
              ),
            ),
          ),
        )
      }),
    }),
    relabel: [
      { w: [swap], step: [swap, kept, kept] },
      { start: [swap], step: [kept, swap, swap], emit: [swap, kept] },
      { w: [swap], start: [swap], step: [swap, swap, swap], emit: [swap, kept] },
    ],
  },
  {
    name: 'a random intercept inside a mixture, a class for each group',
    source: `model InterceptMixture
const K = 2
data  g : category[N]
data  x, y : real[N]
param w    : simplex[K]
param a, b : real[K]
param t, s : positive
for i in levels(g) {
  latent c[i] ~ Categorical(w)
  latent u[i] ~ Normal(0, t)
}
for n in 1..N { y[n] ~ Normal(a[c[g[n]]] + b[c[g[n]]] * x[n] + u[g[n]], s) }`,
    truth: { w: [0.35, 0.65], a: [-1, 1], b: [1.5, -0.5], t: 0.7, s: 0.5 },
    data: (u) => {
      const rows = range(50).flatMap((i) => {
        const c = u() < 0.35 ? 0 : 1
        const own = 0.7 * normal(u)
        return range(6).map(() => {
          const x = 2 * u() - 1
          return { g: `g${i}`, x, y: at([-1, 1], c) + at([1.5, -0.5], c) * x + own + 0.5 * normal(u) }
        })
      })
      return { g: rows.map((r) => r.g), x: rows.map((r) => r.x), y: rows.map((r) => r.y) }
    },
    relabel: [{ w: [swap], a: [swap], b: [swap] }],
  },
  {
    name: 'nested latent classes: of groups, and of rows',
    source: `model NestedClasses
data  g : category[N]
data  y : count[N]
param w    : simplex[2]
param v    : simplex[2, 2]
param rate : positive[2]
for i in levels(g) { latent c[i] ~ Categorical(w) }
for n in 1..N {
  latent z ~ Categorical(v[c[g[n]]])
  y[n] ~ Poisson(rate[z])
}`,
    truth: {
      w: [0.45, 0.55],
      v: [
        [0.85, 0.15],
        [0.25, 0.75],
      ],
      rate: [2, 8],
    },
    data: (u) => {
      const rows = range(60).flatMap((i) => {
        const v = u() < 0.45 ? 0.85 : 0.25
        return range(10).map(() => ({ g: `g${i}`, y: poisson(u, u() < v ? 2 : 8) }))
      })
      return { g: rows.map((r) => r.g), y: rows.map((r) => r.y) }
    },
    relabel: [
      { w: [swap], v: [swap, kept] },
      { v: [kept, swap], rate: [swap] },
      { w: [swap], v: [swap, swap], rate: [swap] },
    ],
  },
  {
    // The generating function of the sum has one real root, so that it can be taken apart in one way only.
    name: 'two discrete latents that only their sum shows',
    source: `model Sum
data  y : count[N]
param p : unit
param q : simplex[3]
for n in 1..N {
  latent a ~ Bernoulli(p)
  latent b ~ Categorical(q)
  observe y[n] = a + b
}`,
    truth: { p: 0.35, q: [0.2, 0.3, 0.5] },
    data: (u) => ({ y: range(2000).map(() => (u() < 0.35 ? 1 : 0) + 1 + categorical(u, [0.2, 0.3, 0.5])) }),
  },
  {
    name: 'a factor with a fixed and two tied loadings',
    source: `model TiedLoadings
data  x : real[N, 4]
param l   : real[2]
param mu  : real[4]
param psi : positive[4]
param v   : positive
for n in 1..N {
  latent f ~ Normal(0, v)
  x[n, 1] ~ Normal(mu[1] + f, psi[1])
  x[n, 2] ~ Normal(mu[2] + l[1] * f, psi[2])
  x[n, 3] ~ Normal(mu[3] + l[1] * f, psi[3])
  x[n, 4] ~ Normal(mu[4] + l[2] * f, psi[4])
}`,
    truth: { l: [0.8, -1.3], mu: [1, 2, 3, 4], psi: [0.5, 0.6, 0.7, 0.8], v: 1.4 },
    data: (u) => ({
      x: range(300).map(() => {
        const f = 1.4 * normal(u)
        return [1, 0.8, 0.8, -1.3].map((l, j) => j + 1 + l * f + (0.5 + 0.1 * j) * normal(u))
      }),
    }),
  },
  {
    // The states 1 and 3 look alike and are left at different rates: a spell that begins a sequence is short.
    name: 'emissions that two states of a chain share',
    source: `model SharedEmissions
const look = [1, 2, 1]
data  y : real[R][T]
param leave : unit[3]
param mu    : real[2]
param sigma : positive[2]
let step = [[1 - leave[1], leave[1], 0], [0, 1 - leave[2], leave[2]], [leave[3], 0, 1 - leave[3]]]
for r in 1..R {
  latent z[1] ~ Categorical([1, 0, 0])
  for t in 2..T { latent z[t] ~ Categorical(step[z[t-1]]) }
  for t in 1..T { y[r, t] ~ Normal(mu[look[z[t]]], sigma[look[z[t]]]) }
}`,
    truth: { leave: [0.6, 0.25, 0.15], mu: [0, 3], sigma: [0.7, 1] },
    data: (u) => ({
      y: range(60).map(() =>
        chain(
          u,
          30,
          [1, 0, 0],
          [
            [0.4, 0.6, 0],
            [0, 0.75, 0.25],
            [0.15, 0, 0.85],
          ],
        ).map((z) => at([0, 3, 0], z) + at([0.7, 1, 0.7], z) * normal(u)),
      ),
    }),
  },
  {
    name: 'a hurdle',
    source: `model Hurdle
data  y : count[N]
param p    : unit
param rate : positive
for n in 1..N {
  latent s ~ Bernoulli(p)
  if s { y[n] ~ Truncated(Poisson(rate), low=1) }
  else { y[n] ~ Dirac(0) }
}`,
    truth: { p: 0.6, rate: 2.5 },
    data: (u) => ({
      y: range(400).map(() =>
        u() < 0.6
          ? until(
              () => poisson(u, 2.5),
              (x) => x > 0,
            )
          : 0,
      ),
    }),
  },
  {
    name: 'a heaped count',
    source: `model Heaped
data  y : count[N]
param p    : unit
param rate : positive
for n in 1..N {
  latent heaps ~ Bernoulli(p)
  latent k ~ Truncated(Poisson(rate), high=50)
  if heaps { y[n] ~ Dirac(5 * round(k / 5)) }
  else { y[n] ~ Dirac(k) }
}`,
    truth: { p: 0.4, rate: 12 },
    data: (u) => ({
      y: range(400).map(() => {
        const k = until(
          () => poisson(u, 12),
          (x) => x <= 50,
        )
        return u() < 0.4 ? 5 * Math.round(k / 5) : k
      }),
    }),
  },
  {
    name: 'a truncated binomial',
    source: `model TruncatedBinomial
data  n, y : count[N]
param p : unit
for i in 1..N { y[i] ~ Truncated(Binomial(n[i], p), low=1) }`,
    truth: { p: 0.15 },
    data: (u) => {
      const n = range(300).map((i) => 3 + (i % 6))
      return {
        n,
        y: n.map((m) =>
          until(
            () => binomial(u, m, 0.15),
            (y) => y > 0,
          ),
        ),
      }
    },
  },
]
