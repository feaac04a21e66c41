/** Variational Bayes of Gaussian mixtures beside scikit-learn's BayesianGaussianMixture, on the same priors. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { compileOrThrow, readTable } from '../../index.js'

interface Case {
  readonly name: string
  readonly kind: 'diag' | 'spherical' | 'full'
  readonly components: number
  readonly prior: {
    readonly alpha: number
    readonly beta: number
    readonly mean: readonly number[]
    readonly nu: number
    /** A number, one for each dimension, or a matrix. */
    readonly scale: unknown
  }
  readonly weight_concentration: readonly number[]
  readonly means: readonly (readonly number[])[]
  readonly mean_precision: readonly number[]
  readonly degrees_of_freedom: readonly number[]
  readonly covariances: readonly unknown[]
  /** Without what depends on priors and the number of rows alone, and that. */
  readonly lower_bound: number
  readonly constant: number
}

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')
const { program, cases } = JSON.parse(read('peers/bayesian-mixture.json')) as {
  readonly program: string
  readonly cases: readonly Case[]
}
const table = readTable('faithful.csv', read('../../examples/old-faithful/faithful.csv')).value
const rows = Array.from({ length: 272 }, (_, n) =>
  ['eruptions', 'waiting'].map((name) => Number(table?.columns.find((c) => c.name === name)?.cells[n])),
)

const mixture = (c: Case, declarations: readonly string[], rows: readonly string[]): string =>
  [
    'model Mixture',
    `const K = ${c.components}`,
    `const m = ${JSON.stringify(c.prior.mean)}`,
    `const s = ${JSON.stringify(c.prior.scale)}`,
    'data  x : real[N, D]',
    `param pi : simplex[K] ~ Dirichlet(${c.prior.alpha})`,
    'param mu : real[K, D]',
    ...declarations,
    'for n in 1..N {',
    '  latent z ~ Categorical(pi)',
    ...rows,
    '}',
    '',
  ].join('\n')

/** Independent precisions of the dimensions, each with the mean whose precision is a multiple of it. */
const diagonal = (c: Case): string =>
  mixture(
    c,
    [
      'param lambda : positive[K, D]',
      'for k in 1..K {',
      '  for d in 1..D {',
      `    lambda[k, d] ~ Gamma(${c.prior.nu / 2}, s[d] / 2)`,
      `    mu[k, d] ~ Normal(m[d], precision=${c.prior.beta} * lambda[k, d])`,
      '  }',
      '}',
    ],
    ['  for d in 1..D { x[n, d] ~ Normal(mu[z, d], precision=lambda[z, d]) }'],
  )

/** One precision for all dimensions: a Wishart matrix that is a multiple of the identity. */
const spherical = (c: Case): string =>
  mixture(
    c,
    [
      `param lambda : positive[K] ~ Gamma(D * ${c.prior.nu / 2}, D * s / 2)`,
      `for k in 1..K { for d in 1..D { mu[k, d] ~ Normal(m[d], precision=${c.prior.beta} * lambda[k]) } }`,
    ],
    ['  for d in 1..D { x[n, d] ~ Normal(mu[z, d], precision=lambda[z]) }'],
  )

/** scikit-learn's prior is of precisions, by the inverse of their scale: that of a covariance matrix has it as it is. */
const full = (c: Case): string =>
  mixture(
    c,
    [
      `param Sigma : covariance[K, D] ~ InverseWishart(${c.prior.nu}, s)`,
      `for k in 1..K { mu[k] ~ MvNormal(m, Sigma[k] / ${c.prior.beta}) }`,
    ],
    ['  x[n] ~ MvNormal(mu[z], Sigma[z])'],
  )

const byPrecision = (c: Case): string => {
  const [[a = 0, b = 0] = [], [, d = 0] = []] = c.prior.scale as readonly (readonly number[])[]
  const det = a * d - b * b
  const scale = [
    [d / det, -b / det],
    [-b / det, a / det],
  ]
  return mixture(
    { ...c, prior: { ...c.prior, scale } },
    [
      `param Lambda : covariance[K, D] ~ Wishart(${c.prior.nu}, s)`,
      `for k in 1..K { mu[k] ~ MvNormal(m, precision=${c.prior.beta} * Lambda[k]) }`,
    ],
    ['  x[n] ~ MvNormal(mu[z], precision=Lambda[z])'],
  )
}

