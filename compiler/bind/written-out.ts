/** Rows of a frequency weight written out: each copy a row of its own, of weight 1. */
import type { BoundData } from '../../runtime/contract.js'
import type { ProgramModel } from './bound-model.js'
import { countedBy, gathered } from './resample.js'
import { samplingUnits } from './sampling-units.js'

/** Copies that are still written out. */
const MOST = 1_000_000

/** null where no row counts more than once, where weights are no whole numbers, or where there are too many copies. */
export function writtenOut(model: ProgramModel): BoundData | null {
  const units = samplingUnits(model)
  if (typeof units === 'string') return null
  const drawn = new Map<string, Int32Array>()
  const names: string[] = []
  for (const [range, own] of units.ranges) {
    const name = countedBy(own)
    if (name === null || own.weights === null || own.weights.every((w) => w <= 1)) continue
    if (own.weights.reduce((a, b) => a + b, 0) > MOST) return null
    drawn.set(range, Int32Array.from(Array.from(own.weights).flatMap((w, row) => new Array<number>(w).fill(row))))
    names.push(name)
  }
  if (names.length === 0 || units.keyed.size > 0) return null
  const { derivation: d, data } = model
  const shapes = new Map(d.graph.data.map((s) => [s.name, d.shapes.shape('data', s.name)]))
  const rows = gathered(data, shapes, drawn, new Map(), new Map())
  const arrays = new Map(rows.arrays)
  for (const name of names) {
    const weights = arrays.get(name)
    if (weights !== undefined) arrays.set(name, { ...weights, values: weights.values.slice().fill(1) })
  }
  return { ...rows, arrays }
}
