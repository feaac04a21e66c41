/** Sequences of vectors `[R][T, D]`: what is fitted is what the rows give, however they are cut into sequences. */
import { expect, test } from 'vitest'
import { compileOrThrow } from '../../index.js'
import { fitAt } from './fit-at.js'

const sequences = [
  [
    [1, 10],
    [2, 14],
    [4, 11],
  ],
  [[-3, 13]],
  [
    [0, 9],
    [5, 15],
  ],
]
// sums 9 and 72 over 6 rows, of squares 55 and 892: variances 55/6 − 1.5² and 892/6 − 12²
const mean = [1.5, 12]
const variance = [55 / 6 - 1.5 ** 2, 892 / 6 - 12 ** 2]

function near(actual: unknown, wanted: readonly number[]): void {
  expect(Array.isArray(actual)).toBe(true)
  wanted.forEach((w, i) => {
    expect((actual as readonly number[])[i]).toBeCloseTo(w, 9)
  })
}

test.each([
  ['a vector at once', 'y[r, t] ~ Normal(mu, s)'],
  ['each coordinate', 'for d in 1..D { y[r, t, d] ~ Normal(mu[d], s[d]) }'],
])('Normal vectors of sequences, %s', async (_, statement) => {
  const text = `model Vectors
data  y : real[R][T, D]
param mu : real[D]
param s  : positive[D]
for r in 1..R { for t in 1..T { ${statement} } }`
  const fit = await compileOrThrow(text).fit({ y: sequences })
  near(fit.params.mu, mean)
  near(fit.params.s, variance.map(Math.sqrt))
  const logLik = variance.reduce((sum, v) => sum - 3 * (Math.log(2 * Math.PI * v) + 1), 0)
  expect(fit.logLikelihood).toBeCloseTo(logLik, 9)
  expect(fit.warnings.map((w) => w.code)).toEqual([])
})

test('matrices of sequences', async () => {
  const text = `model Matrices
data  y : real[R][T, 2, 2]
param mu : real[2, 2]
for r in 1..R { for t in 1..T { for i in 1..2 { for j in 1..2 { y[r, t, i, j] ~ Normal(mu[i, j], 1) } } } }`
  const y = sequences.map((rows) => rows.map((row) => [row, row.map((x) => 100 + 2 * x)]))
  const { mu } = (await compileOrThrow(text).fit({ y })).params as { mu: readonly (readonly number[])[] }
  near(mu[0], mean)
  near(mu[1], [103, 124])
})

test('missing coordinates are filled where they stand', async () => {
  const text = `model Holes
data  y : real?[R][T, 2]
param mu : real[2]
param Sigma : covariance[2]
for r in 1..R { for t in 1..T { y[r, t] ~ MvNormal(mu, Sigma) } }`
  const y = [
    [
      [1, 2],
      [2, null],
    ],
    [[null, 4]],
    [
      [5, 6],
      [null, null],
    ],
  ]
  const Sigma = [
    [2, 1],
    [1, 4],
  ]
  const fit = await fitAt(text, { y }, { mu: [1, 3], Sigma })
  const [found] = (await fit.impute({ y })).arrays
  // E(y2 | y1 = 2) = 3 + ½ (2 − 1), E(y1 | y2 = 4) = 1 + ¼ (4 − 3)
  const wanted = [
    [[1, 2, 2], 3.5, Math.sqrt(3.5)],
    [[2, 1, 1], 1.25, Math.sqrt(1.75)],
    [[3, 2, 1], 1, Math.sqrt(2)],
    [[3, 2, 2], 3, 2],
  ] as const
  expect(found?.cells.map((c) => c.index)).toEqual(wanted.map(([index]) => index))
  wanted.forEach(([, value, sd], i) => {
    expect(found?.cells[i]?.value).toBeCloseTo(value, 9)
    expect(found?.cells[i]?.sd).toBeCloseTo(sd, 9)
  })
})
