/** Published answers of models with conjugate latents, found again with the latents integrated out by hand. */
import { expect, test } from 'vitest'
import { type CaseReference, readCase, readCaseData } from './cases.js'
import { fitModel } from './run-case.js'

interface Direct {
  readonly id: string
  readonly model: string
  /** The reference's name of each param. */
  readonly params: Readonly<Record<string, string>>
}

const cases: readonly Direct[] = [
  {
    id: 'A25-quine-negbin',
    model:
      'model Days\ndata days : count[N]\nparam size, m : positive\nfor n in 1..N { days[n] ~ NegativeBinomial(size, m) }',
    params: { size: 'shape', m: 'mean' },
  },
  {
    id: 'A26-lirat-betabinomial',
    model:
      'model Litters\ndata N, R : count[J]\nparam a, b : positive\nfor j in 1..J { R[j] ~ BetaBinomial(N[j], a, b) }',
    params: { a: 'a', b: 'b' },
  },
  {
    id: 'A30-newcomb-t4',
    model:
      'model Light\ndata x : real[N]\nparam mu : real\nparam sigma : positive\nfor n in 1..N { x[n] ~ StudentT(4, mu, sigma) }',
    params: { mu: 'location', sigma: 'scale' },
  },
  {
    id: 'A31-newcomb-t-free',
    model:
      'model Light\ndata x : real[N]\nparam mu : real\nparam sigma, df : positive\nfor n in 1..N { x[n] ~ StudentT(df, mu, sigma) }',
    params: { mu: 'location', sigma: 'scale', df: 'df' },
  },
]

test.each(cases)('$id in one density', async ({ id, model, params }) => {
  const reference: CaseReference = readCase(id)
  const fit = await fitModel(model, [{ name: `${id}.csv`, text: readCaseData(id) }], { tolerance: 1e-12 })
  expect(fit.converged).toBe(true)
  expect(Math.abs(fit.logLikelihood - reference.logLik)).toBeLessThanOrEqual(reference.tolerance.logLikAbs ?? 1e-3)
  for (const [own, theirs] of Object.entries(params)) {
    const wanted = Number(reference.params[theirs])
    expect(Math.abs(Number(fit.params[own]) / wanted - 1), own).toBeLessThanOrEqual(reference.tolerance.paramsRel ?? 0)
  }
})
