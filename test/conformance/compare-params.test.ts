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
  readonly initial: readonly number[]
  readonly transition: readonly (readonly number[])[]
  readonly lambda: readonly number[]
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
  [
    'A27-earthquakes-hmm-k3',
    (r) => ({
      start: r.initial.toReversed(),
      step: r.transition.map((row) => row.toReversed()).toReversed(),
      rate: r.lambda.toReversed(),
    }),
  ],
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

/** Two columns of loadings turned by an angle, the second reflected. */
const turned = (loadings: readonly (readonly [number, number])[], angle: number) =>
  loadings.map(([a, b]) => [a * Math.cos(angle) - b * Math.sin(angle), -a * Math.sin(angle) - b * Math.cos(angle)])

test('loadings are compared up to rotation and sign', () => {
  const id = 'A36-attitude-ppca1'
  const reference = caseReference(id)
  const { mean, sigma2, WWt } = reference.params as { mean: number[]; sigma2: number; WWt: number[][] }
  const first = Math.sqrt(WWt[0]?.[0] ?? Number.NaN)
  const W = (WWt[0] ?? []).map((v) => [-v / first])
  expect(compareParams(id, reference, { W, mu: mean, sigma: Math.sqrt(sigma2) }).within).toBe(true)
  expect(
    compareParams(id, reference, { W: W.map(([v = 0]) => [1.01 * v]), mu: mean, sigma: Math.sqrt(sigma2) }).within,
  ).toBe(false)
  const two = [
    [2, 1],
    [0.5, -1],
    [1, 3],
    [0, 1],
  ] as const
  const outer = (loadings: readonly (readonly number[])[]) =>
    loadings.map((a) => loadings.map((b) => a.reduce((sum, v, q) => sum + v * (b[q] ?? 0), 0)))
  const made = {
    logLik: 0,
    params: { mean: [0, 0, 0, 0], sigma2: 4, WWt: outer(two) },
    tolerance: { sigma2Rel: 1e-4, WWtRel: 1e-3 },
  }
  for (const angle of [0, 0.7, 2, Math.PI])
    expect(
      compareParams('A37-iris-ppca2', made, { W: turned(two, angle), mu: [0, 0, 0, 0], sigma: 2 }).error,
    ).toBeLessThan(1e-12)
  const swapped = [two[1], two[0], two[2], two[3]]
  expect(compareParams('A37-iris-ppca2', made, { W: swapped, mu: [0, 0, 0, 0], sigma: 2 }).within).toBe(false)
})

test('transitions follow the order of the states on both axes', () => {
  const reference = caseReference('A27-earthquakes-hmm-k3')
  const { initial, transition, lambda } = reference.params as unknown as Reference
  const rowsOnly = { start: initial.toReversed(), step: transition.toReversed(), rate: lambda.toReversed() }
  expect(compareParams('A27-earthquakes-hmm-k3', reference, rowsOnly).within).toBe(false)
})

test('a wrong param is found', () => {
  const reference = caseReference('A24-abo')
  expect(compareParams('A24-abo', reference, { f: [0.3, 0.05, 0.65] }).within).toBe(false)
  expect(compareParams('A24-abo', reference, { f: [0.3] })).toEqual({ error: Number.POSITIVE_INFINITY, within: false })
})

test('values are compared up to one common order', () => {
  expect(compareValues({ pi: [0.4, 0.6], mu: [1, 2] }, { pi: [0.6, 0.4], mu: [2, 1] })).toBe(0)
  expect(compareValues({ pi: [0.4, 0.6], mu: [1, 2] }, { pi: [0.6, 0.4], mu: [1, 2] })).toBeCloseTo(0.2)
})
