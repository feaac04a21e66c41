/** Covariates far from 0 make intercept and slope nearly dependent: fewer digits, said aloud, and no false alarm. */
import { describe, expect, it } from 'vitest'
import { compileOrThrow } from '../../index.js'

const lines = `model Lines
const K = 2
data x, y : real[N]
param pi : simplex[K]
param a : real[K]
param b : real[K]
param s : positive[K]
for n in 1..N {
  latent z ~ Categorical(pi)
  y[n] ~ Normal(a[z] + b[z] * x[n], s[z])
}`

let state = 1
const uniform = (): number => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return (state + 0.5) / 2 ** 32
}
const x = Array.from({ length: 100 }, () => Math.round(640 * uniform()) / 64)
const y = x.map((v, i) => (i % 2 === 0 ? 40 - v + 3 * (uniform() - 0.5) : 3 + 2 * v + uniform() - 0.5))

describe.each([0, 100, 2000, 1e4])('x at %d', (offset) => {
  it('is the same fit', async () => {
    const model = compileOrThrow(lines)
    const here = await model.fit({ x, y })
    const there = await model.fit({ x: x.map((v) => v + offset), y })
    expect(there.logLikelihood).toBeCloseTo(here.logLikelihood, 6)
    expect(there.converged).toBe(true)
    expect([here.toJSON().parameters, there.toJSON().parameters]).toEqual([7, 7])
  })
})

it('at 1e6 the loss of digits is said', async () => {
  const fit = await compileOrThrow(lines).fit({ x: x.map((v) => v + 1e6), y })
  expect(fit.warnings.map(({ code }) => code).some((code) => code === 'W531' || code === 'W529')).toBe(true)
  expect(fit.warnings.map(({ message }) => message).join()).toContain('subtract their mean')
})

it('at 1e9 minus their mean they are harmless', async () => {
  const centred = lines.replace('param pi', 'const m = mean(x)\nparam pi').replace('* x[n]', '* (x[n] - m)')
  const model = compileOrThrow(centred)
  const here = await model.fit({ x, y })
  const there = await model.fit({ x: x.map((v) => v + 1e9), y })
  expect(there.logLikelihood).toBeCloseTo(here.logLikelihood, 5)
})
