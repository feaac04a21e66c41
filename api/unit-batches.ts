/** Batches of groups or sequences, where rows do not stand alone. */
import { BatchModel } from '../compiler/bind/batch-model.js'
import { batchUnits } from '../compiler/bind/batch-units.js'
import type { BindProgramOptions, ProgramModel } from '../compiler/bind/bound-model.js'
import { HardModel } from '../compiler/bind/hard-model.js'
import type { Program } from '../compiler/lower/program.js'
import type { Batches } from '../runtime/modes/online.js'

/** Units that starts are looked for with. */
const SAMPLE = 1000

export interface UnitBatches {
  readonly count: number
  batches(order: Int32Array): Batches
}

/** Batches of the units of a model, in an order that is given; or why there are none, as the end of a sentence. */
export function unitBatches(
  model: ProgramModel,
  program: Program,
  settings: BindProgramOptions,
  name: 'online' | 'hard',
): UnitBatches | string {
  const units = batchUnits(model, program)
  if (typeof units === 'string') return units
  const { derivation, data } = model
  return {
    count: units.count,
    batches(order) {
      const whole = new BatchModel(derivation, program, data, settings)
      const sampled = order.length <= SAMPLE ? data : units.take(order.slice(0, SAMPLE).sort())
      const parts = new Map<number, BatchModel>()
      // a pass begins where the one before did, or a little further on
      const partOf = (from: number, to: number): BatchModel => {
        const known = parts.get(from)
        if (known !== undefined) return known
        if (parts.size * (to - from) >= 2 * units.count) parts.clear()
        const made = whole.overUnits(units.take(order.slice(from, to).sort()))
        parts.set(from, made)
        return made
      }
      return {
        rows: units.count,
        areUnits: true,
        sample:
          name === 'hard'
            ? new HardModel(derivation, sampled, settings)
            : sampled === data
              ? model
              : model.over(sampled),
        atStart(params) {
          const part = sampled === data ? whole : whole.overUnits(sampled)
          return { statistics: part.eStep(params).statistics, rows: Math.min(units.count, SAMPLE) }
        },
        eStepOver: (params, from, to) => partOf(from, to).eStep(params),
        setPivot(params) {
          whole.setPivot(params)
          for (const part of parts.values()) part.setPivot(params)
        },
        maximised: (expectation) => whole.maximised(expectation).params,
      }
    },
  }
}
