/** Classic slips, planted in a density or in the coefficients of a step: each must make the certificate fail. */
import { describe, expect, it } from 'vitest'
import { add, mul, num, pow, ref } from '../../compiler/algebra/build.js'
import type { Expr } from '../../compiler/algebra/types.js'
import { some } from '../../compiler/algebra/visit.js'
import type { Derivation } from '../../compiler/derive.js'
import { distributionByName } from '../../compiler/distributions/index.js'
import type { Distribution, Tensor } from '../../compiler/distributions/types.js'
import type { Contribution } from '../../compiler/mstep/types.js'
import { withSteps } from '../support/derive.js'
import { type CertifyTextOptions, certifyText } from './certified.js'

const waiting = `
model Waiting
const K = 2
data  t : positive[N]
param pi   : simplex[K]
param rate : positive[K]
for n in 1..N {
  latent z ~ Categorical(pi)
  t[n] ~ Exponential(rate[z])
}
`

function gaussian(noise: string, spread: string): string {
  return `
model Clusters
const K = 2
data  x : real[N, D]
param pi    : simplex[K] ~ Dirichlet(3)
param mu    : real[K, D]
param ${spread}
for n in 1..N {
  latent z ~ Categorical(pi)
  x[n] ~ ${noise}
}
`
}

const spherical = gaussian('Normal(mu[z], sigma[z])', 'sigma : positive[K]')
const full = gaussian('MvNormal(mu[z], Sigma[z])', 'Sigma : covariance[K, D]')

/** Checks that do not hold; the certificate must not have declined. */
function failures(text: string, options: CertifyTextOptions): readonly string[] {
  const outcome = certifyText(text, { ...options, replicates: 1 })
  if (outcome.kind === 'refused') throw new Error(outcome.text)
  expect(outcome.certificate.declined).toBeUndefined()
  expect(outcome.certificate.passed).toBe(outcome.certificate.checks.every((c) => c.passed))
  return outcome.certificate.checks.flatMap((c) => (c.passed ? [] : [c.name]))
}

/** A distribution whose density takes its arguments otherwise than it says. */
function withArguments(name: string, change: (args: ReadonlyMap<string, Tensor>) => ReadonlyMap<string, Tensor>) {
  const known = distributionByName.get(name)
  if (known === undefined) throw new Error(`no distribution ${name}`)
  const wrong: Distribution = {
    ...known,
    logDensity: (value, args, context) => known.logDensity(value, change(args), context),
  }
  return new Map([...distributionByName, [name, wrong] as const])
}

const scaled = (cs: readonly Contribution[], by: Expr): readonly Contribution[] =>
  cs.map((c) => ({ ...c, value: mul(by, c.value) }))

const hasStatistic = (e: Expr): boolean => some(e, (n) => n.kind === 'ref' && n.space === 'stat')

const size = (text: string, name: string): Expr => {
  const outcome = text.includes(`, ${name}]`)
  if (!outcome) throw new Error(`no size ${name}`)
  return ref('size', `size:${name}`)
}

describe('planted errors', () => {
  it('there is none to begin with', () => {
    for (const text of [waiting, spherical, full]) expect(failures(text, {})).toEqual([])
  })

  it('a rate taken for a scale', () => {
    const distributions = withArguments('Exponential', (args) => {
      const rate = args.get('rate')
      if (rate === undefined) return args
      return new Map([['rate', { ...rate, at: (i: readonly Expr[]) => pow(rate.at(i), -1) }]])
    })
    expect(failures(waiting, { distributions })).toEqual(
      expect.arrayContaining(['log-likelihood', 'posterior of discrete latents', "Fisher's identity", 'change of Q']),
    )
  })

  it('an sd taken for a variance', () => {
    const distributions = withArguments('Normal', (args) => {
      const [mean, sd] = [args.get('mean'), args.get('sd')]
      if (mean === undefined || sd === undefined) return args
      return new Map([
        ['mean', mean],
        ['var', sd],
      ])
    })
    expect(failures(spherical, { distributions })).toEqual(
      expect.arrayContaining(['log-likelihood', "Fisher's identity", 'M-step: gradient of Q']),
    )
  })

  it('a lost 1/D in the update of a shared scale', () => {
    const corrupt = (d: Derivation): Derivation =>
      withSteps(d, (s) =>
        s.kind === 'generalised-gamma' ? { ...s, logs: scaled(s.logs, pow(size(spherical, 'D'), -1)) } : s,
      )
    expect(failures(spherical, { corrupt })).toEqual(
      expect.arrayContaining(['M-step: gradient of Q', 'M-step: no better point nearby']),
    )
  })

  it('a lost ½ in the update of a covariance', () => {
    const corrupt = (d: Derivation): Derivation =>
      withSteps(d, (s) => (s.kind === 'inverse-wishart' ? { ...s, logdets: scaled(s.logdets, num(2)) } : s))
    expect(failures(full, { corrupt })).toEqual(
      expect.arrayContaining(['M-step: gradient of Q', 'M-step: no better point nearby']),
    )
  })

  // its slope is not 0, which is no sign of data without a maximum
  it('a doubled term in the update of a shape', () => {
    const gamma = waiting.replace('param rate', 'param shape, rate').replace('Exponential(', 'Gamma(shape[z], ')
    const corrupt = (d: Derivation): Derivation =>
      withSteps(d, (s) => {
        if (s.kind !== 'stationary') return s
        const [first, ...others] = s.terms
        if (first === undefined) throw new Error('no terms')
        return { ...s, terms: [{ ...first, coefficients: scaled(first.coefficients, num(2)) }, ...others] }
      })
    expect(failures(gamma, { corrupt })).toEqual(expect.arrayContaining(['M-step: gradient of Q']))
  })

  it('a prior dropped from the update of the weights', () => {
    const withoutPrior = (c: Contribution): Contribution => ({
      ...c,
      value: c.value.kind === 'add' ? add(...c.value.terms.filter(hasStatistic)) : c.value,
    })
    const corrupt = (d: Derivation): Derivation =>
      withSteps(d, (s) => (s.kind === 'dirichlet' ? { ...s, coefficients: s.coefficients.map(withoutPrior) } : s))
    expect(failures(full, { corrupt })).toEqual(expect.arrayContaining(['M-step: gradient of Q']))
  })

  it('a prior dropped from the density', () => {
    const known = distributionByName.get('Dirichlet')
    if (known === undefined) throw new Error('no Dirichlet')
    const distributions = new Map([
      ...distributionByName,
      ['Dirichlet', { ...known, logDensity: () => num(0) }] as const,
    ])
    expect(failures(spherical, { distributions })).toEqual(
      expect.arrayContaining(['log prior', 'M-step: gradient of Q']),
    )
  })
})
