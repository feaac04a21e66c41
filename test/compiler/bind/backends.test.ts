import { describe, expect, it } from 'vitest'
import type { ProgramModel } from '../../../compiler/bind/bound-model.js'
import { seededRandom } from '../../laws/support/random.js'
import { boundExamples } from '../kernel/passes/rows.js'

/** Relative to the sum of the units' |log-likelihoods|, and to the largest statistic. */
const TOLERANCE = 1e-12

/** The E-step at a random interior point, and again after one M-step. */
function twice(model: ProgramModel) {
  const params = model.separated(seededRandom(7))
  const first = model.eStep(params, { seed: 1 })
  const { params: next } = model.mStep(params, first)
  const second = model.eStep(next, first)
  return { params, first, next, second }
}

function expectNear(name: string, found: ArrayLike<number>, wanted: ArrayLike<number>): void {
  expect(found.length).toBe(wanted.length)
  const most = Array.from(wanted).reduce((m, x) => (Number.isFinite(x) ? Math.max(m, Math.abs(x)) : m), 1)
  for (let i = 0; i < wanted.length; i++) {
    const [a = Number.NaN, b = Number.NaN] = [found[i], wanted[i]]
    const near = Object.is(a, b) || a === b || Math.abs(a - b) <= TOLERANCE * most
    if (!near) expect.fail(`${name}[${i}]: ${a}, wanted ${b}`)
  }
}

/** Judged by JavaScript: the interpreter takes minutes over rows of 64 pixels with a matrix each. */
const LONG = new Set(['digits/prior.estep'])

describe('each example through each backend', () => {
  it.each(boundExamples().map((example) => [example.name, example] as const))(
    '%s',
    (name, { bind }) => {
      const isLong = LONG.has(name)
      if (isLong) console.log(`${name}: compared with JavaScript, not with the interpreter, which takes minutes`)
      const wanted = twice(bind(isLong ? 'js' : 'interpret'))
      for (const backend of isLong ? (['wasm'] as const) : (['js', 'wasm'] as const)) {
        const found = twice(bind(backend))
        const { first, second } = found
        const scale = Math.max(1, wanted.first.scale)
        expect(Math.abs(first.logLikelihood - wanted.first.logLikelihood), backend).toBeLessThanOrEqual(
          TOLERANCE * scale,
        )
        expectNear(`${backend}: statistics`, first.statistics, wanted.first.statistics)
        // the M-step solves systems that may be ill-conditioned: what it leads to is what counts
        expect(Math.abs(second.logLikelihood - wanted.second.logLikelihood), backend).toBeLessThanOrEqual(
          1e-9 * Math.max(1, wanted.second.scale),
        )
      }
    },
    60_000,
  )
})
