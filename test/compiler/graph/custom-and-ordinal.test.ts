/** Densities that a model writes out, and levels between cuts: what is derived, and what is said where it cannot be. */
import { describe, expect, it } from 'vitest'
import { compile, compileOrThrow } from '../../../index.js'

const written = (logpdf: string): string => `model W
data x : real[N]
param m, a : real
let s = exp(a)
fn z(v) = (v - m) / s
for n in 1..N { x[n] ~ Custom(logpdf = ${logpdf}) }
`

describe('Custom', () => {
  it('has the closed forms of what it spells out', async () => {
    const model = compileOrThrow(written('-z(x[n])^2 / 2 - log(s) - log(2 * pi) / 2'))
    const result = await model.fit({ x: [1, 2, 4, 9] }, {})
    expect(result.params.m).toBeCloseTo(4, 12)
    expect(Math.exp(Number(result.params.a))).toBeCloseTo(Math.sqrt(9.5), 10)
    expect(result.logLikelihood).toBeCloseTo(-2 * Math.log(2 * Math.PI * 9.5) - 2, 10)
  })

  it('names the rows at which it is not a number', async () => {
    const result = await compileOrThrow(written('log(x[n]) - z(x[n])^2 - log(s)')).fit({ x: [1, -2, 3] }, {})
    const failed = result.warnings.filter((w) => w.code === 'W529').map((w) => w.message)
    expect(failed.join()).toMatch(/what Custom is given.*n = 2$/)
  })

  it('is refused where its range would have to be known', () => {
    const bounded =
      'model T\ndata x : real[N]\nparam m : real\nfor n in 1..N { x[n] ~ Truncated(Custom(logpdf = -abs(x[n] - m)), low=0) }\n'
    expect(compile(bounded).diagnostics.map((d) => d.code)).toEqual(['E401'])
    const latent =
      'model L\ndata x : real[N]\nparam m : real\nfor n in 1..N {\n  latent u : real ~ Custom(logpdf = -(u - m)^2)\n  x[n] ~ Normal(u, 1)\n}\n'
    expect(compile(latent).ok).toBe(false)
  })
})

const ordinal = (cuts: string): string => `model O
data y : category[N]
data g : category[N]
param p : simplex[levels(g)]
param cuts : ordered[${cuts}]
for n in 1..N {
  g[n] ~ Categorical(p)
  y[n] ~ Ordinal(0, cuts)
}
`

describe('Ordinal', () => {
  it('without covariates has the levels their shares', async () => {
    const y = ['a', 'b', 'b', 'c', 'c', 'c', 'c', 'a']
    const result = await compileOrThrow(ordinal('levels(y) - 1')).fit({ y, g: y }, {})
    const cuts = result.params.cuts as readonly number[]
    expect(cuts[0]).toBeCloseTo(Math.log(0.25 / 0.75), 6)
    expect(cuts[1]).toBeCloseTo(0, 6)
  })

  it.each([
    ['levels(y)', 'as many cuts as'],
    ['levels(g) - 1', 'a level of'],
    ['levels(y) - 2', 'less than'],
  ])('cuts of ordered[%s] are refused', (size, reason) => {
    const { diagnostics } = compile(ordinal(size))
    expect(diagnostics.map((d) => d.code)).toContain('E213')
    expect(diagnostics.map((d) => d.message).join()).toContain(reason)
  })

  it('has its number of levels compared with the data', async () => {
    const g = ['a', 'b', 'c']
    await expect(compileOrThrow(ordinal('3')).fit({ y: g, g }, {})).rejects.toThrow(/cuts for 4/)
  })
})
