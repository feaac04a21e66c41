/** Mixtures of the distributions whose M-step is numerical: certified, and fitted no worse than the truth. */
import { describe, expect, it } from 'vitest'
import { distributionByName } from '../../compiler/distributions/index.js'
import { asNumber, asVector } from '../../compiler/distributions/support/numeric-arguments.js'
import type { NumericArgument } from '../../compiler/distributions/types.js'
import { compileOrThrow } from '../../index.js'
import { numericDensity } from '../laws/support/numeric-density.js'
import { seededRandom } from '../laws/support/random.js'
import { certifyText, complaints } from './certified.js'

interface Mixture {
  readonly name: string
  readonly declarations: string
  readonly density: string
  /** Arguments of each component; `total` for DirichletMultinomial. */
  readonly components: readonly Readonly<Record<string, NumericArgument>>[]
  /** Params of each component that the fit is to find, with what it may differ by, relatively. */
  readonly params: readonly string[]
}

const mixtures: readonly Mixture[] = [
  {
    name: 'Weibull',
    declarations: 'data x : positive[N]\nparam shape, scale : positive[K]',
    density: 'Weibull(shape[z], scale[z])',
    components: [
      { shape: 3, scale: 2 },
      { shape: 5, scale: 9 },
    ],
    params: ['shape', 'scale'],
  },
  {
    name: 'StudentT',
    declarations: 'data x : real[N]\nparam mean : real[K]\nparam scale : positive[K]',
    density: 'StudentT(4, mean[z], scale[z])',
    components: [
      { df: 4, mean: 0, scale: 1 },
      { df: 4, mean: 8, scale: 2 },
    ],
    params: ['mean', 'scale'],
  },
  {
    name: 'NegativeBinomial',
    declarations: 'data x : count[N]\nparam size, mean : positive[K]',
    density: 'NegativeBinomial(size[z], mean[z])',
    components: [
      { size: 6, mean: 2 },
      { size: 10, mean: 30 },
    ],
    params: ['mean'],
  },
  {
    name: 'BetaBinomial',
    declarations: 'data x : count[N]\nparam a, b : positive[K]',
    density: 'BetaBinomial(30, a[z], b[z])',
    components: [
      { n: 30, a: 4, b: 20 },
      { n: 30, a: 20, b: 3 },
    ],
    params: [],
  },
  {
    name: 'DirichletMultinomial',
    declarations: 'data x : count[N, D]\nparam a : positive[K, D]',
    density: 'DirichletMultinomial(a[z])',
    components: [
      { a: [1, 6, 9], total: 30 },
      { a: [8, 2, 2], total: 30 },
    ],
    params: [],
  },
]

const source = ({ name, declarations, density }: Mixture): string =>
  `model Mixture${name}
const K = 2
${declarations}
param w : simplex[K]
for n in 1..N {
  latent z ~ Categorical(w)
  x[n] ~ ${density}
}
`

describe.each(mixtures)('a mixture of $name', (mixture) => {
  it('is certified', () => {
    const outcome = certifyText(source(mixture))
    if (outcome.kind === 'refused') throw new Error(outcome.text)
    expect(complaints(outcome.certificate)).toEqual([])
  })

  it('is fitted no worse than the truth, with its components apart', { timeout: 120_000 }, async () => {
    const distribution = distributionByName.get(mixture.name)
    if (distribution === undefined) throw new Error(mixture.name)
    const random = seededRandom(77)
    const laws = mixture.components.map((c) => new Map(Object.entries(c)))
    const weights = [0.4, 0.6]
    const rows = Array.from({ length: 300 }, () => {
      const law = laws[random() < 0.4 ? 0 : 1] ?? new Map()
      return distribution.sample(law, random)
    })
    const densities = laws.map((law) =>
      numericDensity(distribution, new Map([...law].filter(([name]) => name !== 'total'))),
    )
    const truth = rows.reduce<number>(
      (sum, x) => sum + Math.log(densities.reduce((p, log, k) => p + (weights[k] ?? 0) * Math.exp(log(x)), 0)),
      0,
    )
    const x = rows.map((row) => asVector(row)?.slice() ?? asNumber(row))
    const fit = await compileOrThrow(source(mixture)).fit({ x }, { restarts: 6 })
    expect(fit.converged).toBe(true)
    expect(fit.logLikelihood).toBeGreaterThan(truth)
    const plan = fit.toJSON().plan
    expect(JSON.stringify(plan)).toContain('"rule":"gradient"')
    const w = [...(fit.params.w as readonly number[])].sort()
    expect(Math.abs((w[0] ?? 0) - 0.4)).toBeLessThan(0.09)
    for (const name of mixture.params) {
      const found = [...(fit.params[name] as readonly number[])].sort((a, b) => a - b)
      const wanted = mixture.components.map((c) => Number(c[name])).sort((a, b) => a - b)
      for (const [k, value] of wanted.entries())
        expect(Math.abs((found[k] ?? 0) - value), `${name}: ${found}`).toBeLessThan(0.25 * Math.max(1, value))
    }
  })
})
