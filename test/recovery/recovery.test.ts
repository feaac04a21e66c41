/** Combinations that no example shows compile, are certified, and find the params that made their data. */
import { describe, expect, test } from 'vitest'
import { compileOrThrow } from '../../index.js'
import type { BoundModel } from '../../runtime/contract.js'
import { certifyText, complaints } from '../certify/certified.js'
import { seededRandom } from '../laws/support/random.js'
import { type Nested, type Params, type Recovery, recoveries } from './cases.js'
import { coordinates, standardErrors } from './standard-errors.js'

const flat = (value: Nested): readonly number[] => (typeof value === 'number' ? [value] : value.flatMap(flat))

function vector(model: BoundModel, params: Params): Float64Array {
  const out = new Float64Array(model.length)
  for (const p of model.params) out.set(flat(params[p.name] ?? []), p.offset)
  return out
}

function reordered(value: Nested, orders: readonly (readonly number[] | null)[]): Nested {
  const [order, ...rest] = orders
  if (typeof value === 'number' || order === undefined) return value
  const moved = order === null ? value : order.map((k) => value[k] ?? Number.NaN)
  return moved.map((v) => reordered(v, rest))
}

const sameLikelihood = (params: Params, relabel: Recovery['relabel']): readonly Params[] => [
  params,
  ...(relabel ?? []).map((orders) =>
    Object.fromEntries(Object.entries(params).map(([name, v]) => [name, reordered(v, orders[name] ?? [])])),
  ),
]

describe.each(recoveries)('$name', ({ source, truth, data, relabel }) => {
  test('is certified', () => {
    const outcome = certifyText(source, { replicates: 2 })
    if (outcome.kind === 'refused') throw new Error(outcome.text)
    expect(complaints(outcome.certificate)).toEqual([])
    expect(outcome.certificate.passed).toBe(true)
  })

  test('finds the truth within three standard errors', async () => {
    const compiled = compileOrThrow(source)
    const table = data(seededRandom(20))
    const fit = await compiled.fit(table, { seed: 1, restarts: 8, tolerance: 1e-11 })
    expect(fit.converged).toBe(true)
    const { model } = compiled.bind(table, {})
    const atTruth = model.eStep(vector(model, truth)).logLikelihood
    expect(fit.logLikelihood).toBeGreaterThanOrEqual(atTruth)
    expect(fit.logLikelihood - atTruth, 'half a chi-square of as many degrees as params').toBeLessThan(
      coordinates(model).length + 6,
    )
    const free = coordinates(model)
    const true_ = vector(model, truth)
    const scores = sameLikelihood(fit.params as Params, relabel).map((params) => {
      const estimate = vector(model, params)
      expect(model.eStep(estimate).logLikelihood).toBeCloseTo(fit.logLikelihood, 6)
      const errors = standardErrors(model, estimate)
      return free.map((c, i) => ({
        name: c.name,
        z: ((estimate[c.offset] ?? Number.NaN) - (true_[c.offset] ?? Number.NaN)) / (errors[i] ?? Number.NaN),
      }))
    })
    const outside = scores.map((s) => s.filter(({ z }) => !(Math.abs(z) <= 3)).map(({ name, z }) => `${name}: ${z}`))
    expect(outside.reduce((a, b) => (b.length < a.length ? b : a))).toEqual([])
  })
})
