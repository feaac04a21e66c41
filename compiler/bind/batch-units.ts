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
  readonly count: number
  /** The data of some of the units, by their numbers from 0. */
  take(units: Int32Array): BoundData
}

/** The units that batches are made of, or why there are none, as the end of a sentence. */
export function batchUnits(model: ProgramModel, program: Program): BatchUnits | string {
  const { derivation: d } = model
  const nodes = d.eStep.blocks.find((b) => b.kind === 'nodes')
  if (nodes !== undefined)
    return `how many nodes the posterior of \`${nodes.latents[0]?.latent.name}\` has is found over all of the data`
  // factors of q read one another within a unit that the data make: statements know no units of their own
  if (d.eStep.factorised !== null) return withSums(unitsByReach(model), program)
  const units = samplingUnits(model)
  if (typeof units === 'string') return withSums(nestedUnits(model) ?? units, program)
  const [range, second] = [...units.ranges]
  if (range === undefined || second !== undefined)
    return 'its data are of several kinds, of which a batch would hold one'
  const [key, { size }] = range
  const moving = new Set([key, ...units.keyed.keys()])
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
  return { count: size, take: (own) => taken.take(new Map([[key, own]])) }
}

const KEPT = 'it adds something up for each unit'

const withSums = (units: NestedUnits | string, program: Program): BatchUnits | string =>
  typeof units !== 'string' && keepsSums(program, units.ranges) ? KEPT : units

/** true where a sum has an extent that a batch changes. */
function keepsSums(program: Program, moving: ReadonlySet<string>): boolean {
  const sums = program.buffers.filter((b) => b.space === 'sum').flatMap((b) => b.shape)
  return sums.some((s) => {
    const extent = program.sizes.get(s)
    return extent !== undefined && some(extent, (n) => moving.has(keyOf(n)))
  })
}