const close = (ours: readonly number[], theirs: readonly number[]): void => {
  expect(ours.length).toBe(theirs.length)
  theirs.forEach((value, i) => {
    expect(Math.abs((ours[i] ?? Number.NaN) - value)).toBeLessThan(1e-6 * Math.max(1, Math.abs(value)))
  })
}
const flat = (x: unknown): readonly number[] => ([x] as unknown[]).flat(3) as readonly number[]
const at = (values: readonly number[], i: number): number => values[i] ?? Number.NaN

/** A fit at the same optimum, its posteriors in the order of the means. */
async function fitted(text: string, c: Case) {
  const x = rows.map((row) => row.slice(0, c.prior.mean.length))
  const fit = await compileOrThrow(text).fit({ x }, { mode: 'vb', tolerance: 0, maxIterations: 400 })
  expect(Math.abs(fit.objective - c.lower_bound - c.constant)).toBeLessThan(1e-8)
  const { pi, mu, ...others } = fit.result.posteriors ?? {}
  const means = mu?.mean as readonly (readonly number[])[]
  const first = (k: number): number => means[k]?.[0] ?? Number.NaN
  const order = c.means.map((_, k) => k).sort((a, b) => first(a) - first(b))
  const sorted = (values: unknown): readonly number[] => order.flatMap((k) => flat((values as readonly unknown[])[k]))
  close(sorted(pi?.parameters.alpha), c.weight_concentration)
  close(sorted(mu?.mean), c.means.flat())
  return { mu, others, sorted }
}

const only = (kind: Case['kind']) => cases.filter((c) => c.kind === kind).map((c) => [c.name, c] as const)

describe(`Bayesian mixtures as by ${program}`, () => {
  it('are there, of each kind of covariance', () => {
    for (const kind of ['diag', 'spherical', 'full'] as const) expect(only(kind).length, kind).toBeGreaterThan(0)
  })

  it.each([...only('diag'), ...only('spherical')])('%s', async (_, c) => {
    const { mu, others, sorted } = await fitted(c.kind === 'diag' ? diagonal(c) : spherical(c), c)
    const D = c.prior.mean.length
    const copies = c.kind === 'diag' ? D : 1
    const times = (values: readonly number[], n: number): readonly number[] =>
      values.flatMap((v) => Array.from({ length: n }, () => v))
    const [shape, rate] = [sorted(others.lambda?.parameters.shape), sorted(others.lambda?.parameters.rate)]
    const inOne = c.kind === 'diag' ? 1 : D
    close(
      shape.map((a) => (2 * a) / inOne),
      times(c.degrees_of_freedom, copies),
    )
    close(
      rate.map((b, i) => b / at(shape, i)),
      flat(c.covariances),
    )
    // the scale of the mean's Student's t tells the multiple that its precision is
    const perMean = (values: readonly number[], i: number): number => at(values, Math.floor((i * copies) / D))
    const precisions = sorted(mu?.parameters.scale).map((s, i) => perMean(rate, i) / (perMean(shape, i) * s * s))
    close(precisions, times(c.mean_precision, D))
  })

  it.each(only('full'))('%s, by covariance and by precision', async (_, c) => {
    const covariance = await fitted(full(c), c)
    const precision = await fitted(byPrecision(c), c)
    const [Sigma, Lambda] = [covariance.others.Sigma, precision.others.Lambda]
    const df = covariance.sorted(Sigma?.parameters.df)
    close(df, c.degrees_of_freedom)
    close(precision.sorted(Lambda?.parameters.df), c.degrees_of_freedom)
    const scale = covariance.sorted(Sigma?.parameters.scale)
    close(
      scale.map((s, i) => s / at(df, Math.floor(i / 4))),
      flat(c.covariances),
    )
    for (const { mu, sorted } of [covariance, precision]) {
      // a vector's Student's t has df + 1 − D degrees of freedom
      close(
        sorted(mu?.parameters.df),
        c.degrees_of_freedom.map((v) => v - 1),
      )
      const precisions = sorted(mu?.parameters.scale).map(
        (s, i) => at(scale, i) / (s * (at(df, Math.floor(i / 4)) - 1)),
      )
      close(
        precisions,
        c.mean_precision.flatMap((v) => [v, v, v, v]),
      )
    }
  })
})
