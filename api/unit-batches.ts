/** Batches of groups or sequences, where rows do not stand alone. */
import { BATCH_NEWTON_LIMIT, BatchModel } from '../compiler/bind/batch-model.js'
import { batchUnits } from '../compiler/bind/batch-units.js'
import type { BindProgramOptions, ProgramModel } from '../compiler/bind/bound-model.js'
import { HardModel } from '../compiler/bind/hard-model.js'
import type { Program } from '../compiler/lower/program.js'
import type { Batches } from '../runtime/modes/online.js'
import { OptionError } from './errors.js'

/** Units that starts are looked for with. */
const SAMPLE = 1000

export interface UnitBatches {
  /** How many there are of each kind, the most first: batches are cut by these. */
  readonly counts: readonly number[]
  /** @param orders of each kind */
  batches(orders: readonly Int32Array[]): Batches
}

/** @throws OptionError where a block of the M-step has more unknowns than a batch can step by */
export function refuseUnknowns(model: BatchModel, name: 'online' | 'hard'): void {
  const found = model.tooManyUnknowns()
  if (found === null) return
  throw new OptionError(
    `${noBatches(name)}: a step of ${found.params.map((p) => `\`${p}\``).join(', ')} by a batch needs second derivatives by all ${found.unknowns} unknowns that depend on each other, and ${BATCH_NEWTON_LIMIT} are the most; mode ${name === 'hard' ? 'hard without a batch' : 'em'} takes them`,
  )
}

/** The beginning of a sentence that refuses. */
export const noBatches = (name: 'online' | 'hard'): string =>
  `there is no ${name === 'hard' ? 'way in batches' : 'mode online'} for this model`

/** Batches of the units of a model, in an order that is given; or why there are none, as the end of a sentence. */
export function unitBatches(
  model: ProgramModel,
  program: Program,
  own: BindProgramOptions,
  name: 'online' | 'hard',
): UnitBatches | string {
  const units = batchUnits(model, program)
  if (typeof units === 'string') return units
  const { derivation, data } = model
  const settings = { ...own, newtonLimit: BATCH_NEWTON_LIMIT }
  return {
    counts: units.counts,
    batches(orders) {
      const [count = 0] = units.counts
      // units of other kinds in the same share: each comes once in a pass, so that sums, scaled by the share, are right on average
      const taken = (from: number, to: number) =>
        units.take(
          orders.map((order) => {
            const place = (i: number): number => Math.floor((i * order.length) / count)
            return order.slice(place(from), place(to)).sort()
          }),
        )
      const whole = new BatchModel(derivation, program, data, settings)
      refuseUnknowns(whole, name)
      const sampled = count <= SAMPLE ? data : taken(0, SAMPLE)
      const start =
        name === 'hard' ? new HardModel(derivation, sampled, settings) : sampled === data ? model : model.over(sampled)
      const parts = new Map<string, BatchModel>()
      // a pass begins where the one before did, or a little further on
      const partOf = (from: number, to: number): BatchModel => {
        const key = `${from} ${to}`
        const known = parts.get(key)
        if (known !== undefined) return known
        if (parts.size * (to - from) >= 2 * count) parts.clear()
        const made = whole.overUnits(taken(from, to))
        parts.set(key, made)
        return made
      }
      return {
        rows: count,
        areUnits: true,
        sample: start,
        ...(whole.rules === undefined ? {} : { rules: whole.rules }),
        atStart(params) {
          const part = sampled === data ? whole : whole.overUnits(sampled)
          return { statistics: part.eStep(params).statistics, rows: Math.min(count, SAMPLE) }
        },
        eStepOver: (params, from, to) => partOf(from, to).eStep(params),
        setPivot(params) {
          whole.setPivot(params)
          for (const part of parts.values()) part.setPivot(params)
        },
        learnt: (params, expectation, turn, from, to) => whole.learnt(params, expectation, turn, partOf(from, to)),
      }
    },
  }
}
