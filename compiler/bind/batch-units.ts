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
import { type NestedUnits, nestedUnits, unitsByReach } from './nested-units.js'
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
  // factors of q read one another within a unit that the data make: statements know no units of their own
  if (d.eStep.factorised !== null) return ofOneKind(unitsByReach(model), program)
  const units = samplingUnits(model)
  if (typeof units === 'string') return ofOneKind(nestedUnits(model) ?? units, program)
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
  if (keepsSums(program, moving)) return KEPT
  return {
    counts: ranges.map(([, { size }]) => size),
    take: (own) => taken.take(new Map(ranges.map(([key], i) => [key, own[i] ?? new Int32Array(0)]))),
  }
}

const KEPT = 'it adds something up for each unit'

function ofOneKind(units: NestedUnits | string, program: Program): BatchUnits | string {
  if (typeof units === 'string') return units
  if (keepsSums(program, units.ranges)) return KEPT
  return { counts: [units.count], take: ([own]) => units.take(own ?? new Int32Array(0)) }
}

/** true where a sum has an extent that a batch changes. */
function keepsSums(program: Program, moving: ReadonlySet<string>): boolean {
  const sums = program.buffers.filter((b) => b.space === 'sum').flatMap((b) => b.shape)
  return sums.some((s) => {
    const extent = program.sizes.get(s)
    return extent !== undefined && some(extent, (n) => moving.has(keyOf(n)))
  })
}
