import { describe, expect, test } from 'vitest'
import { fitText, modelText, published, table } from './read.js'

const faithful = table('faithful.csv')
const columns = { x: ['eruptions', 'waiting'] }

describe('a param that is held in part', () => {
  test('keeps the cells that are given and estimates the others: loadings with a zero above the diagonal', async () => {
    const { logLik } = published('A34-ability-fa2')
    const data = [table('ability_equivalent.csv')]
    const text = modelText('A34-ability-fa2')
    const W = [[null, 0], ...Array.from({ length: 5 }, () => [null, null])]
    const options = { accelerate: 'squarem', restarts: 1 } as const
    const fit = await fitText(text, data, { ...options, fix: { W } })
    // two factors may be turned so that the second does not load on the first variable: the maximum is the same
    expect(fit.logLikelihood).toBeCloseTo(logLik, 3)
    expect((fit.params.W as number[][])[0]?.[1]).toBe(0)
    expect(fit.result.parameters).toBe(23)
    expect(fit.result.parametersNominal).toBe(23)
    expect(fit.warnings.map((w) => w.code)).not.toContain('W527')
    expect(fit.result.fixed).toEqual({ W })
  })

  test('leaves the rest at a maximum given the known cells', async () => {
    const mu = [
      [2, null],
      [null, null],
    ]
    const text = modelText('A05-faithful-gmm-diag')
    const fit = await fitText(text, [faithful], { columns, restarts: 2, fix: { mu } })
    const free = await fitText(text, [faithful], { columns, restarts: 2 })
    expect(fit.logLikelihood).toBeLessThan(free.logLikelihood)
    expect(fit.result.parametersNominal).toBe(8)
    const found = fit.params.mu as number[][]
    expect(found[0]?.[0]).toBe(2)
    // a mean that is estimated is that of its rows: moved either way, the likelihood falls
    for (const [k, d] of [
      [0, 1],
      [1, 0],
      [1, 1],
    ] as const)
      for (const by of [-0.01, 0.01]) {
        const moved = found.map((row, i) => row.map((x, j) => (i === k && j === d ? x + by : x)))
        const at = await fitText(text, [faithful], { columns, fix: { ...fit.params, mu: moved } })
        expect(at.logLikelihood).toBeLessThan(fit.logLikelihood)
      }
  })

  test('holds one probability vector, one sd or one covariance among several', async () => {
    const text = modelText('A06-faithful-gmm-full')
    const Sigma = [
      [
        [0.07, 0.4],
        [0.4, 34],
      ],
      null,
    ]
    const fit = await fitText(text, [faithful], { columns, restarts: 2, fix: { Sigma } })
    expect((fit.params.Sigma as number[][][])[0]).toEqual(Sigma[0])
    expect(fit.result.parametersNominal).toBe(8)
    expect(fit.result.parameters).toBe(8)
    expect(fit.logLikelihood).toBeLessThan(published('A06-faithful-gmm-full').logLik)
    expect(fit.logLikelihood).toBeGreaterThan(published('A06-faithful-gmm-full').logLik - 5)

    const classes = await fitText(
      `const K = 2
data  y : bool[N, J]
param w : simplex[K]
param p : unit[K, J]
for n in 1..N {
  latent z ~ Categorical(w)
  for j in 1..J { y[n, j] ~ Bernoulli(p[z, j]) }
}`,
      [table('lsat6.csv')],
      { fix: { p: [[0.5, 0.5, 0.5, 0.5, 0.5], null] }, restarts: 2 },
    )
    expect((classes.params.p as number[][])[0]).toEqual([0.5, 0.5, 0.5, 0.5, 0.5])
    expect(classes.result.parametersNominal).toBe(6)
    expect(classes.converged).toBe(true)
  })

  test('of a mean under a full covariance: the free coordinate takes the known one into account', async () => {
    const text = modelText('A07-faithful-gmm-tied')
    const options = { columns, restarts: 1 }
    const mu = [
      [2.07, null],
      [null, null],
    ]
    const fit = await fitText(text, [faithful], { ...options, fix: { mu } })
    expect(fit.logLikelihood).toBeLessThan(published('A07-faithful-gmm-tied').logLik)
    const found = fit.params.mu as number[][]
    for (const by of [-0.01, 0.01]) {
      const moved = [[2.07, (found[0]?.[1] ?? 0) + by], found[1]]
      const at = await fitText(text, [faithful], { ...options, fix: { ...fit.params, mu: moved } })
      expect(at.logLikelihood).toBeLessThan(fit.logLikelihood)
    }
  })

  test('holds coefficients of a regression: the others are those of least squares on what is left', async () => {
    const text = `data y : real[N]
data x : real[N, P]
param b : real[P]
param s : positive
for n in 1..N { y[n] ~ Normal(dot(b, x[n]), s) }`
    const x = [
      [1, 0, 2],
      [1, 1, 3],
      [1, 2, 5],
      [1, 3, 4],
      [1, 4, 8],
    ]
    const y = [1, 3, 2, 6, 7]
    const held = await fitText(text, { x, y }, { fix: { b: [null, 2, null] } })
    const rest = await fitText(text, {
      x: x.map(([a = 0, , c = 0]) => [a, c]),
      y: y.map((v, i) => v - 2 * (x[i]?.[1] ?? 0)),
    })
    const [first, second, third] = held.params.b as number[]
    expect(second).toBe(2)
    expect([first, third]).toEqual((rest.params.b as number[]).map((v) => expect.closeTo(v, 9)))
    expect(held.logLikelihood).toBeCloseTo(rest.logLikelihood, 9)
  })
})
