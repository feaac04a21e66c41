/** E-steps at an inverse temperature, against sums and integrals of p^β. */
import { describe, expect, it } from 'vitest'
import { programOf } from '../../api/mode-program.js'
import { TemperedModel } from '../../compiler/bind/tempered-model.js'
import { temperedProgram } from '../../compiler/modes/tempered-program.js'
import { compileOrThrow } from '../../index.js'
import { abilities, all, bound as boundCase } from './models.js'

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
    expect(Math.abs(made.logLikelihood - exact.logLikelihood)).toBeLessThan(1e-12 * Math.abs(exact.logLikelihood))
    made.statistics.forEach((s, i) => {
      expect(Math.abs(s - (exact.statistics[i] ?? 0))).toBeLessThan(1e-12 * (1 + Math.abs(s)))
    })
  })

  it.each(discrete)('keeps its promises at β = 0.3: %s', async (_, own) => {
    const { params, model } = await tempered(own)
    model.setBeta(0.3)
    // as fine as EM takes an objective by nodes
    while (model.refine(params));
    const e = model.eStep(params)
    const { params: next } = model.mStep(params, e)
    const gain = model.gain(params, e, next)
    const { logLikelihood } = model.eStep(next)
    expect(gain).toBeGreaterThanOrEqual(-1e-8)
    expect(logLikelihood - e.logLikelihood).toBeGreaterThanOrEqual(gain - 1e-8)
  })

  it('never falls while β stays, with a posterior by nodes for each class', async () => {
    const { params, model } = await tempered(abilities)
    let now: Float64Array = params
    for (const beta of [0.1, 0.4, 1.25]) {
      model.setBeta(beta)
      while (model.refine(now));
      let before = model.eStep(now)
      for (let t = 0; t < 12; t++) {
        now = model.mStep(now, before).params
        const after = model.eStep(now)
        const error = model.accuracy(now)?.error ?? Number.NaN
        expect(after.logLikelihood).toBeGreaterThanOrEqual(before.logLikelihood - 2 * error - 1e-9)
        expect(error).toBeLessThan(1e-6)
        before = after
      }
    }
  })

  it('adds up p^β over values, a latent by nodes integrated out before', async () => {
    const ease = [-0.8, -0.4, 0, 0.4, 0.8]
    const { bound, model } = await tempered(abilities)
    const params = Float64Array.of(0.6, 0.4, -1, 1.5, 0.7)
    const q = bound.data.arrays.get('q')?.values ?? new Float64Array(0)
    const [beta, rows] = [0.3, q.length / 5]
    model.setBeta(beta)
    while (model.refine(params));
    let sum = 0
    for (let n = 0; n < rows; n++) {
      const both = [0, 1].map((z) => {
        // the trapezoid rule, exact to rounding on so smooth a density
        let integral = 0
        for (let u = -9; u <= 9; u += 0.02) {
          const standard = (u - (params[2 + z] ?? 0)) / 0.7
          const likely = ease.reduce((p, e, j) => p / (1 + Math.exp((q[5 * n + j] === 1 ? -1 : 1) * (u + e))), 1)
          integral += (0.02 * likely * Math.exp(-0.5 * standard ** 2)) / (0.7 * Math.sqrt(2 * Math.PI))
        }
        return ((params[z] ?? 0) * integral) ** beta
      })
      sum += Math.log(both.reduce((a, b) => a + b, 0)) / beta
    }
    expect(model.eStep(params).logLikelihood).toBeCloseTo(sum, 8)
  })

  it('leaves counts that share out a total their posterior', async () => {
    const source = `model Both
data  x : real[N]
data  h, c : count
param mu : real[2]
param p : real in (0, 1/2)
latent a, b : count
[a, b, c] ~ Multinomial([1/2, p, 1/2 - p])
observe h = a + b
for n in 1..N {
  latent z ~ Categorical([0.3, 0.7])
  x[n] ~ Normal(mu[z], 1)
}`
    const data = { x: [-1, 0.5, 3] }
    const set = { h: 20, c: 6 }
    const fit = await compileOrThrow(source).fit(data, { set, mode: 'anneal' })
    // of the counts alone the maximum is that of h: 1/2 + p is h of h + c
    expect(Number(fit.params.p)).toBeCloseTo(20 / 26 - 0.5, 6)
    const { bound, params, model } = await tempered({ source, data, options: { set } })
    model.setBeta(0.4)
    expect(model.countMeans(params)).toEqual(bound.model.countMeans(params))
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
      const { derivation } = compileOrThrow(source).bind(
        { x: [1, 2] },
        { set: source.includes('count') ? { h: 3, c: 1 } : {} },
      ).model
      const made = temperedProgram(derivation)
      return made.kind === 'refused' ? `${made.refusal.code} ${made.refusal.message}` : 'none'
    }
    expect(refusal('model A\ndata x : real[N]\nparam m : real\nfor n in 1..N { x[n] ~ Normal(m, 1) }')).toBe(
      'E428 annealing flattens the posterior of discrete latents, and the model has none',
    )
    const counts =
      'model C\ndata x : real[N]\ndata h, c : count\nparam p : real in (0, 1/2)\nlatent a, b : count\n[a, b, c] ~ Multinomial([1/2, p, 1/2 - p])\nobserve h = a + b'
    expect(refusal(counts)).toMatch(/^E428 .* `a`, `b` share out an observed total, and keep their posterior$/)
    const continuous = 'for n in 1..N {\n  latent u ~ Normal(0, t)\n  x[n] ~ Normal(u, 1)\n}'
    expect(refusal(`model B\ndata x : real[N]\nparam t : positive\n${continuous}`)).toMatch(
      /^E428 .*`u` is continuous: flattened, its posterior would widen without end/,
    )
  })
})
