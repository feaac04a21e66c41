/** Regressions whose covariates tell the outcomes apart without error: the likelihood has no maximum, and the fit says so. */
import { describe, expect, test } from 'vitest'
import { compileOrThrow } from '../../index.js'

const model = (density: string, prior = ''): string =>
  `model M\ndata x : real[N]\ndata y : bool[N]\nparam a, b : real${prior}\nfor n in 1..N { y[n] ~ ${density} }`

const rows = (isTrue: (i: number) => boolean, n = 20): { x: number[]; y: boolean[] } => {
  const all = Array.from({ length: n }, (_, i) => i)
  return { x: all.map((i) => i / 10), y: all.map(isTrue) }
}

const codes = async (text: string, data: ReturnType<typeof rows>): Promise<readonly string[]> =>
  (await compileOrThrow(text).fit(data, { seed: 1 })).warnings.map((w) => w.code)

const logistic = model('Bernoulli(logistic(a + b * x[n]))')

describe('separation', () => {
  test.each([
    ['complete, logistic', logistic, rows((i) => i > 7)],
    ['complete, probit', model('Bernoulli(Phi(a + b * x[n]))'), rows((i) => i > 7)],
    ['all outcomes alike', logistic, rows(() => true)],
  ])('is named: %s', async (_, text, data) => {
    expect(await codes(text, data)).toContain('W535')
  })

  test.each([
    ['outcomes overlap', logistic, rows((i) => i > 7 !== (i === 5 || i === 12))],
    ['a rare outcome', logistic, rows((i) => i === 5 || i === 777 || i === 1500, 2000)],
    ['a prior', model('Bernoulli(logistic(a + b * x[n]))', ' ~ Normal(0, 2.5)'), rows((i) => i > 7)],
  ])('is not found where %s', async (_, text, data) => {
    expect(await codes(text, data)).not.toContain('W535')
  })
})
