/**
 * Random models as Estep text. Each decision draws from a stream of its own, so that a model that fails is made smaller by
 * leaving out what the failure does not need.
 */
import { Draft, type RandomModel } from './draft.js'
import { FEATURES, type Feature } from './features.js'
import { regressionModel } from './regressions.js'
import { rowsModel } from './rows.js'
import {
  chainModel,
  conjugateModel,
  factorsModel,
  interceptsModel,
  levelModel,
  membershipModel,
  sumsModel,
  tailsModel,
  vectorsModel,
} from './structures.js'

export type { RandomModel } from './draft.js'
export { FEATURES, type Feature } from './features.js'

/** What is at the heart of a model, with how many of 100 models have it. */
const STRUCTURES: readonly (readonly [number, (draft: Draft) => RandomModel])[] = [
  [41, rowsModel],
  [8, chainModel],
  [2, regressionModel],
  [7, interceptsModel],
  [1, regressionModel],
  [3, levelModel],
  [7, factorsModel],
  [1, regressionModel],
  [6, conjugateModel],
  [2, membershipModel],
  [8, sumsModel],
  [6, tailsModel],
  [8, vectorsModel],
]

export function randomModel(seed: number, without: ReadonlySet<Feature> = new Set()): RandomModel {
  const draft = new Draft(seed, without)
  let left = 100 * draft.stream('structure')()
  for (const [share, make] of STRUCTURES) {
    if (left < share) return make(draft)
    left -= share
  }
  return rowsModel(draft)
}

/** Leaves out features as long as the model still fails. */
export function shrink(model: RandomModel, fails: (candidate: RandomModel) => boolean): RandomModel {
  let current = model
  const left = new Set(FEATURES.filter((f) => !model.features.includes(f)))
  for (let again = true; again; ) {
    again = false
    for (const f of current.features) {
      const candidate = randomModel(model.seed, new Set([...left, f]))
      if (!fails(candidate)) continue
      left.add(f)
      current = candidate
      again = true
      break
    }
  }
  return current
}
