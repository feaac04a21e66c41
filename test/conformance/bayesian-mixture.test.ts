/** Variational Bayes of Gaussian mixtures beside scikit-learn's BayesianGaussianMixture, on the same priors. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { compileOrThrow, readTable } from '../../index.js'

interface Case {
  readonly name: string
  readonly kind: 'diag' | 'full'
  readonly components: number
  readonly prior: {
    readonly alpha: number
    readonly beta: number
    readonly mean: readonly number[]
    readonly nu: number
    readonly scale: readonly number[]
  }
  readonly weight_concentration: readonly number[]
  readonly means: readonly (readonly number[])[]
  readonly mean_precision: readonly number[]
  readonly degrees_of_freedom: readonly number[]
  readonly covariances: readonly (readonly number[])[]
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

/** Independent precisions of the dimensions, each with the mean whose precision is a multiple of it. */
const diagonal = ({ components, prior: { alpha, beta, mean, nu, scale } }: Case): string =>
  [
    'model Mixture',
    `const K = ${components}`,
    `const m = [${mean.join(', ')}]`,
    `const s = [${scale.join(', ')}]`,
    'data  x : real[N, D]',
    `param pi : simplex[K] ~ Dirichlet(${alpha})`,
    'param lambda : positive[K, D]',
    'param mu : real[K, D]',
    'for k in 1..K {',
    '  for d in 1..D {',
    `    lambda[k, d] ~ Gamma(${nu / 2}, s[d] / 2)`,
    `    mu[k, d] ~ Normal(m[d], precision=${beta} * lambda[k, d])`,
    '  }',
    '}',
    'for n in 1..N {',
    '  latent z ~ Categorical(pi)',
    '  for d in 1..D { x[n, d] ~ Normal(mu[z, d], precision=lambda[z, d]) }',
    '}',
    '',
  ].join('\n')

const close = (ours: readonly number[], theirs: readonly number[]): void => {
  expect(ours.length).toBe(theirs.length)
  theirs.forEach((value, i) => {
    expect(Math.abs((ours[i] ?? Number.NaN) - value)).toBeLessThan(1e-6 * Math.max(1, Math.abs(value)))
  })
}
const flat = (x: unknown): readonly number[] => ([x] as unknown[]).flat(3) as readonly number[]

describe(`Bayesian mixtures as by ${program}`, () => {
  it.each(cases.filter((c) => c.kind === 'diag').map((c) => [c.name, c] as const))('%s', async (_, c) => {
    const x = rows.map((row) => row.slice(0, c.prior.mean.length))
    const fit = await compileOrThrow(diagonal(c)).fit({ x }, { mode: 'vb', tolerance: 0, maxIterations: 1000 })
    expect(Math.abs(fit.objective - c.lower_bound - c.constant)).toBeLessThan(1e-8)
    const { pi, mu, lambda } = fit.result.posteriors ?? {}
    const means = mu?.mean as readonly (readonly number[])[]
    const first = (k: number): number => means[k]?.[0] ?? Number.NaN
    const order = c.means.map((_, k) => k).sort((a, b) => first(a) - first(b))
    // components in the order of their means
    const sorted = (values: unknown): readonly number[] => order.flatMap((k) => flat((values as readonly unknown[])[k]))
    const perDimension = (values: readonly number[]): readonly number[] =>
      values.flatMap((v) => c.prior.mean.map(() => v))
    close(sorted(pi?.parameters.alpha), c.weight_concentration)
    close(sorted(mu?.mean), c.means.flat())
    const [shape, rate] = [sorted(lambda?.parameters.shape), sorted(lambda?.parameters.rate)]
    const of = (values: readonly number[], i: number): number => values[i] ?? Number.NaN
    close(
      shape.map((a) => 2 * a),
      perDimension(c.degrees_of_freedom),
    )
    close(
      rate.map((b, i) => b / of(shape, i)),
      c.covariances.flat(),
    )
    // the scale of the mean's Student's t tells the multiple that its precision is
    const precisions = sorted(mu?.parameters.scale).map((s, i) => of(rate, i) / (of(shape, i) * s * s))
    close(precisions, perDimension(c.mean_precision))
  })
})
