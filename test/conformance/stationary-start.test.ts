/** Hidden Markov chains that start in the stationary distribution of their steps: `stationaryVariant` of A27 to A29. */
import { describe, expect, test } from 'vitest'
import { readCase, readCaseData } from './cases.js'
import { fitModel } from './run-case.js'

interface Variant {
  readonly logLik: number
  readonly transition: readonly (readonly number[])[]
  readonly initial?: readonly number[]
  readonly [param: string]: unknown
}

const chain = (data: string, params: string, emission: string): string =>
  `model Chain
const S = 2
data  ${data}[T]
param step : simplex[S, S]
${params}
let start = stationary(step)
latent z[1] ~ Categorical(start)
for t in 2..T { latent z[t] ~ Categorical(step[z[t-1]]) }
for t in 1..T { ${emission} }`

const counts = chain('count : count', 'param rate : positive[S]', 'count[t] ~ Poisson(rate[z[t]])')
const waits = chain(
  'waiting : real',
  'param mu : real[S]\nparam sigma : positive[S]',
  'waiting[t] ~ Normal(mu[z[t]], sigma[z[t]])',
)

describe.each([
  ['A27-earthquakes-hmm-k2', counts, 2, { rate: 'lambda' }],
  ['A27-earthquakes-hmm-k3', counts, 3, { rate: 'lambda' }],
  ['A28-discoveries-hmm-k2', counts, 2, { rate: 'lambda' }],
  ['A29-geyser-gausshmm-k2', waits, 2, { mu: 'mean', sigma: 'sd' }],
] as const)('%s', (id, model, states, params) => {
  const reference = readCase(id)
  const variant = (reference as unknown as { readonly stationaryVariant: Variant }).stationaryVariant
  const files = [{ name: `${id}.csv`, text: readCaseData(id) }]

  test.each([1, 1001, 2001])('from seed %i', { timeout: 120_000 }, async (seed) => {
    const fit = await fitModel(model, files, { seed, set: new Map([['S', states]]) })
    expect(fit.converged).toBe(true)
    expect(Math.abs(fit.logLikelihood - variant.logLik)).toBeLessThanOrEqual(reference.tolerance.logLikAbs ?? 1e-3)
    const within = reference.tolerance.paramsAbs ?? 5e-3
    const close = (own: unknown, theirs: unknown): void => {
      const [a, b] = [own, theirs].map((x) => [x].flat(2).map(Number))
      expect(a?.length).toBe(b?.length)
      a?.forEach((x, i) => {
        expect(Math.abs(x - (b?.[i] ?? Number.NaN))).toBeLessThanOrEqual(within)
      })
    }
    close(fit.params.step, variant.transition)
    for (const [own, theirs] of Object.entries(params)) close(fit.params[own], variant[theirs])
    if (variant.initial !== undefined) close(fit.derived.start, variant.initial)
  })
})
