/** Refusals say which latents are coupled, through which statements, and what an exact E-step would cost. */
import { describe, expect, test } from 'vitest'
import { compile } from '../../../index.js'

function refusal(text: string) {
  const [first, ...more] = compile(text).diagnostics
  if (first === undefined || more.length > 0) throw new Error('not one refusal')
  const at = (span: { readonly start: number; readonly end: number }): string => text.slice(span.start, span.end)
  return {
    code: first.code,
    marked: at(first.span),
    message: first.message,
    related: (first.related ?? []).map((r) => [at(r.span), r.message]),
  }
}

describe('what is coupled, and what it would cost', () => {
  test('a density that is cut off', () => {
    const found = refusal(`model M
data y : count[N]
param r : positive
for n in 1..N {
  latent u ~ Uniform(-1, 1)
  y[n] ~ Poisson(r * exp(u))
}`)
    expect(found.code).toBe('E402')
    expect(found.message).toContain(
      'a density that is cut off has no quadrature to a stated error, and this Uniform is',
    )
  })

  test('regimes that a level gives', () => {
    const found = refusal(`model M
data y : real[T]
param s : positive[2]
param q : positive
latent m[1] ~ Normal(0, 1)
for t in 2..T { latent m[t] ~ Normal(m[t-1], q) }
for t in 1..T {
  latent z[t] ~ Bernoulli(logistic(m[t]))
  y[t] ~ Normal(m[t], s[1 + z[t]])
}`)
    expect(found.code).toBe('E404')
    expect(found.message).toContain('a mixture of 2^T densities, one for each combination of their values, each of T')
    expect(found.message).toContain('a factorised posterior has no closed form either')
    expect(found.related.map(([, m]) => m)).toContain('the distribution of `m`')
  })

  test('numbers where consts give them', () => {
    const found = refusal(`model M
const K = 3
const P = 40
const Q = 50
data x : real[P, Q]
param start : simplex[K]
param step : simplex[K, K, K]
for i in 1..P { latent z[i, 1] ~ Categorical(start) }
for j in 2..Q { latent z[1, j] ~ Categorical(start) }
for i in 2..P { for j in 2..Q { latent z[i, j] ~ Categorical(step[z[i-1, j], z[i, j-1]]) } }
for i in 1..P { for j in 1..Q { x[i, j] ~ Normal(z[i, j], 1) } }`)
    expect(found.message).toContain('K^min(P, Q) = 3^40 (about 10^19) joint values')
  })
})
