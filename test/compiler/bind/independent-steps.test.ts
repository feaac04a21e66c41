/** Steps of one run between those of another: what a model gives depends on its arguments, and on no call before. */
import { describe, expect, it } from 'vitest'
import type { ProgramModel } from '../../../compiler/bind/bound-model.js'
import { seededRandom } from '../../laws/support/random.js'
import { boundExamples } from '../kernel/passes/rows.js'

interface Step {
  readonly name: string
  run(): unknown
}

/** The steps of a run at these params, each from what was made before; none of them changes it. */
function stepsAt(model: ProgramModel, params: Float64Array): readonly Step[] {
  const expectation = model.eStep(params, { seed: 1 })
  const { params: next } = model.mStep(params, expectation)
  const posterior = model.latents.length > 0 ? model.posterior(params) : null
  const given = posterior === null ? null : model.eStepFrom(posterior, params)
  return [
    { name: 'E-step', run: () => model.eStep(params, { seed: 1 }) },
    { name: 'M-step', run: () => model.mStep(params, expectation) },
    { name: 'gain', run: () => model.gain(params, expectation, next) },
    { name: 'log prior', run: () => model.logPrior(params) },
    { name: 'posterior', run: () => model.posterior(params) },
    ...(posterior === null || given === null
      ? []
      : [
          { name: 'E-step of a start', run: () => model.eStepFrom(posterior, params) },
          { name: 'M-step of a start', run: () => model.mStep(params, given) },
        ]),
  ]
}

/** Closed forms, Newton's method and charts, priors, chains, continuous latents, known labels. */
const examples = new Set([
  'beta-blockers/classes.estep',
  'birth-weights/logistic.estep',
  'earthquake-chain/model.estep',
  'factor-analysis/factors.estep',
  'iris/half-labelled.estep',
  'lifetimes/weibull-mixture.estep',
  'map-mixture/conjugate.estep',
  'nile/level.estep',
  'old-faithful/full.estep',
  'regressions/lines-unequal.estep',
  'segmentation/model.estep',
  'student-t/free.estep',
])
const chosen = boundExamples().filter(({ name }) => examples.has(name))

describe('steps of a run do not see those of others', () => {
  it('of many kinds of models', () => expect(chosen.length).toBe(examples.size))
  it.each(chosen.map((example) => [example.name, example] as const))(
    '%s',
    (_, { bind }) => {
      for (const backend of ['wasm', 'js'] as const) {
        const model = bind(backend)
        const [own, others] = [3, 8].map((seed) => stepsAt(model, model.separated(seededRandom(seed))))
        for (const step of own ?? []) {
          const alone = step.run()
          for (const other of others ?? []) {
            other.run()
            expect(step.run(), `${backend}: ${step.name} after ${other.name}`).toEqual(alone)
          }
        }
      }
    },
    60_000,
  )
})
