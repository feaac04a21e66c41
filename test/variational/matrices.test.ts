/** Matrices with Wishart and inverse Wishart posteriors. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { compileOrThrow, readTable } from '../../index.js'
import { multivariateLgamma } from '../../oracle/special-functions.js'

const lines = (...text: readonly string[]): string => `${text.join('\n')}\n`
const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')
const flat = (x: unknown): readonly number[] => ([x] as unknown[]).flat(3) as readonly number[]
const close = (ours: unknown, theirs: unknown, digits = 9): void => {
  const [a, b] = [flat(ours), flat(theirs)]
  expect(a.length).toBe(b.length)
  b.forEach((value, i) => {
    expect(Math.abs((a[i] ?? Number.NaN) - value)).toBeLessThan(10 ** -digits * Math.max(1, Math.abs(value)))
  })
}

type Two = readonly [readonly [number, number], readonly [number, number]]
const det = ([[a, b], [c, d]]: Two): number => a * d - b * c
const inverse = (m: Two): Two => {
  const [[a, b], [c, d]] = m
  return [
    [d / det(m), -b / det(m)],
    [-c / det(m), a / det(m)],
  ]
}
const plus = (m: Two, n: Two): Two => [
  [m[0][0] + n[0][0], m[0][1] + n[0][1]],
  [m[1][0] + n[1][0], m[1][1] + n[1][1]],
]

const x = [
  [0.3, 1.1],
  [1.2, 0.4],
  [-0.7, 0.2],
  [0.5, -1.3],
  [0.9, 0.1],
] as const
const scatter = x.reduce<Two>(
  (s, [a, b]) =>
    plus(s, [
      [(a - 0.1) ** 2, (a - 0.1) * (b - 0.2)],
      [(a - 0.1) * (b - 0.2), (b - 0.2) ** 2],
    ]),
  [
    [0, 0],
    [0, 0],
  ],
)
const S: Two = [
  [0.5, 0.1],
  [0.1, 0.7],
]
/** log ∫ |W|^((df − 3)/2) exp(−½ tr(M W)) dW. */
const logConstant = (df: number, m: Two): number =>
  -0.5 * df * Math.log(det(m)) + df * Math.LN2 + multivariateLgamma(2, df / 2)

describe('a latent matrix', () => {
  it.each([
    ['InverseWishart', 'MvNormal(m, Sigma)', S],
    ['Wishart', 'MvNormal(m, precision=Sigma)', inverse(S)],
  ] as const)('has an exact E-step where all else is known: %s', async (prior, data, M) => {
    const model = (declaration: string): string =>
      lines(
        'model One',
        'const m = [0.1, 0.2]',
        'const S = [[0.5, 0.1], [0.1, 0.7]]',
        'data  x : real[N, D]',
        `${declaration} ~ ${prior}(5, S)`,
        `for n in 1..N { x[n] ~ ${data} }`,
      )
    const posterior = plus(M, scatter)
    const evidence = logConstant(10, posterior) - logConstant(5, M) - 5 * Math.log(2 * Math.PI)
    const fit = await compileOrThrow(model('latent Sigma')).fit({ x })
    expect(fit.result.bound).toBe('exact')
    expect(fit.objective).toBeCloseTo(evidence, 10)
    const [report] = fit.posteriors() ?? []
    const expected = prior === 'Wishart' ? inverse(posterior) : posterior
    expect(report?.parameters?.family).toBe(prior)
    close([...(report?.parameters?.values.get('df') ?? [])], [10])
    close([...(report?.parameters?.values.get('scale') ?? [])], expected)
    const factor = prior === 'Wishart' ? 10 : 1 / 7
    close(
      [...(report?.mean ?? [])],
      flat(expected).map((v) => factor * v),
    )
    // the variances of Anderson (2003), section 7.2, and of Kollo and von Rosen (2005), theorem 2.4.14
    const [[a, b], [, d]] = expected
    const variance = (ij: number, ii: number, jj: number): number =>
      prior === 'Wishart' ? 10 * (ij * ij + ii * jj) : (9 * ij * ij + 7 * ii * jj) / (8 * 49 * 5)
    close([...(report?.variance ?? [])], [variance(a, a, a), variance(b, a, d), variance(b, a, d), variance(d, d, d)])
    // as a param of the same model it is the same posterior, by name
    const vb = await compileOrThrow(model('param Sigma : covariance[D]')).fit({ x }, { mode: 'vb' })
    expect(vb.objective).toBeCloseTo(evidence, 10)
    expect(vb.result.posteriors?.Sigma).toMatchObject({ family: prior, parameters: { df: 10 } })
    close(vb.result.posteriors?.Sigma?.parameters.scale, expected)
  })

  it('is certified beside the mean that it is the covariance of', () => {
    const model = compileOrThrow(
      lines(
        'model Both',
        'const S = [[0.5, 0.1], [0.1, 0.7]]',
        'data  x : real[N, 2]',
        'latent mu ~ MvNormal([0.1, 0.2], S)',
        'latent Sigma ~ InverseWishart(5, S)',
        'latent Lambda ~ Wishart(4, S)',
        'for n in 1..N {',
        '  latent b ~ Bernoulli(0.4)',
        '  if b { x[n] ~ MvNormal(mu, Sigma) }',
        '  else { x[n] ~ MvNormal(mu, precision=Lambda) }',
        '}',
      ),
    )
    const { checks, ...certificate } = model.certify()
    expect(certificate).toMatchObject({ passed: true })
    expect(checks.find((c) => c.name.startsWith('factors of q'))?.passed).toBe(true)
  })
})

