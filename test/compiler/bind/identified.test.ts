/** How many params the data tell apart: a rank of scores, looked for over few rows first. */
import { describe, expect, it } from 'vitest'
import { compileOrThrow } from '../../../index.js'
import { seededRandom } from '../../laws/support/random.js'

const LINE = `model Line
data d, e, y : real[N]
param a, b, c : real
param s : positive
for n in 1..N { y[n] ~ Normal(a + b * d[n] + c * e[n], s) }
`

/** `d` and `e` are 1 in one row each of very many, and 0 in the others. */
async function identified(first: number, second: number): Promise<readonly string[]> {
  const random = seededRandom(3)
  const N = 5000
  const y = Array.from({ length: N }, () => random() + random())
  const at = (row: number): number[] => Array.from({ length: N }, (_, i) => (i === row ? 1 : 0))
  const fit = await compileOrThrow(LINE).fit({ d: at(first), e: at(second), y }, {})
  return fit.warnings.filter(({ code }) => code === 'W527').map(({ message }) => message)
}

describe('identified params', () => {
  it('may be told apart by single rows', async () => {
    expect(await identified(1234, 4321)).toEqual([])
  })

  it('are fewer where all rows have a column twice', async () => {
    expect(await identified(1234, 1234)).toEqual([expect.stringContaining('3 of the 4 params')])
  })

  it('are found by later rows where the first ones have a column twice', async () => {
    const random = seededRandom(5)
    const N = 5000
    const d = Array.from({ length: N }, () => random())
    const y = d.map((x) => x + random())
    const fitted = async (apart: number): Promise<readonly string[]> => {
      const e = d.map((x, i) => (i < apart ? random() : x))
      const fit = await compileOrThrow(LINE).fit({ d, e, y }, {})
      return fit.warnings.filter(({ code }) => code === 'W527').map(({ message }) => message)
    }
    expect(await fitted(50)).toEqual([])
    expect(await fitted(0)).toEqual([expect.stringContaining('3 of the 4 params')])
  })

  it('are fewer by the rotations of factors, soon counted', { timeout: 60_000 }, async () => {
    const random = seededRandom(6)
    const x = Array.from({ length: 20_000 }, () => {
      const [u, v] = [random(), random()]
      return Array.from({ length: 8 }, (_, j) => u * j + v * (j % 3) + random())
    })
    const text = `model Factors
const Q = 3
data x : real[N, D]
param mu : real[D]
param L : real[D, Q]
param psi : positive[D]
for n in 1..N {
  latent f : real[Q] ~ Normal(0, 1)
  for j in 1..D { x[n, j] ~ Normal(mu[j] + dot(L[j], f), psi[j]) }
}
`
    const fit = await compileOrThrow(text).fit({ x }, { restarts: 1, maxIterations: 2 })
    const [warning] = fit.warnings.filter(({ code }) => code === 'W527')
    expect(warning?.message).toContain('37 of the 40 params')
    expect(warning?.message).toContain('`L`')
  })

  it('are soon counted where there are many', { timeout: 60_000 }, async () => {
    const random = seededRandom(4)
    const x = Array.from({ length: 2000 }, (_, i) => Array.from({ length: 5 }, () => random() + (i % 6)))
    const text = `model M
const K = 6
data x : real[N, D]
param pi : simplex[K]
param mu : real[K, D]
param Sigma : covariance[K, D]
for n in 1..N {
  latent z ~ Categorical(pi)
  x[n] ~ MvNormal(mu[z], Sigma[z])
}
`
    const fit = await compileOrThrow(text).fit({ x }, { restarts: 1, maxIterations: 2 })
    expect(fit.warnings.filter(({ code }) => code === 'W527')).toEqual([])
    expect(fit.toJSON().parameters).toBe(6 * (1 + 5 + 15) - 1)
  })
})
