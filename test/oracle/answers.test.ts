import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  cellAt,
  expectation,
  expectedCompleteLogDensity,
  expectedCompleteLogDensityAt,
  logLikelihood,
  logLikelihoodParts,
  logPrior,
  posterior,
} from '../../oracle/answers.js'
import { logDensity } from '../../oracle/densities/index.js'
import { directionalDerivative, numericalGradient } from '../../oracle/gradient.js'
import type { Ground } from '../../oracle/ground-types.js'
import type { Values } from '../../oracle/types.js'
import { grounded, values } from './micro.js'

function languageModel(name: string): string {
  return readFileSync(new URL(`../lang/models/${name}.estep`, import.meta.url), 'utf8')
}

function normal(x: number, mean: number, sd: number): number {
  return Math.exp(logDensity('Normal', x, values({ mean, sd })))
}

/** Fisher's identity: ∂ log p(data; θ) = ∂ Q(θ′; θ) at θ′ = θ, along a direction (by default all numbers at once). */
function expectFisher(ground: Ground, params: Values, direction?: readonly number[]): void {
  const count = [...params.values()].flatMap((v) => JSON.stringify(v).match(/[\d.e-]+/g) ?? []).length
  const d = direction ?? Array.from({ length: count }, (_, i) => 0.3 + ((i * 7) % 5) / 7)
  const q = expectedCompleteLogDensityAt(ground, params)
  const left = directionalDerivative((p) => logLikelihood(ground, p), params, d).value
  const right = directionalDerivative(q, params, d).value
  expect(Math.abs(left - right) / Math.max(1, Math.abs(left))).toBeLessThan(2e-9)
}

describe('Grades: hidden counts', () => {
  const g = grounded(languageModel('grades'), { h: 20, c: 10, d: 10 })
  const params = values({ mu: 0.0947882174014739 })
  it('gives the published log-likelihood with the coefficient', () => {
    expect(logLikelihood(g, params)).toBeCloseTo(-4.5860942556092, 12)
  })
  it('splits h in proportion', () => {
    const b = expectation(g, params, [cellAt(g, 'b')], ([x = 0]) => x)
    expect(b).toBeCloseTo((20 * 0.0947882174014739) / (0.5 + 0.0947882174014739), 12)
    expect(posterior(g, params, [cellAt(g, 'a'), cellAt(g, 'b')])).toHaveLength(21)
  })
  it('is stationary at the maximum', () => {
    const [d] = numericalGradient((p) => logLikelihood(g, p), params)
    expect(Math.abs(d?.value ?? 1)).toBeLessThan(1e-7)
    expectFisher(g, values({ mu: 0.07 }))
  })
})

describe('a spherical Gaussian mixture', () => {
  const x = [
    [0, 1],
    [2, 2.5],
    [-1, 0.5],
  ]
  const g = grounded(languageModel('old-faithful'), { x })
  const params = values({
    pi: [0.4, 0.6],
    mu: [
      [0, 0],
      [2, 2],
    ],
    sigma: [1, 1.5],
  })
  const joint = x.map(([u = 0, v = 0]) => [
    0.4 * normal(u, 0, 1) * normal(v, 0, 1),
    0.6 * normal(u, 2, 1.5) * normal(v, 2, 1.5),
  ])
  it('agrees with the sum written out', () => {
    const byHand = joint.reduce((t, [a = 0, b = 0]) => t + Math.log(a + b), 0)
    expect(logLikelihood(g, params)).toBeCloseTo(byHand, 13)
    expect(logLikelihoodParts(g, params).units.map((u) => u.cells)).toEqual([['z[1]'], ['z[2]'], ['z[3]']])
  })
  it('gives responsibilities', () => {
    const [a = 0, b = 0] = joint[1] ?? []
    const rows = posterior(g, params, [cellAt(g, 'z', [2])])
    expect(rows.map((r) => r.values)).toEqual([[1], [2]])
    expect(rows[0]?.probability).toBeCloseTo(a / (a + b), 14)
  })
  it('satisfies Fisher’s identity and the EM inequality', () => {
    expectFisher(g, params)
    const other = values({
      pi: [0.5, 0.5],
      mu: [
        [0, 0.2],
        [2, 1.8],
      ],
      sigma: [0.9, 1.4],
    })
    const gain = expectedCompleteLogDensity(g, params, other) - expectedCompleteLogDensity(g, params, params)
    expect(logLikelihood(g, other) - logLikelihood(g, params)).toBeGreaterThanOrEqual(gain)
  })
  it('is the same written as a density', () => {
    const mixture = grounded(
      `model M
const K = 2
data x : real[N, D]
param pi : simplex[K]
param mu : real[K, D]
param sigma : positive[K]
for n in 1..N { x[n] ~ Mixture(pi, Normal(mu[k], sigma[k]) for k in 1..K) }`,
      { x },
    )
    expect(logLikelihood(mixture, params)).toBeCloseTo(logLikelihood(g, params), 13)
  })
})