describe('a mixture with full covariances', () => {
  const made = JSON.parse(read('../conformance/peers/full-covariances.json')) as {
    readonly bound: number
    readonly alpha: readonly number[]
    readonly means: readonly (readonly number[])[]
    readonly df: readonly number[]
    readonly scales: unknown
    readonly covariances_of_means: readonly (readonly (readonly number[])[])[]
    readonly prior: {
      readonly alpha: number
      readonly mean: unknown
      readonly cov: unknown
      readonly nu: number
      readonly scale: unknown
    }
  }
  const { prior } = made
  const text = lines(
    'model Mixture',
    'const K = 2',
    `const m = ${JSON.stringify(prior.mean)}`,
    `const V = ${JSON.stringify(prior.cov)}`,
    `const S = ${JSON.stringify(prior.scale)}`,
    'data  x : real[N, D]',
    `param pi : simplex[K] ~ Dirichlet(${prior.alpha})`,
    'param mu : real[K, D] ~ MvNormal(m, V)',
    `param Sigma : covariance[K, D] ~ InverseWishart(${prior.nu}, S)`,
    'for n in 1..N {',
    '  latent z ~ Categorical(pi)',
    '  x[n] ~ MvNormal(mu[z], Sigma[z])',
    '}',
  )

  it('has the fixed point of the equations written out', async () => {
    const table = readTable('faithful.csv', read('../../examples/old-faithful/faithful.csv')).value
    const rows = Array.from({ length: 272 }, (_, n) =>
      ['eruptions', 'waiting'].map((name) => Number(table?.columns.find((c) => c.name === name)?.cells[n])),
    )
    const fit = await compileOrThrow(text).fit(
      { x: rows },
      { mode: 'vb', tolerance: 0, maxIterations: 200, restarts: 4 },
    )
    expect(Math.abs(fit.objective - made.bound)).toBeLessThan(1e-8)
    for (let i = 1; i < fit.trace.length; i++)
      expect(fit.trace[i]).toBeGreaterThanOrEqual((fit.trace[i - 1] ?? 0) - 1e-9)
    const { pi, mu, Sigma } = fit.result.posteriors ?? {}
    const first = (k: number): number => flat((mu?.mean as readonly unknown[] | undefined)?.[k])[0] ?? Number.NaN
    const order = first(0) < first(1) ? [0, 1] : [1, 0]
    const sorted = (values: unknown): unknown => order.map((k) => (values as readonly unknown[])[k])
    close(sorted(pi?.parameters.alpha), made.alpha, 7)
    close(sorted(mu?.mean), made.means, 7)
    close(
      sorted(mu?.sd),
      made.covariances_of_means.map((c) => c.map((row, i) => Math.sqrt(row[i] ?? Number.NaN))),
      7,
    )
    close(sorted(Sigma?.parameters.df), made.df, 7)
    close(sorted(Sigma?.parameters.scale), made.scales, 7)
    expect(fit.warnings.some((w) => w.code === 'W558')).toBe(false)
  })

  it('derives the updates of the matrices as such', () => {
    const page = compileOrThrow(text).variationalDerivation
    const printed = JSON.stringify(page)
    expect(printed).toContain('InverseWishart(df^Σ_k, scale^Σ_k)')
    expect(printed).toContain('scale^Σ_k = Sᵀ + ∑_n r_nk E[(x_n − μ_k) (x_n − μ_k)ᵀ]')
    expect(printed).toContain('df^Σ_k = N_k + 4')
  })
})
