import { describe, expect, test } from 'vitest'
import { type CaseId, caseRun, dataText, modelSource } from './cases.js'
import { parseFitArguments } from './fit-arguments.js'
import { fitModel, warningCodes } from './run-case.js'

const optionsOf = (id: CaseId) => {
  const { columns, set } = parseFitArguments(caseRun(id).args, () => '')
  return { columns, set }
}

const fitCase = (id: CaseId, options: Parameters<typeof fitModel>[2]) =>
  fitModel(modelSource(caseRun(id)), [{ name: 'data.csv', text: dataText(caseRun(id)) }], {
    ...optionsOf(id),
    ...options,
  })

/** Categorical mixtures: the log-likelihood of independent columns, and a start with equal components. */
const mixtures: readonly (readonly [CaseId, number, Readonly<Record<string, unknown>>])[] = [
  [
    'A16-haireye-lca-k2',
    -1897.3067,
    {
      w: [0.4, 0.6],
      theta: [1, 2].map(() => [
        [0.1, 0.2, 0.3, 0.4],
        [0.4, 0.3, 0.2, 0.1],
        [0.5, 0.5],
      ]),
    },
  ],
  ['A15-lsat6-lca-k2', -2493.4367, { w: [0.4, 0.6], theta: [1, 2].map(() => [0.9, 0.2, 0.3, 0.4, 0.5]) }],
]

describe.each(mixtures)('%s', (id, independent, start) => {
  test('started from equal components stays there, with a warning that says why', async () => {
    const fit = await fitCase(id, { start })
    expect(fit.logLikelihood).toBeCloseTo(independent, 4)
    const warning = fit.warnings.find((w) => w.code === 'W520')
    expect(warning?.message).toContain('stationary point of EM, not a maximum')
  })

  test('is never started there by us', { timeout: 60_000 }, async () => {
    for (const init of ['auto', 'random', 'kmeans++'] as const)
      for (let seed = 1; seed <= 10; seed++) {
        const fit = await fitCase(id, { init, seed, restarts: 1, maxIterations: 300 })
        expect(warningCodes(fit)).not.toContain('W520')
        expect(fit.logLikelihood).toBeGreaterThan(independent + 1)
      }
  })
})

describe('one category column alone', () => {
  const source = `model OneColumn
const K = 2
data  y : category[N]
param pi    : simplex[K]
param theta : simplex[K, levels(y)]
for n in 1..N {
  latent z ~ Categorical(pi)
  y[n] ~ Categorical(theta[z])
}
`
  const csv = `y\n${'a\n'.repeat(5)}${'b\n'.repeat(3)}${'c\n'.repeat(2)}`

  test('compiles, fits the shares, and warns that only the product is identified', async () => {
    const fit = await fitModel(source, [{ name: 'y.csv', text: csv }], {})
    expect(fit.logLikelihood).toBeCloseTo(5 * Math.log(0.5) + 3 * Math.log(0.3) + 2 * Math.log(0.2), 9)
    expect(fit.result.parameters).toBe(2)
    expect(fit.result.parametersNominal).toBe(5)
    const warning = fit.warnings.find((w) => w.code === 'W527')
    expect(warning?.message).toBe(
      'the data identify 2 of the 5 params: some change of `pi` and `theta` together leaves the likelihood as it is; ' +
        'only the product pi·theta, summed over `z`, is identified',
    )
  })

  test('the same for a matrix with one column', async () => {
    const matrix = source.replace('category[N]', 'category[N, J]').replace('levels(y)]', 'J, levels(y)]')
    const wide = matrix
      .replace('simplex[K, J, levels(y)]', 'simplex[K, J, levels(y)]')
      .replace('y[n] ~ Categorical(theta[z])', 'for j in 1..J { y[n, j] ~ Categorical(theta[z, j]) }')
    const fit = await fitModel(wide, [{ name: 'y.csv', text: csv }], { columns: { y: ['y'] } })
    expect(fit.warnings.find((w) => w.code === 'W527')?.message).toContain('only the product pi·theta')
  })
})