describe('categorical data', () => {
  const y = [
    ['a', 'u'],
    ['b', 'v'],
    ['a', 'w'],
    ['b', 'u'],
  ]
  const g = grounded(languageModel('categorical-mixture'), { y }, values({ K: 2 }))
  const theta = [
    [
      [0.3, 0.7],
      [0.2, 0.5, 0.3],
    ],
    [
      [0.8, 0.2],
      [0.1, 0.1, 0.8],
    ],
  ] as const
  const params = values({ pi: [0.25, 0.75], theta })
  it('uses each column’s own levels', () => {
    const row = (i: number, j: number): number =>
      Math.log(
        0.25 * (theta[0][0][i] ?? 0) * (theta[0][1][j] ?? 0) + 0.75 * (theta[1][0][i] ?? 0) * (theta[1][1][j] ?? 0),
      )
    expect(logLikelihood(g, params)).toBeCloseTo(row(0, 0) + row(1, 1) + row(0, 2) + row(1, 0), 13)
    expectFisher(g, params)
  })
  it('takes missing labels as latents: semi-supervised', () => {
    const text = `model S
data x : real[N]
data y : category?[N]
param pi : simplex[levels(y)]
param mu : real[levels(y)]
for n in 1..N {
  y[n] ~ Categorical(pi)
  x[n] ~ Normal(mu[y[n]], 1)
}`
    const s = grounded(text, { x: [0, 1, 3], y: ['a', null, 'b'] })
    const p = values({ pi: [0.3, 0.7], mu: [0, 2] })
    const expected =
      Math.log(0.3 * normal(0, 0, 1)) +
      Math.log(0.3 * normal(1, 0, 1) + 0.7 * normal(1, 2, 1)) +
      Math.log(0.7 * normal(3, 2, 1))
    expect(logLikelihood(s, p)).toBeCloseTo(expected, 13)
    expect(posterior(s, p, [cellAt(s, 'y', [2])])).toHaveLength(2)
    expectFisher(s, p)
  })
})

describe('latents joined through index columns: Dawid and Skene', () => {
  const g = grounded(languageModel('dawid-skene'), {
    item: ['i', 'i', 'j', 'j', 'j'],
    rater: ['r', 's', 'r', 's', 's'],
    label: ['no', 'yes', 'yes', 'yes', 'no'],
  })
  const c = [
    [
      [0.9, 0.1],
      [0.2, 0.8],
    ],
    [
      [0.7, 0.3],
      [0.4, 0.6],
    ],
  ] as const
  const params = values({ prior: [0.45, 0.55], confusion: c })
  it('multiplies over the rows of an item', () => {
    const item = (rows: readonly (readonly [number, number])[]): number =>
      Math.log(
        [0, 1].reduce((t, k) => t + rows.reduce((p, [r, l]) => p * (c[r]?.[k]?.[l] ?? 0), k === 0 ? 0.45 : 0.55), 0),
      )
    expect(logLikelihood(g, params)).toBeCloseTo(
      item([
        [0, 0],
        [1, 1],
      ]) +
        item([
          [0, 1],
          [1, 1],
          [1, 0],
        ]),
      13,
    )
    expectFisher(g, params)
  })
})

