import { expect, test } from 'vitest'
import { type CaseId, caseReference } from './cases.js'
import { compareParams, compareValues } from './compare-params.js'

/** What the cases below hold; each holds some of it. */
interface Reference {
  readonly weights: readonly number[]
  readonly means: readonly (readonly number[])[]
  readonly covariances: readonly (readonly number[])[]
  readonly covariance: readonly (readonly number[])[]
  readonly coefficients: readonly (readonly number[])[]
  readonly sigma: readonly number[]
  readonly theta: Readonly<Record<'Hair' | 'Eye' | 'Sex', readonly (readonly number[])[]>>
  readonly topicGivenDocument: readonly (readonly number[])[]
  readonly wordGivenTopic: readonly (readonly number[])[]
  readonly p: number
  readonly q: number
  readonly r: number
}

const root = (values: readonly number[]) => values.map(Math.sqrt)

/** Params as a fit would report them, taken from the reference itself in another order of components. */
const perfect: readonly (readonly [CaseId, (reference: Reference) => Record<string, unknown>])[] = [
  [
    'A05-faithful-gmm-diag',
    (r) => ({ pi: r.weights.toReversed(), mu: r.means.toReversed(), sigma: r.covariances.map(root).toReversed() }),
  ],
  ['A07-faithful-gmm-tied', (r) => ({ pi: r.weights.toReversed(), mu: r.means.toReversed(), Sigma: r.covariances })],
  [
    'A09-galaxies-k6-equal',
    (r) => ({ pi: r.weights.toReversed(), mu: r.means.flat().toReversed(), sigma: root(r.covariances.flat())[0] }),
  ],
  [
    'A09-galaxies-k4-unequal',
    (r) => ({
      pi: r.weights.toReversed(),
      mu: r.means.flat().toReversed(),
      sigma: root(r.covariances.flat()).toReversed(),
    }),
  ],
  ['A12-iris-lda', (r) => ({ pi: r.weights, mu: r.means, Sigma: r.covariance })],
  [
    'A16-haireye-lca-k2',
    (r) => ({ w: r.weights.toReversed(), theta: [1, 0].map((k) => [r.theta.Hair[k], r.theta.Eye[k], r.theta.Sex[k]]) }),
  ],
  [
    'A22-co2-mixreg-unequalvar',
    (r) => ({ w: r.weights, a: r.coefficients.map((c) => c[0]), b: r.coefficients.map((c) => c[1]), sigma: r.sigma }),
  ],
  ['A24-abo', (r) => ({ f: [r.p, r.q, r.r] })],
  ['A41-galaxies-map-gmm-k4', (r) => ({ pi: r.weights, mu: r.means.flat(), v: r.covariances.flat(2) })],
  [
    'A50-caith-plsa-k2',
    (r) => ({
      topics_of: [0, 3, 1, 2].map((d) => r.topicGivenDocument[d]),
      words_of: r.wordGivenTopic.map((t) => [4, 3, 0, 2, 1].map((w) => t[w])),
    }),
  ],
]

for (const [id, make] of perfect) {
  test(`${id} matches itself`, () => {
    const reference = caseReference(id)
    const compared = compareParams(id, reference, make(reference.params as unknown as Reference))
    expect(compared.within).toBe(true)
    expect(compared.error).toBeLessThan(1e-9)
  })
}

test('a wrong param is found', () => {
  const reference = caseReference('A24-abo')
  expect(compareParams('A24-abo', reference, { f: [0.3, 0.05, 0.65] }).within).toBe(false)
  expect(compareParams('A24-abo', reference, { f: [0.3] })).toEqual({ error: Number.POSITIVE_INFINITY, within: false })
})

test('values are compared up to one common order', () => {
  expect(compareValues({ pi: [0.4, 0.6], mu: [1, 2] }, { pi: [0.6, 0.4], mu: [2, 1] })).toBe(0)
  expect(compareValues({ pi: [0.4, 0.6], mu: [1, 2] }, { pi: [0.6, 0.4], mu: [1, 2] })).toBeCloseTo(0.2)
})
