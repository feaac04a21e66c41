/** The printed derivative of Q, at the params whose posterior it takes, is that of the log-likelihood (Fisher's identity). */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { valuesOf } from '../../../api/worked.js'
import { evaluate } from '../../../compiler/algebra/evaluate.js'
import { notationOf } from '../../../compiler/derivation/notation.js'
import { scoresOf } from '../../../compiler/derivation/scores.js'
import { updateContext } from '../../../compiler/derivation/updates.js'
import { compileOrThrow, type FitData } from '../../../index.js'
import { everyValue } from './evaluation.js'

const xs = [0.3, -1.1, 0.8, 1.9, -0.4, 0.6, -1.7, 1.2]
const counts = [0, 2, 1, 6, 1, 3, 0, 4]

const CASES: readonly { readonly model: string; readonly data: FitData }[] = [
  { model: 'examples/patents/experts', data: { patents: counts, rds: xs, lgrd: xs.map((x) => x + 0.4) } },
  {
    model: 'examples/beta-blockers/classes',
    data: {
      center: ['a', 'a', 'b', 'b', 'c', 'c', 'd', 'd'],
      treated: [0, 1, 0, 1, 0, 1, 0, 1],
      deaths: counts,
      total: [9, 9, 8, 10, 7, 9, 8, 9],
    },
  },
  { model: 'examples/wind/directions', data: { direction: xs } },
  { model: 'examples/switching/model', data: { x: xs.map((x) => [1, x]), y: counts } },
  { model: 'examples/student-t/direct', data: { x: xs } },
  { model: 'examples/overdispersion/negative-binomial-direct', data: { days: counts } },
  { model: 'examples/lifetimes/lognormal', data: { time: counts.map((c) => c + 1), status: [1, 0, 1, 1, 0, 1, 1, 0] } },
  { model: 'test/certify/models/truncated-normal', data: { x: xs } },
  { model: 'test/certify/models/ordinal-mixture', data: { y: [1, 2, 3, 2, 1, 3, 2, 1], x: xs } },
  {
    model: 'examples/birth-weights/logistic',
    data: {
      low: [1, 0, 0, 1, 1, 0, 1, 0],
      age: xs,
      lwt: xs.map((x) => x * x),
      smoke: [0, 1, 1, 0, 1, 0, 0, 1],
      ht: [0, 0, 1, 1, 0, 1, 0, 0],
      ui: [1, 0, 0, 0, 1, 1, 0, 0],
      race: [1, 2, 3, 3, 2, 1, 1, 2],
    },
  },
  { model: 'test/certify/models/mv-student-t-mixture', data: { x: xs.map((x, i) => [x, (counts[i] ?? 0) / 2]) } },
]

describe('the printed derivative is that of the log-likelihood', () => {
  for (const { model: name, data } of CASES)
    it(name, () => {
      const source = readFileSync(new URL(`../../../${name}.estep`, import.meta.url), 'utf8')
      const { model } = compileOrThrow(source).bind(data, {})
      let seed = 11
      const at = model.interior(() => {
        seed = (seed * 16807) % 2147483647
        return seed / 2147483647
      })
      const whole = valuesOf(model, at, at)
      // what stands behind an indicator of 0 may lie outside of its array
      const env: typeof whole = {
        ...whole,
        ref: (space, name, index) => {
          const value = whole.ref(space, name, index)
          return space === 'param' && Number.isNaN(value) ? 0 : value
        },
      }
      const d = model.derivation
      const context = updateContext(d, notationOf(d))
      const places = new Map(model.params.map((p) => [p.name, p]))
      const slope = (place: number): number => {
        const step = 1e-4 * Math.max(1, Math.abs(at[place] ?? 0))
        const moved = (by: number): number =>
          model.eStep(at.map((x, i) => (i === place ? x + by * step : x))).logLikelihood
        return (8 * (moved(1) - moved(-1)) - (moved(2) - moved(-2))) / (12 * step)
      }
      let compared = 0
      for (const step of d.mStep.steps) {
        if (step.kind !== 'newton') continue
        const scores = scoresOf(step, context)
        expect(new Set(scores.map((s) => s.param))).toEqual(new Set(step.params))
        for (const s of scores) {
          const layout = places.get(s.param)
          if (layout === undefined) throw new Error(s.param)
          for (const indices of everyValue(s.indices, (e) => evaluate(e, env))) {
            const index = s.at.map((e) => evaluate(e, { ...env, indices }))
            const place = layout.offset + index.reduce((a, i, k) => a * (layout.shape[k] ?? 1) + i - 1, 0)
            const printed = evaluate(s.value, { ...env, indices })
            expect(Math.abs(printed - slope(place)), `${s.param}[${index.join()}]`).toBeLessThanOrEqual(
              1e-6 * Math.max(1, Math.abs(printed)),
            )
            compared += 1
          }
        }
      }
      expect(compared).toBeGreaterThan(0)
    })
})
