import { describe, expect, it } from 'vitest'
import { compile, compileOrThrow } from '../../../index.js'

const model = (body: string): string => `model Observed
data  y, e : real[N]
data  b : bool[N]
param m : real
param s : positive
for n in 1..N {
  latent v ~ Normal(m, s)
  ${body}
}
`

const refusalOf = (body: string): string => {
  const compiled = compile(model(body))
  return compiled.ok ? 'derived' : (compiled.diagnostics[0]?.message ?? '')
}

describe('observed conditions on continuous latents', () => {
  it('are the same as censored values', async () => {
    const y = [0.3, -1.2, 2.5, 0.8, 1.1, -0.4, 1.9]
    const b = [1, 0, 1, 0, 1, 0, 0]
    const censored = `model Censored
data  y, e : real[N]
data  b : bool[N]
param m : real
param s : positive
for n in 1..N {
  if b[n] { y[n] ~ Censored(Normal(m, s), above) }
  else { y[n] ~ Censored(Normal(m, s), between(y[n], e[n])) }
}
`
    const observed = model('if b[n] { observe v > y[n] } else { observe y[n] < v and v <= e[n] }')
    const data = { y, e: y.map((x) => x + 1), b }
    const [one, other] = await Promise.all([observed, censored].map((m) => compileOrThrow(m).fit(data)))
    expect(one?.logLikelihood).toBeCloseTo(other?.logLikelihood ?? Number.NaN, 10)
    expect(Number(one?.params.m)).toBeCloseTo(Number(other?.params.m), 6)
  })

  it('are refused where another statement reads the latent', () => {
    expect(refusalOf('observe v > 0\n  y[n] ~ Normal(v, 2)')).toMatch(/`v`, which other statements read too/)
  })

  it('are refused where they are no interval of one latent', () => {
    expect(refusalOf('observe v > 0 or v < -1')).toMatch(/compares one latent with bounds/)
    expect(refusalOf('observe v * v > 1')).toMatch(/compares one latent with bounds/)
  })

  it('are refused where two may hold together or not', () => {
    expect(refusalOf('if b[n] { observe v > y[n] }\n  if e[n] > 0 { observe v < y[n] }')).toMatch(/may hold together/)
  })
})
