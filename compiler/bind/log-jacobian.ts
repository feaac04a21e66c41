/** Columns of data in other units, and what that does to their density. */
import type { BoundArray, BoundData } from '../../runtime/contract.js'
import type { Derivation } from '../derive.js'
import type { Factor } from '../graph/types.js'
import { type BoundNumbers, cellPosition } from './sizes.js'
import { tableRows } from './table-rows.js'

/** x = mean + sd · x′ for each column of an array; a vector has one column. */
export interface ColumnScales {
  readonly means: readonly number[]
  readonly sds: readonly number[]
}

export type Scaling = ReadonlyMap<string, ColumnScales>

/** The data with these arrays as x′. */
export const scaledData = (data: BoundData, scaling: Scaling): BoundData => ({
  ...data,
  arrays: scaledArrays(data.arrays, scaling),
})

/** Arrays x′ as x. */
export const unscaledArrays = (arrays: BoundData['arrays'], scaling: Scaling): BoundData['arrays'] =>
  mapped(arrays, scaling, (x, mean, sd) => mean + sd * x)

/** Arrays x as x′. */
export const scaledArrays = (arrays: BoundData['arrays'], scaling: Scaling): BoundData['arrays'] =>
  mapped(arrays, scaling, (x, mean, sd) => (x - mean) / sd)

function mapped(
  arrays: BoundData['arrays'],
  scaling: Scaling,
  of: (x: number, mean: number, sd: number) => number,
): BoundData['arrays'] {
  const out = new Map<string, BoundArray>(arrays)
  for (const [name, { means, sds }] of scaling) {
    const array = arrays.get(name)
    if (array === undefined || array.values instanceof Int32Array) continue
    const values = array.values.map((x, i) => of(x, means[i % means.length] ?? 0, sds[i % sds.length] ?? 1))
    out.set(name, { ...array, values })
  }
  return out
}

/**
 * log p(x) − log p(x′): −log sd for every observed cell that a statement gives a density, as often as its weight says.
 *
 * @param visit gets the parts of it, with the statement and the values of its loops
 */
export function logJacobian(
  d: Derivation,
  numbers: BoundNumbers,
  data: BoundData,
  scaling: Scaling,
  visit: (part: number, factor: Factor, at: ReadonlyMap<string, number>) => void = () => {},
): number {
  let total = 0
  const counted = new Map<string, Uint8Array>()
  for (const factor of d.graph.factors) {
    const { role, target, loops } = factor
    const scales = scaling.get(target.name)
    const array = data.arrays.get(target.name)
    if (role !== 'likelihood' || target.space !== 'data' || scales === undefined || array === undefined) continue
    const logs = scales.sds.map(Math.log)
    const seen = counted.get(target.name) ?? new Uint8Array(array.values.length)
    counted.set(target.name, seen)
    const index = target.index ?? []
    const weights = loops.flatMap((l) => (l.weight === null ? [] : [l.weight]))
    const width = array.shape.slice(index.length).reduce((a, b) => a * b, 1)
    const variables = loops.map((l) => l.index)
    for (const at of tableRows(variables, numbers)) {
      const weight = weights.reduce((w, e) => w * numbers.value(e, at), 1)
      const place = index.map((e) => numbers.value(e, at))
      const first = cellPosition(array, [...place, ...array.shape.slice(place.length).map(() => 1)])
      let part = 0
      for (let cell = first; cell < first + width; cell++) {
        if (seen[cell] !== 0 || !Number.isFinite(array.values[cell])) continue
        seen[cell] = 1
        part -= weight * (logs[cell % logs.length] ?? 0)
      }
      total += part
      visit(part, factor, at)
    }
  }
  return total
}
