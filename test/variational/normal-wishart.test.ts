/** Means with a matrix for their spread: Normal–Wishart and Normal–inverse-Wishart posteriors. */
import { describe, expect, it } from 'vitest'
import { posteriorJson } from '../../api/rows/posterior-rows.js'
import { compileOrThrow } from '../../index.js'
import { cholesky, choleskyLogDet, inverse, product } from '../../oracle/dense.js'
import { multivariateLgamma } from '../../oracle/special-functions.js'

const lines = (...text: readonly string[]): string => `${text.join('\n')}\n`
type Matrix = readonly (readonly number[])[]
const flat = (x: unknown): readonly number[] => ([x] as unknown[]).flat(3) as readonly number[]
const close = (ours: unknown, theirs: unknown): void => {
  const [a, b] = [flat(ours), flat(theirs)]
  expect(a.length).toBe(b.length)
  b.forEach((value, i) => {
    expect(Math.abs((a[i] ?? Number.NaN) - value)).toBeLessThan(1e-10 * Math.max(1, Math.abs(value)))
  })
}
const transposed = (m: Matrix): Matrix => (m[0] ?? []).map((_, j) => m.map((row) => row[j] ?? 0))
const plus = (a: Matrix, b: Matrix): Matrix => a.map((row, i) => row.map((v, j) => v + (b[i]?.[j] ?? 0)))
const scaled = (a: Matrix, by: number): Matrix => a.map((row) => row.map((v) => v * by))
const logdet = (m: Matrix): number => choleskyLogDet(cholesky(m) ?? [])
const inv = (m: Matrix): Matrix => inverse(m) ?? []

const x: Matrix = [
  [0.3, 1.1],
  [1.2, 0.4],
  [-0.7, 0.2],
  [0.5, -1.3],
  [0.9, 0.1],
]
const w = [0.2, -1, 0.5, 2, 1]
const S: Matrix = [
  [0.5, 0.1],
  [0.1, 0.7],
]
const MEAN = [0.1, 0.2]

/** Rows of B ~ Normal(rows of M, Σ ⊗ C⁻¹), x = F B + noise: Rowe (2003), Multivariate Bayesian Statistics, section 8.4. */
function matrixNormalWishart(F: Matrix, C: Matrix, M: Matrix, nu: number, psi: Matrix) {
  const [D, N] = [psi.length, x.length]
  const post = plus(C, product(transposed(F), F))
  const mean = product(inv(post), plus(product(C, M), product(transposed(F), x)))
  const quadratic = (B: Matrix, P: Matrix): Matrix => product(transposed(B), product(P, B))
  const scale = plus(plus(psi, quadratic(M, C)), plus(product(transposed(x), x), scaled(quadratic(mean, post), -1)))
  const evidence =
    -0.5 * N * D * Math.log(Math.PI) +
    0.5 * D * (logdet(C) - logdet(post)) +
    multivariateLgamma(D, (nu + N) / 2) -
    multivariateLgamma(D, nu / 2) +
    0.5 * nu * logdet(psi) -
    0.5 * (nu + N) * logdet(scale)
  return { evidence, mean, scale, df: nu + N, rows: inv(post) }
}

