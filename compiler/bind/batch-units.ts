/**
 * Models whose rows do not stand alone, batch by batch: groups and sequences are independent of each other, and the sums of
 * some of them are an estimate of those of all.
 */
import type { BoundData } from '../../runtime/contract.js'
import { keyOf } from '../algebra/key.js'
import { some } from '../algebra/visit.js'
import type { Program } from '../lower/program.js'
import type { ProgramModel } from './bound-model.js'
import { whyNotMoved } from './moved-rows.js'
import { nestedUnits } from './nested-units.js'
import { resampler } from './resample.js'
import { samplingUnits } from './sampling-units.js'

export interface BatchUnits {
  /** How many there are of each kind, the most first. */
  readonly counts: readonly number[]
  /** The data of some of the units of each kind, by their numbers from 0. */
  take(units: readonly Int32Array[]): BoundData
}

/** The units that batches are made of, or why there are none, as the end of a sentence. */
export function batchUnits(model: ProgramModel, program: Program): BatchUnits | string {
  const { derivation: d } = model
  const units = samplingUnits(model)
  if (typeof units === 'string') {
    const nested = d.eStep.factorised === null ? nestedUnits(model) : null
    if (nested === null) return units
    return { counts: [nested.count], take: ([own]) => nested.take(own ?? new Int32Array(0)) }
  }
  const ranges = [...units.ranges].sort(([, a], [, b]) => b.size - a.size)
  const moving = new Set([...units.ranges.keys(), ...units.keyed.keys()])
  const beside = d.lifted.find(({ factor: { role, loops } }) => {
    const outer = loops[0]?.index
    return role !== 'prior' && (outer === undefined || !moving.has(keyOf(outer.to)))
  })
  if (beside !== undefined)
    return `\`${beside.factor.target.name}\` belongs to none of the units that batches are made of`
  // rows that are counted are moved as well
  const moved = whyNotMoved(d, moving)
  const taken = moved ?? resampler(model, units, 'sampling')
  if (typeof taken === 'string') return taken
  const sums = program.buffers.filter((b) => b.space === 'sum').flatMap((b) => b.shape)
  const kept = sums.some((s) => {
    const extent = program.sizes.get(s)
    return extent !== undefined && some(extent, (n) => moving.has(keyOf(n)))
  })
  if (kept) return 'it adds something up for each unit'
  return {
    counts: ranges.map(([, { size }]) => size),
    take: (own) => taken.take(new Map(ranges.map(([key], i) => [key, own[i] ?? new Int32Array(0)]))),
  }
}