describe('a network of bools with a noisy or', () => {
  const text = `model Alarm
data rings : bool[N]
param b, e, f : unit
param hear : unit
for n in 1..N {
  latent burglary ~ Bernoulli(b)
  latent quake ~ Bernoulli(e)
  latent alarm ~ Bernoulli(1 - (1 - 0.9 * burglary) * (1 - 0.3 * quake) * (1 - f))
  rings[n] ~ Bernoulli(hear if alarm else 0.05)
}`
  const g = grounded(text, { rings: [true, false] })
  const params = values({ b: 0.1, e: 0.2, f: 0.01, hear: 0.8 })
  it('sums over the eight combinations', () => {
    const ring = (r: boolean): number => {
      let total = 0
      for (const b of [0, 1])
        for (const e of [0, 1])
          for (const a of [0, 1]) {
            const pa = 1 - (1 - 0.9 * b) * (1 - 0.3 * e) * 0.99
            const pr = a ? 0.8 : 0.05
            total += (b ? 0.1 : 0.9) * (e ? 0.2 : 0.8) * (a ? pa : 1 - pa) * (r ? pr : 1 - pr)
          }
      return Math.log(total)
    }
    expect(logLikelihood(g, params)).toBeCloseTo(ring(true) + ring(false), 13)
    expectFisher(g, params)
  })
})

describe('weights', () => {
  const text = `model W
data x : real[N]
data w : nonnegative[N]
param p : simplex[2]
param mu : real[2]
for n in 1..N weight w[n] {
  latent z ~ Categorical(p)
  x[n] ~ Normal(mu[z], 1)
}`
  const params = values({ p: [0.3, 0.7], mu: [0, 2] })
  it('of 2 is the row twice, of 0 no row', () => {
    const weighted = grounded(text, { x: [0.5, 1, 7], w: [2, 1, 0] })
    const repeated = grounded(text, { x: [0.5, 0.5, 1], w: [1, 1, 1] })
    expect(logLikelihood(weighted, params)).toBeCloseTo(logLikelihood(repeated, params), 13)
    const q = (g: Ground): number => expectedCompleteLogDensity(g, params, values({ p: [0.4, 0.6], mu: [0.1, 1.7] }))
    expect(q(weighted)).toBeCloseTo(q(repeated), 12)
    expectFisher(weighted, params)
    expectFisher(grounded(text, { x: [0.5, 1], w: [2.5, 0.4] }), params)
  })
  it('inside a latent’s block multiply that block’s message', () => {
    const nested = `model G
data x : real[G, J]
data w : nonnegative[G, J]
param p, s : simplex[2]
param mu : real[2, 2]
for g in 1..G {
  latent c ~ Categorical(p)
  for j in 1..J weight w[g, j] {
    latent z ~ Categorical(s)
    x[g, j] ~ Normal(mu[c, z], 1)
  }
}`
    const q = values({
      p: [0.3, 0.7],
      s: [0.6, 0.4],
      mu: [
        [0, 1],
        [2, 4],
      ],
    })
    const weighted = grounded(nested, {
      x: [
        [0.5, 1],
        [3, 2],
      ],
      w: [
        [2, 1],
        [1, 2],
      ],
    })
    const repeated = grounded(nested, {
      x: [
        [0.5, 0.5, 1],
        [3, 2, 2],
      ],
      w: [
        [1, 1, 1],
        [1, 1, 1],
      ],
    })
    expect(logLikelihood(weighted, q)).toBeCloseTo(logLikelihood(repeated, q), 13)
    const trial = values({
      p: [0.5, 0.5],
      s: [0.5, 0.5],
      mu: [
        [0, 1.2],
        [2.1, 3.9],
      ],
    })
    expect(expectedCompleteLogDensity(weighted, q, trial)).toBeCloseTo(
      expectedCompleteLogDensity(repeated, q, trial),
      12,
    )
    const row = (g: Ground): unknown =>
      posterior(g, q, [cellAt(g, 'c', [1]), cellAt(g, 'z', [1, 1])]).map((r) => r.probability.toFixed(12))
    expect(row(weighted)).toEqual(row(repeated))
    expectFisher(weighted, q)
  })
})

