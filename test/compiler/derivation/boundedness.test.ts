/** What a document says of the largest value of the objective, beside what the densities do. */
import { describe, expect, it } from 'vitest'
import { derivationDocument } from '../../../compiler/derivation/index.js'
import type { DeriveOptions } from '../../../compiler/derive.js'
import { deriveExample, deriveText } from '../../support/derive.js'

const words = (text: string, options: DeriveOptions = {}): string =>
  derivationDocument(deriveText(text, options)).toText().replaceAll(/\s+/g, ' ')

const mixture = (params: string, density: string, support = 'real'): string => `model M
const K = 2
data  x : ${support}[N]
param w : simplex[K]
${params}
for n in 1..N {
  latent z ~ Categorical(w)
  x[n] ~ ${density}
}
`
const alone = (params: string, density: string, support = 'real'): string => `model M
data  x : ${support}[N]
${params}
for n in 1..N { x[n] ~ ${density} }
`
const grouped = (second: string): string => `model M
data  y : real[G, J]
param m : real
param s, t : positive
for g in 1..G {
  latent u ~ Normal(m, t)
  for j in 1..J { y[g, j] ~ ${second} }
}
`

const CASES: readonly (readonly [string, string, string])[] = [
  [
    'spreads of components',
    mixture('param m : real[K]\nparam s : positive[K]', 'Normal(m[z], s[z])'),
    'its s can shrink',
  ],
  ['a shared mean', mixture('param m : real\nparam s : positive[K]', 'Laplace(m, s[z])'), 'its s can shrink'],
  [
    'precisions of components',
    mixture('param m : real[K]\nparam t : positive[K]', 'Normal(m[z], precision=t[z])'),
    'its t can grow',
  ],
  ['a shared spread', mixture('param m : real[K]\nparam s : positive', 'Normal(m[z], s)'), 'only where s can vanish'],
  ['a given spread', mixture('param m : real[K]', 'Normal(m[z], 2)'), 'have spreads that are given'],
  [
    'a mean that is given',
    mixture('param s : positive[K]', 'Normal(0, s[z])'),
    'as long as no value that is observed lies where',
  ],
  [
    'rates',
    mixture('param b : positive[K]', 'Exponential(b[z])', 'positive'),
    'as long as no value that is observed lies where',
  ],
  [
    'shapes',
    mixture('param a, b : positive[K]', 'Gamma(a[z], b[z])', 'positive'),
    'as with a component on a single row',
  ],
  ['counts', mixture('param b : positive[K]', 'Poisson(b[z])', 'count'), 'Whatever is observed is discrete'],
  [
    'degrees of freedom',
    alone('param m : real\nparam s, df : positive', 'StudentT(df, m, s)'),
    'Densities, unlike probabilities',
  ],
  [
    'given degrees of freedom',
    alone('param m : real\nparam s : positive', 'StudentT(4, m, s)'),
    'only where s can vanish',
  ],
  ['latents of a given noise', grouped('Normal(u, 1)').replace('param s, t', 'param t'), 'have spreads that are given'],
  ['latents of a noise to be found', grouped('Normal(u, s)'), 'only where s can vanish'],
]

describe('boundedness', () => {
  it.each(CASES)('%s', (_, model, expected) => {
    const text = words(model)
    expect(text).toContain(expected)
    expect(text.match(/is (?:not )?bounded above|can exceed 1/g)).not.toBeNull()
  })

  it('does not promise a bound where few rows may have all of their cells', () => {
    const text = words(`model Holes
data  x : real?[N, D]
param mu : real[D]
param Sigma : covariance[D]
for n in 1..N { x[n] ~ MvNormal(mu, Sigma) }
`)
    expect(text).toContain('only where Σ can become singular. Where no cell is missing, the model then goes through')
    expect(text).toContain('it may be enough that the model goes exactly through the few rows that have all of them')
    const whole = words(alone('param m : real\nparam s : positive', 'Normal(m, s)'))
    expect(whole).not.toContain('missing')
  })

  it('speaks of matrices, of labels that are known, of priors, and of a bound without parameters', () => {
    const of = (name: string): string => derivationDocument(deriveExample(name)).toText().replaceAll(/\s+/g, ' ')
    expect(of('factor-analysis/factors')).toContain('only where ψ can vanish')
    expect(of('iris/quadratic')).toContain('only where Σ can become singular')
    expect(of('iris/half-labelled')).toContain('where few rows are known to be of a component')
    expect(of('map-mixture/model')).toContain('the prior of it weighs against that')
    expect(of('latent-dirichlet/bayesian')).toContain('never exceeds log p(x)')
    expect(words(alone('param b : positive ~ Gamma(2, 1)', 'Poisson(b)', 'count'))).toContain('The log prior is added')
  })
})