describe('a regression with a matrix for the spread of its coefficients', () => {
  const byCovariance = (mean: string): string =>
    lines(
      'model Regression',
      'const S = [[0.5, 0.1], [0.1, 0.7]]',
      'const m0 = [0.1, 0.2]',
      'data  w : real[N]',
      'data  x : real[N, 2]',
      'latent Sigma ~ InverseWishart(5, S)',
      `latent a ~ MvNormal(${mean}, Sigma / 0.5)`,
      'latent b ~ MvNormal([0, 0], Sigma / 2)',
      'for n in 1..N { x[n] ~ MvNormal(a + w[n] * b, Sigma) }',
    )
  const byPrecision = lines(
    'model Regression',
    'const S = [[0.5, 0.1], [0.1, 0.7]]',
    'data  w : real[N]',
    'data  x : real[N, 2]',
    'latent Lambda ~ Wishart(5, S)',
    'latent a ~ MvNormal([0.1, 0.2], precision=0.5 * Lambda)',
    'latent b ~ MvNormal([0, 0], precision=2 * Lambda)',
    'for n in 1..N { x[n] ~ MvNormal(a + w[n] * b, precision=Lambda) }',
  )
  const F = w.map((v) => [1, v])
  const C: Matrix = [
    [0.5, 0],
    [0, 2],
  ]

  it.each([
    ['covariance, the mean a constant', byCovariance('m0'), S],
    ['covariance, the mean in numbers', byCovariance('[0.1, 0.2]'), S],
    ['precision', byPrecision, inv(S)],
  ])('has an exact E-step, and the evidence in closed form: %s', async (_, text, psi) => {
    const exact = matrixNormalWishart(F, C, [MEAN, [0, 0]], 5, psi)
    const fit = await compileOrThrow(text).fit({ w, x })
    expect(fit.result.bound).toBe('exact')
    expect(Math.abs(fit.objective - exact.evidence)).toBeLessThan(1e-10)
    const of = (name: string) => fit.posteriors()?.find((p) => p.name === name)
    for (const [r, name] of ['a', 'b'].entries()) {
      const own = of(name)
      const multiple = exact.rows[r]?.[r] ?? Number.NaN
      close([...(own?.mean ?? [])], exact.mean[r])
      close([...(own?.covariance ?? [])], scaled(exact.scale, multiple / (exact.df - 3)))
      expect(own?.parameters?.family).toBe('MvStudentT')
      close([...(own?.parameters?.values.get('df') ?? [])], [exact.df - 1])
      close([...(own?.parameters?.values.get('scale') ?? [])], scaled(exact.scale, multiple / (exact.df - 1)))
    }
    const matrix = of('Sigma') ?? of('Lambda')
    close([...(matrix?.parameters?.values.get('df') ?? [])], [exact.df])
    const scale = matrix?.parameters?.family === 'Wishart' ? inv(exact.scale) : exact.scale
    close([...(matrix?.parameters?.values.get('scale') ?? [])], scale)
    // one number, vector or matrix for the one row of each
    const { latents } = posteriorJson(fit.posteriors() ?? [], false) as {
      readonly latents: Readonly<Record<string, { readonly parameters: Readonly<Record<string, unknown>> }>>
    }
    expect(latents.a?.parameters).toEqual({
      df: [expect.closeTo(exact.df - 1, 10)],
      location: [exact.mean[0]?.map((v) => expect.closeTo(v, 10))],
      scale: [[expect.any(Number), expect.any(Number), expect.any(Number), expect.any(Number)]],
    })
    expect(latents[matrix?.name ?? '']?.parameters.df).toEqual([expect.closeTo(exact.df, 10)])
  })
})

describe('a vector of one element', () => {
  it('has for its matrix numbers that are not nested deeper than the matrix', async () => {
    const text = lines(
      'model One',
      'const S = [[6]]',
      'data  y : real[N, 1]',
      'param Sigma : covariance[1] ~ InverseWishart(4, S)',
      'param mu : real[1] ~ MvNormal([1], Sigma / 0.1)',
      'for n in 1..N { y[n] ~ MvNormal(mu, Sigma) }',
    )
    const y = [0.4, 1.3, 2.2, 0.9, -0.5]
    const fit = await compileOrThrow(text).fit({ y: y.map((v) => [v]) }, { mode: 'vb' })
    const number = await compileOrThrow(
      lines(
        'model Number',
        'data  y : real[N]',
        'param v : positive ~ InverseGamma(2, 3)',
        'param mu : real ~ Normal(1, var=v / 0.1)',
        'for n in 1..N { y[n] ~ Normal(mu, var=v) }',
      ),
    ).fit({ y }, { mode: 'vb' })
    expect(fit.objective).toBeCloseTo(number.objective, 11)
    const { mu, Sigma } = fit.result.posteriors ?? {}
    const one = number.result.posteriors
    expect(Sigma?.parameters.df).toBe(9)
    close(Sigma?.parameters.scale, [[2 * Number(one?.v?.parameters.scale)]])
    expect(mu?.parameters.df).toBe(9)
    close(mu?.parameters.scale, [[Number(one?.mu?.parameters.scale) ** 2]])
  })
})