describe('chains', () => {
  it('hidden Markov: agrees with the forward recursion', () => {
    const g = grounded(
      languageModel('speech-states'),
      {
        y: [
          [1, 0, 4],
          [2, 5],
        ],
      },
      values({ S: 2 }),
    )
    const start = [0.6, 0.4]
    const step = [
      [0.7, 0.3],
      [0.2, 0.8],
    ]
    const rate = [1, 4]
    const params = values({ start, step, rate })
    const poisson = (k: number, r: number): number => Math.exp(logDensity('Poisson', k, values({ rate: r })))
    const forward = (y: readonly number[]): number => {
      let a = start.map((p, k) => p * poisson(y[0] ?? 0, rate[k] ?? 0))
      for (const v of y.slice(1))
        a = a.map((_, k) => a.reduce((t, p, j) => t + p * (step[j]?.[k] ?? 0), 0) * poisson(v, rate[k] ?? 0))
      return Math.log(a.reduce((t, p) => t + p, 0))
    }
    expect(logLikelihood(g, params)).toBeCloseTo(forward([1, 0, 4]) + forward([2, 5]), 12)
    expectFisher(g, params)
  })
  it('linear Gaussian, with a missing value: agrees with the multivariate normal', () => {
    const g = grounded(languageModel('local-level'), { y: [1, null, 2.5, 2] })
    const params = values({ level_sd: 0.7, noise_sd: 0.5, first: 1 })
    const times = [1, 3, 4]
    const cov = times.map((s) => times.map((t) => 1e6 + 0.49 * (Math.min(s, t) - 1) + (s === t ? 0.25 : 0)))
    const expected = logDensity('MvNormal', [1, 2.5, 2], values({ mean: [1, 1, 1], cov }))
    expect(logLikelihood(g, params)).toBeCloseTo(expected, 8)
    expectFisher(g, params)
  })
})

describe('continuous latents', () => {
  it('factor analysis with a missing cell', () => {
    const g = grounded(
      languageModel('factor-analysis'),
      {
        x: [
          [1, 2, 0.5],
          [0, null, -1],
        ],
      },
      values({ Q: 1 }),
    )
    const W = [[1], [0.5], [-0.3]]
    const psi = [0.5, 0.7, 0.6]
    const mu = [0.2, 0, 0.1]
    const cov = (rows: readonly number[]): number[][] =>
      rows.map((i) => rows.map((j) => (W[i]?.[0] ?? 0) * (W[j]?.[0] ?? 0) + (i === j ? (psi[i] ?? 0) ** 2 : 0)))
    const params = values({ W, mu, psi })
    const expected =
      logDensity('MvNormal', [1, 2, 0.5], values({ mean: mu, cov: cov([0, 1, 2]) })) +
      logDensity('MvNormal', [0, -1], values({ mean: [0.2, 0.1], cov: cov([0, 2]) }))
    expect(logLikelihood(g, params)).toBeCloseTo(expected, 11)
    expectFisher(g, params)
  })
  it('eight schools, also where tau is 0', () => {
    const g = grounded(languageModel('eight-schools'), { y: [28, 8, -3], se: [15, 10, 16] })
    const expected = (tau: number): number =>
      [
        [28, 15],
        [8, 10],
        [-3, 16],
      ].reduce((t, [y = 0, s = 1]) => t + Math.log(normal(y, 5, Math.hypot(tau, s))), 0)
    expect(logLikelihood(g, values({ mu: 5, tau: 7 }))).toBeCloseTo(expected(7), 11)
    expect(logLikelihood(g, values({ mu: 5, tau: 0 }))).toBeCloseTo(expected(0), 11)
    expect(expectation(g, values({ mu: 5, tau: 0 }), [cellAt(g, 'theta', [1])], ([t = 0]) => t)).toBe(5)
    expectFisher(g, values({ mu: 5, tau: 7 }))
  })
  it('Student-t as a scale mixture, by quadrature', () => {
    const g = grounded(languageModel('robust-location'), { x: [0.3, -4] })
    const params = values({ mu: 0.1, sigma: 1.3, nu: 3.5 })
    const t = (x: number): number => logDensity('StudentT', x, values({ df: 3.5, mean: 0.1, scale: 1.3 }))
    const { value, error } = logLikelihoodParts(g, params)
    expect(value).toBeCloseTo(t(0.3) + t(-4), 10)
    expect(error).toBeLessThan(1e-9)
    const w = expectation(g, params, [cellAt(g, 'u', [2])], ([u = 0]) => u)
    expect(w).toBeCloseTo((3.5 + 1) / (3.5 + (4.1 / 1.3) ** 2), 10)
    expectFisher(g, params)
  })
  it('conditions and equations on continuous latents', () => {
    const probit = grounded(
      `model P
data lower, upper : real[N]
param m : real
for n in 1..N {
  latent v ~ Normal(m, 1)
  observe lower[n] < v and v <= upper[n]
}`,
      { lower: [-1, 0.5], upper: [0.5, 2] },
    )
    const phi = (x: number): number => Math.exp(logDensity('Normal', x, values({ mean: 0, sd: 1 })))
    const { value } = logLikelihoodParts(probit, values({ m: 0.2 }))
    const simpson = (a: number, b: number): number => {
      const n = 2000
      const h = (b - a) / n
      let s = phi(a - 0.2) + phi(b - 0.2)
      for (let i = 1; i < n; i++) s += (i % 2 === 1 ? 4 : 2) * phi(a + i * h - 0.2)
      return (s * h) / 3
    }
    expect(value).toBeCloseTo(Math.log(simpson(-1, 0.5)) + Math.log(simpson(0.5, 2)), 9)
    const sum = grounded(
      `model E
data y : real[N]
param m : real
for n in 1..N {
  latent a ~ Normal(m, 1)
  latent b ~ Normal(0, 2)
  observe y[n] = a + 2 * b
}`,
      { y: [1.5] },
    )
    const got = logLikelihood(sum, values({ m: 0.3 }))
    expect(got).toBeCloseTo(Math.log(normal(1.5, 0.3, Math.sqrt(17))), 11)
  })
})

