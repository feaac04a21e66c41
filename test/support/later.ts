import type { BoundModel } from '../../runtime/contract.js'
import { pause } from '../runtime/fake-models.js'

export interface Later {
  readonly model: BoundModel
  /** Most E-steps that were under way at once. */
  readonly most: () => number
  /** Those under way. */
  readonly now: () => number
}

/** A model whose E-steps are ready a few turns of the event loop later, those of several runs in any order. */
export function later(base: BoundModel, sideBySide: number): Later {
  let state = 7
  let underWay = 0
  let most = 0
  const eStepLater: NonNullable<BoundModel['eStepLater']> = async (params, from) => {
    const asked = params.slice()
    most = Math.max(most, ++underWay)
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    try {
      for (let turns = state >>> 30; turns >= 0; turns--) await pause()
      return base.eStep(asked, from)
    } finally {
      underWay--
    }
  }
  const model = Object.create(base, { eStepLater: { value: eStepLater }, sideBySide: { value: sideBySide } })
  return { model, most: () => most, now: () => underWay }
}