describe('a mixture whose means are scaled by their matrices', () => {
  const model = (spread: 'Wishart' | 'InverseWishart', matrices: 'each' | 'one'): string => {
    const own = matrices === 'each' ? '[k]' : ''
    const z = matrices === 'each' ? '[z]' : ''
    const at = (of: string, scale: string): string =>
      spread === 'Wishart' ? `precision=${scale}${of}` : `${scale === '' ? '' : '2 * '}${of}`
    return lines(
      'model Mixture',
      'const S = [[0.5, 0.1], [0.1, 0.7]]',
      'data  x : real[N, 2]',
      'param p : simplex[2] ~ Dirichlet([1, 2])',
      `param U : covariance[${matrices === 'each' ? '2, ' : ''}2] ~ ${spread}(6, S)`,
      'param mu : real[2, 2]',
      `for k in 1..2 { mu[k] ~ MvNormal([0.1, 0.2], ${at(`U${own}`, '0.5 * ')}) }`,
      'for n in 1..N {',
      '  latent z ~ Categorical(p)',
      `  x[n] ~ MvNormal(mu[z], ${at(`U${z}`, '')})`,
      '}',
    )
  }
  const asLatents = (text: string): string =>
    text
      .replace('param p : simplex[2] ~', 'latent p ~')
      .replace(/param U : covariance\[2, 2\] ~ (.*)\n/, 'for k in 1..2 { latent U ~ $1 }\n')
      .replace(/param U : covariance\[2\] ~/, 'latent U ~')
      .replace('param mu : real[2, 2]\n', '')
      .replace('{ mu[k] ~', '{ latent mu ~')

  it.each([
    ['InverseWishart', 'each'],
    ['Wishart', 'one'],
  ] as const)('is certified: %s, %s', (spread, matrices) => {
    const { checks, passed } = compileOrThrow(asLatents(model(spread, matrices))).certify()
    expect(passed).toBe(true)
    const factors = checks.find((c) => c.name.startsWith('factors of q'))
    // of one matrix for two means the weights are compared
    const count = Number(/(\d+) comparisons/.exec(factors?.detail ?? '')?.[1])
    expect(count).toBeGreaterThan(matrices === 'each' ? 100 : 24)
  })

  it('keeps the factors apart where the prior of a mean reads no matrix', () => {
    const text = model('InverseWishart', 'one').replace('MvNormal([0.1, 0.2], 2 * U)', 'MvNormal([0.1, 0.2], S)')
    expect(compileOrThrow(asLatents(text)).derivation.toText()).toMatch(/q\(U\) q\(μ\)|q\(μ\) q\(U\)/)
  })

  it('derives the updates with their source', () => {
    const text = model('InverseWishart', 'each').replace('MvNormal([0.1, 0.2], 2 * U[k])', 'MvNormal(m, U[k] / b)')
    const page = compileOrThrow(
      asLatents(text.replace('data  x', 'const m = [0.1, 0.2]\nconst b = 0.5\ndata  x')),
    ).derivation.toText()
    const printed = page.replace(/\s+/g, ' ')
    for (const line of [
      'q(U, μ)',
      'reads μ_k through products with elements of U_k⁻¹ alone',
      'Where that is the identity, the log joint density is a quadratic in μ_k',
      'h_k = b m + ∑_n r_nk x_n',
      'given U_k is Normal, with mean a_k and covariance V_k, with U_k in the place of the identity',
      'E[eᵀ U_k⁻¹ e] = ēᵀ E[U_k⁻¹] ē + tr Cov₁(e)',
      'to the power −½ r, where r = 1 is the number of vectors',
      'df^U_k = N_k + 6',
      'scale^U_k = Sᵀ + b (a_k − m) (a_k − m)ᵀ + ∑_n r_nk (x_n − a_k) (x_n − a_k)ᵀ',
      '(eq. 2.157) and section 10.2.1 (eq. 10.59 to 10.64)',
    ])
      expect(printed).toContain(line)
  })
})