describe('the rest of the language', () => {
  it('components of different families, chosen by if', () => {
    const x = [
      [0, 0],
      [1, 2],
      [4, 3],
    ]
    const g = grounded(languageModel('noisy-clusters'), { x }, values({ K: 1 }))
    const Sigma = [
      [
        [1, 0.2],
        [0.2, 1],
      ],
    ]
    const params = values({ w: [0.8, 0.2], mu: [[0.5, 1]], Sigma })
    const expected = x.reduce((t, row) => {
      const mv = Math.exp(logDensity('MvNormal', row, values({ mean: [0.5, 1], cov: Sigma[0] ?? [] })))
      return t + Math.log(0.8 * mv + 0.2 / (4 * 3))
    }, 0)
    expect(logLikelihood(g, params)).toBeCloseTo(expected, 12)
    expectFisher(g, params, [1, -1, 0.3, 0.2, 0.5, 0.1, 0.1, 0.4])
  })
  it('censored lifetimes', () => {
    const g = grounded(languageModel('survival'), { t: [1, 2], observed: [true, false] })
    const params = values({ w: [0.4, 0.6], rate: [1, 0.3] })
    const expected =
      Math.log(0.4 * Math.exp(-1) + 0.6 * 0.3 * Math.exp(-0.3)) + Math.log(0.4 * Math.exp(-2) + 0.6 * Math.exp(-0.6))
    expect(logLikelihood(g, params)).toBeCloseTo(expected, 13)
    expectFisher(g, params)
  })
  it('mixture of regressions with softmax weights', () => {
    const g = grounded(languageModel('switching'), {
      x: [
        [1, 2],
        [0, 1],
      ],
      y: [1, 3],
    })
    const params = values({
      G: [
        [0.1, 0.2],
        [-0.3, 0.4],
      ],
      beta: [
        [1, 0],
        [0.5, 1],
      ],
      sigma: [1, 0.7],
    })
    expectFisher(g, params)
  })
  it('pLSA with weights per row', () => {
    const g = grounded(
      languageModel('plsa'),
      { doc: ['a', 'a', 'b'], word: ['u', 'v', 'u'], n_times: [3, 1, 2] },
      values({ K: 2 }),
    )
    const params = values({
      topics_of: [
        [0.4, 0.6],
        [0.9, 0.1],
      ],
      words_of: [
        [0.3, 0.7],
        [0.8, 0.2],
      ],
    })
    const p = (d: readonly number[], w: number): number =>
      (d[0] ?? 0) * (w === 0 ? 0.3 : 0.7) + (d[1] ?? 0) * (w === 0 ? 0.8 : 0.2)
    const expected = 3 * Math.log(p([0.4, 0.6], 0)) + Math.log(p([0.4, 0.6], 1)) + 2 * Math.log(p([0.9, 0.1], 0))
    expect(logLikelihood(g, params)).toBeCloseTo(expected, 13)
  })
  it('priors with their constants', () => {
    const g = grounded(
      languageModel('map-mixture'),
      {
        x: [
          [0, 1],
          [2, 3],
        ],
      },
      values({ K: 2 }),
    )
    const eye = [
      [1, 0],
      [0, 1],
    ]
    const params = values({
      pi: [0.4, 0.6],
      mu: [
        [0, 0],
        [1, 2],
      ],
      Sigma: [
        eye,
        [
          [2, 0.3],
          [0.3, 1],
        ],
      ],
    })
    const iw = (s: readonly (readonly number[])[]): number =>
      logDensity('InverseWishart', s, values({ df: 4, scale: eye }))
    const expected =
      logDensity('Dirichlet', [0.4, 0.6], values({ a: [2, 2] })) +
      [0, 0, 1, 2].reduce((t, m) => t + logDensity('Normal', m, values({ mean: 0, sd: 10 })), 0) +
      iw(eye) +
      iw([
        [2, 0.3],
        [0.3, 1],
      ])
    expect(logPrior(g, params)).toBeCloseTo(expected, 12)
  })
  it('an unbounded count: thinned Poisson', () => {
    const g = grounded(
      `model T
data y : count[N]
param rate : positive
param p : unit
for n in 1..N {
  latent m ~ Poisson(rate)
  y[n] ~ Binomial(m, p)
}`,
      { y: [3, 40] },
    )
    const params = values({ rate: 5, p: 0.4 })
    const expected = [3, 40].reduce((t, y) => t + logDensity('Poisson', y, values({ rate: 2 })), 0)
    expect(logLikelihood(g, params)).toBeCloseTo(expected, 10)
    expectFisher(g, params)
  })
  it('a latent declared in one branch only', () => {
    const g = grounded(
      `model B
data x : real[N]
param w : simplex[2]
param q : simplex[3]
param m : real[3]
for n in 1..N {
  latent z ~ Categorical(w)
  if z == 1 { x[n] ~ Normal(0, 1) }
  else {
    latent s ~ Categorical(q)
    x[n] ~ Normal(m[s], 1)
  }
}`,
      { x: [0.4] },
    )
    const params = values({ w: [0.5, 0.5], q: [0.2, 0.3, 0.5], m: [1, 2, 3] })
    const inner = 0.2 * normal(0.4, 1, 1) + 0.3 * normal(0.4, 2, 1) + 0.5 * normal(0.4, 3, 1)
    expect(logLikelihood(g, params)).toBeCloseTo(Math.log(0.5 * normal(0.4, 0, 1) + 0.5 * inner), 13)
    expectFisher(g, params)
  })
  it('lets, labels, comprehensions and allele counts', () => {
    const g = grounded(
      `model Abo
data group : category[N]
data n_A, n_O : count
param f : simplex[2]
let probs = [f[1]^2, 2*f[1]*f[2], f[2]^2]
latent aa, ao : count
[aa, ao, n_O] ~ Multinomial(probs)
observe n_A = aa + ao
for n in 1..N {
  let shift = 1 if group[n] == "U" else 2
  latent z ~ Categorical([shift / (shift + k) / (shift/(shift+1) + shift/(shift+2)) for k in 1..2])
  observe z < 2
}`,
      { group: ['U', 'V'], n_A: 5, n_O: 2 },
    )
    const params = values({ f: [0.4, 0.6] })
    const multinomial = logDensity('Binomial', 2, values({ n: 7, p: 0.36 }))
    const first = (s: number): number => Math.log(s / (s + 1) / (s / (s + 1) + s / (s + 2)))
    expect(logLikelihood(g, params)).toBeCloseTo(multinomial + first(1) + first(2), 12)
  })
  it('discriminant analysis with full covariances and a missing label', () => {
    const text = languageModel('gaussian-discriminant').replace('category[N]', 'category?[N]')
    const g = grounded(text, {
      x: [
        [0, 1],
        [2, 2],
        [1, 1],
      ],
      y: ['a', 'b', null],
    })
    const Sigma = [
      [
        [1, 0.3],
        [0.3, 2],
      ],
      [
        [0.5, 0],
        [0, 0.7],
      ],
    ]
    const params = values({
      pi: [0.3, 0.7],
      mu: [
        [0, 0],
        [2, 2],
      ],
      Sigma,
    })
    const joint = (k: number, x: readonly number[]): number =>
      (k === 0 ? 0.3 : 0.7) *
      Math.exp(logDensity('MvNormal', x, values({ mean: k === 0 ? [0, 0] : [2, 2], cov: Sigma[k] ?? [] })))
    const expected =
      Math.log(joint(0, [0, 1])) + Math.log(joint(1, [2, 2])) + Math.log(joint(0, [1, 1]) + joint(1, [1, 1]))
    expect(logLikelihood(g, params)).toBeCloseTo(expected, 12)
  })
  it('truncated distributions, renormalised', () => {
    const g = grounded(
      `model T
data x : real[N]
data k : count[N]
param m : real
param r : positive
for n in 1..N {
  x[n] ~ Truncated(Normal(m, 1), low=0)
  k[n] ~ Truncated(Poisson(r), low=1)
}`,
      { x: [0.5, 2], k: [1, 3] },
    )
    const upper = logDensity('Normal', 0, values({ mean: 0, sd: 1 }))
    expect(upper).toBeLessThan(0)
    const zero = -Math.log1p(-Math.exp(-1.5))
    const poisson = [1, 3].reduce((t, k) => t + logDensity('Poisson', k, values({ rate: 1.5 })) + zero, 0)
    const x = [0.5, 2].reduce((t, v) => t + Math.log(normal(v, 0, 1)) + Math.LN2, 0)
    expect(logLikelihood(g, values({ m: 0, r: 1.5 }))).toBeCloseTo(poisson + x, 13)
  })
  it('a latent point on the simplex, by quadrature: Dirichlet-multinomial', () => {
    const g = grounded(
      `model L
data c : count[3]
param a : positive[3]
latent t : simplex[3] ~ Dirichlet(a)
c ~ Multinomial(t)`,
      { c: [2, 1, 4] },
    )
    const a = [1.5, 2, 0.8]
    const expected = logDensity('DirichletMultinomial', [2, 1, 4], values({ a }))
    expect(logLikelihood(g, values({ a }))).toBeCloseTo(expected, 9)
    const mean = expectation(g, values({ a }), [cellAt(g, 't', [3])], ([t = 0]) => t)
    expect(mean).toBeCloseTo((0.8 + 4) / (4.3 + 7), 9)
  })
  it('many Gaussian latents in one unit', () => {
    const g = grounded(
      languageModel('factor-analysis'),
      {
        x: [
          [1, null, null, 0.3],
          [0.2, 0.1, 0, 1],
        ],
      },
      values({ Q: 2 }),
    )
    const params = values({
      W: [
        [1, 0.2],
        [0.5, -1],
        [-0.3, 0.4],
        [0.1, 0.9],
      ],
      mu: [0.2, 0, 0.1, 0.5],
      psi: [0.5, 0.7, 0.6, 0.9],
    })
    expect(logLikelihoodParts(g, params).units.map((u) => [u.cells.length, u.method])).toEqual([
      [4, 'gaussian'],
      [2, 'gaussian'],
    ])
    expectFisher(g, params)
  })
  it('logistic regression with a random intercept: discrete data under a continuous latent', () => {
    const g = grounded(
      `model R
data y : bool[G, J]
param m : real
param s : positive
for g in 1..G {
  latent u ~ Normal(m, s)
  for j in 1..J { y[g, j] ~ Bernoulli(logit=u) }
}`,
      {
        y: [
          [true, true, false],
          [false, false, false],
        ],
      },
    )
    const params = values({ m: 0.3, s: 1.2 })
    expect(logLikelihoodParts(g, params).error).toBeLessThan(1e-10)
    const grid = (y: readonly boolean[]): number => {
      let total = 0
      for (let t = -10; t <= 10; t += 0.01) {
        const u = 0.3 + 1.2 * t
        total += 0.01 * normal(t, 0, 1) * y.reduce((p, v) => p / (1 + Math.exp(v ? -u : u)), 1)
      }
      return Math.log(total)
    }
    expect(logLikelihood(g, params)).toBeCloseTo(grid([true, true, false]) + grid([false, false, false]), 11)
    expectFisher(g, params)
  })
})

describe('what the oracle refuses', () => {
  it('a missing value of a covariate', () => {
    const text = `model C
data x, y : real?[N]
param b : real
for n in 1..N { y[n] ~ Normal(b * x[n], 1) }`
    expect(() => grounded(text, { x: [1, null], y: [1, 2] })).toThrow(/x\[2\] is missing/)
  })
  it('a posterior where the data is impossible', () => {
    const g = grounded(languageModel('grades'), { h: 20, c: 10, d: 10 })
    expect(logLikelihood(g, values({ mu: 0 }))).toBe(Number.NEGATIVE_INFINITY)
    expect(() => posterior(g, values({ mu: 0 }), [cellAt(g, 'a')])).toThrow(/probability 0/)
  })
})
