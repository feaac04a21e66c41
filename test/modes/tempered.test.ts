/** E-steps at an inverse temperature, against sums and integrals of p^β. */
import { describe, expect, it } from 'vitest'
import { programOf } from '../../api/mode-program.js'
import { TemperedModel } from '../../compiler/bind/tempered-model.js'
import { temperedProgram } from '../../compiler/modes/tempered-program.js'
import { compileOrThrow } from '../../index.js'
import { all, bound as boundCase } from './models.js'

async function tempered(own: Parameters<typeof boundCase>[0]) {
  const { bound, params } = await boundCase(own)
  const { derivation } = bound.model
  return {
    bound,
    params,
    model: new TemperedModel(derivation, programOf(temperedProgram(derivation)), bound.data, bound.settings),
  }
}

const discrete = [...all].filter(([, { source }]) => source.includes('Categorical'))

describe('the tempered E-step', () => {
  it.each(discrete)('is that of EM at β = 1: %s', async (_, own) => {
    const { bound, params, model } = await tempered(own)
    const exact = bound.model.eStep(params)
    const made = model.eStep(params)
    expect(made.logLikelihood).toBeCloseTo(exact.logLikelihood, 8)
    made.statistics.forEach((s, i) => {
      expect(Math.abs(s - (exact.statistics[i] ?? 0))).toBeLessThan(1e-8 * (1 + Math.abs(s)))
    })
  })

  it.each(discrete)('keeps its promises at β = 0.3: %s', async (_, own) => {
    const { params, model } = await tempered(own)
    model.setBeta(0.3)
    const e = model.eStep(params)
    const { params: next } = model.mStep(params, e)
    const gain = model.gain(params, e, next)
    const { logLikelihood } = model.eStep(next)
    expect(gain).toBeGreaterThanOrEqual(-1e-8)
    expect(logLikelihood - e.logLikelihood).toBeGreaterThanOrEqual(gain - 1e-8)
  })

  it('adds up p^β over values', async () => {
    const x = [-1, 0.5, 3]
    const source = `model Two
data  x : real[N]
param mu : real[2]
for n in 1..N {
  latent z ~ Categorical([0.3, 0.7])
  x[n] ~ Normal(mu[z], 1)
}`
    const { model } = await tempered({ source, data: { x } })
    const beta = 0.4
    model.setBeta(beta)
    const log = (v: number, m: number, p: number): number =>
      Math.log(p) - 0.5 * Math.log(2 * Math.PI) - 0.5 * (v - m) ** 2
    const sums = x.map((v) => {
      const both = [log(v, 0, 0.3), log(v, 2, 0.7)].map((l) => Math.exp(beta * l))
      return both.reduce((a, b) => a + b, 0)
    })
    expect(model.eStep(Float64Array.of(0, 2)).logLikelihood).toBeCloseTo(
      sums.reduce((a, s) => a + Math.log(s), 0) / beta,
      10,
    )
    const posterior = model.posterior(Float64Array.of(0, 2)).get('z') ?? []
    x.forEach((v, n) => {
      expect(posterior[2 * n]).toBeCloseTo(Math.exp(beta * log(v, 0, 0.3)) / (sums[n] ?? 0), 10)
    })
  })

  it('integrates a Normal latent out before the power is taken', async () => {
    const source = `model One
data  x : real[N]
param t : positive
for n in 1..N {
  latent z ~ Categorical([0.4, 0.6])
  latent u ~ Normal(2 * z, t)
  x[n] ~ Normal(u, 1)
}`
    const x = [0.7, 3.1]
    const { model } = await tempered({ source, data: { x } })
    const [beta, t] = [0.25, 1.5]
    model.setBeta(beta)
    const joint = (v: number, z: 1 | 2): number => {
      const variance = 1 + t * t
      const log = Math.log(z === 1 ? 0.4 : 0.6) - 0.5 * Math.log(2 * Math.PI * variance)
      return Math.exp(beta * (log - (0.5 * (v - 2 * z) ** 2) / variance))
    }
    const sum = x.reduce((a, v) => a + Math.log(joint(v, 1) + joint(v, 2)), 0)
    expect(model.eStep(Float64Array.of(t)).logLikelihood).toBeCloseTo(sum / beta, 10)
  })

  it('refuses what has no such posterior, and says of what', () => {
    const refusal = (source: string): string => {
      const { derivation } = compileOrThrow(source).bind({ x: [1, 2] }, {}).model
      const made = temperedProgram(derivation)
      return made.kind === 'refused' ? `${made.refusal.code} ${made.refusal.message}` : 'none'
    }
    expect(refusal('model A\ndata x : real[N]\nparam m : real\nfor n in 1..N { x[n] ~ Normal(m, 1) }')).toBe(
      'E428 annealing flattens the posterior of discrete latents, and the model has none',
    )
    const continuous = 'for n in 1..N {\n  latent u ~ Normal(0, t)\n  x[n] ~ Normal(u, 1)\n}'
    expect(refusal(`model B\ndata x : real[N]\nparam t : positive\n${continuous}`)).toMatch(
      /^E428 .*`u` is continuous: flattened, its posterior would widen without end/,
    )
  })
})
