/**
 * Posteriors at given params against programs that nobody here wrote; the figures are theirs, as printed.
 * statsmodels 0.15.0 (`UnobservedComponents(y, 'local level')`, initial state known), scikit-learn 1.9.1
 * (`FactorAnalysis.transform`, `score_samples`), hmmlearn 0.3.3 (`PoissonHMM.predict_proba`, `score`).
 */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { fitAt, named } from './fit-at.js'

const column = (file: string): readonly number[] =>
  readFileSync(new URL(`../../examples/${file}`, import.meta.url), 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => Number(line.split(',').at(-1)))

const near = (actual: number | undefined, wanted: number): void => {
  expect(Math.abs((actual ?? Number.NaN) - wanted)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(wanted)))
}

describe('the Nile by a local level: Kalman filter and smoother of statsmodels', () => {
  const level = `model LocalLevel
data  y : real?[T]
param q, r : positive
latent m[1] ~ Normal(1000, var=250000)
for t in 2..T { latent m[t] ~ Normal(m[t-1], var=q) }
for t in 1..T { y[t] ~ Normal(m[t], var=r) }`
  const y = column('nile/nile.csv')
  const params = { q: 1469.1, r: 15099 }

  test('all years', async () => {
    const fit = await fitAt(level, { y }, params)
    const smoothed = named((await fit.predict({ y })).latents, 'm')
    const filtered = named((await fit.predict({ y }, { filtered: true })).latents, 'm')
    const figures: readonly (readonly [number, number, number, number, number])[] = [
      // year, filtered mean and variance, smoothed mean and variance
      [0, 1113.16527033297, 14239.02013964593, 1109.8958494384556, 3968.1569987805865],
      [1, 1137.0456446419853, 7698.769145360298, 1109.5585294410805, 3208.5475751964927],
      [49, 849.0705654525402, 4032.1579418087713, 834.7632586699605, 2326.7568698142886],
      [99, 798.3702926083579, 4032.1579418087713, 798.3702926083579, 4032.1579418087713],
    ]
    for (const [t, ...wanted] of figures) {
      near(filtered.mean?.[t], wanted[0])
      near(filtered.variance?.[t], wanted[1])
      near(smoothed.mean?.[t], wanted[2])
      near(smoothed.variance?.[t], wanted[3])
    }
  })

  test('twenty years missing', async () => {
    const holes = y.map((x, t) => (t >= 20 && t < 40 ? null : x))
    const fit = await fitAt(level, { y }, params)
    const smoothed = named((await fit.predict({ y: holes })).latents, 'm')
    const filtered = named((await fit.predict({ y: holes }, { filtered: true })).latents, 'm')
    for (const [t, mean, variance] of [
      [20, 990.0812111551129, 4723.602534532717],
      [30, 893.8057859414379, 9714.99744813866],
      [39, 807.1579032491304, 4723.576150444474],
    ] as const) {
      near(filtered.mean?.[t], 1026.1331809975409)
      near(smoothed.mean?.[t], mean)
      near(smoothed.variance?.[t], variance)
    }
    const { arrays } = await fit.impute({ y: holes })
    const cell = arrays[0]?.cells[10]
    near(Number(cell?.value), 893.8057859414379)
    near(cell?.sd ?? Number.NaN, Math.sqrt(9714.99744813866 + 15099))
  })
})

test('factor scores and log densities of scikit-learn', async () => {
  const text = `model Factors
data  x : real[N, 4]
param W   : real[4, 2]
param mu  : real[4]
param psi : positive[4]
for n in 1..N {
  latent f : real[2] ~ Normal(0, 1)
  x[n] ~ Normal(mu + W * f, var=psi)
}`
  const W = [
    [1, 0.2],
    [0.5, -0.7],
    [-0.3, 0.9],
    [0.8, 0.1],
  ]
  const x = [
    [1.2, 0.3, 1, -0.4],
    [0.1, -1.5, 2.9, 0.7],
    [3, 1, 0.5, 2],
  ]
  const fit = await fitAt(text, { x }, { W, mu: [1, -0.5, 2, 0.25], psi: [0.5, 0.8, 0.3, 1.2] })
  const f = named((await fit.predict({ x })).latents, 'f')
  const scores = [
    0.18613892645035238, -0.7980467377124376, -0.5993179367736325, 0.6204720234939509, 1.6713557272461925,
    -0.7751246477992292,
  ]
  scores.forEach((s, i) => {
    near(f.mean?.[i], s)
  })
  const { contributions } = await fit.score({ x })
  ;[-4.817633557315691, -5.091369456874683, -6.329026733506422].forEach((s, i) => {
    near(contributions[0]?.values[i], s)
  })
})

test('smoothed states and the log-likelihood of a Poisson chain of hmmlearn', async () => {
  const text = `model Chain
data  y : count[T]
param start : simplex[3]
param step  : simplex[3, 3]
param rate  : positive[3]
latent z[1] ~ Categorical(start)
for t in 2..T { latent z[t] ~ Categorical(step[z[t-1]]) }
for t in 1..T { y[t] ~ Poisson(rate[z[t]]) }`
  const y = column('earthquakes/earthquakes.csv')
  const fit = await fitAt(
    text,
    { y },
    {
      start: [0.5, 0.3, 0.2],
      step: [
        [0.9, 0.07, 0.03],
        [0.1, 0.8, 0.1],
        [0.05, 0.15, 0.8],
      ],
      rate: [12, 19, 29],
    },
  )
  const z = named((await fit.predict({ y })).latents, 'z')
  const figures: readonly (readonly [number, readonly number[]])[] = [
    [0, [0.9641116591093992, 0.0357851836149927, 0.00010315727559054091]],
    [9, [2.3479717721945447e-7, 0.008224903411411385, 0.9917748617913887]],
    [50, [6.770227683894394e-10, 0.0011304343116799115, 0.9988695650112766]],
    [106, [0.9807695774293359, 0.019203351259850798, 2.7071310827980307e-5]],
  ]
  for (const [t, wanted] of figures) for (const [k, p] of wanted.entries()) near(z.probability?.[t * 3 + k], p)
  near((await fit.score({ y })).logLikelihood, -333.0140141473595)
})
