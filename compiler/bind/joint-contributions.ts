/** What the units of one sparse system over all cells add to the log-likelihood, read after a report. */
import type { IndexVar } from '../algebra/types.js'
import { covarianceTable, paddedExtent } from '../estep/block-layout.js'
import type { Factor } from '../graph/types.js'
import type { JointUnits } from '../lower/joint-units.js'
import { extentOf } from '../lower/lowerer.js'
import type { Memory } from '../targets/memory.js'
import { f64 } from '../targets/solve/types.js'
import { sparsePosterior } from '../targets/sparse-memory.js'
import type { BoundNumbers } from './sizes.js'

export interface JointContributions {
  /** The loop whose rows the units are; null where they are the rows of none, and then numbered as they come. */
  readonly loop: IndexVar | null
  readonly values: Float64Array
  /** What belongs to no unit: it reads no cell. */
  readonly rest: number
  reads(factor: Factor): boolean
  /** The unit of a row of a statement whose loops have these values; −1 for what belongs to none, null for other statements. */
  unitOfRow(factor: Factor, at: ReadonlyMap<string, number>): number | null
}

const LOG_2PI = Math.log(2 * Math.PI)

export function jointContributions(units: JointUnits, memory: Memory, numbers: BoundNumbers): JointContributions {
  const cells = f64(memory, units.cells)
  const pivots = sparsePosterior(memory, covarianceTable(units.block)).logPivots()
  const parents = Int32Array.from(cells, (_, i) => i)
  const root = (i: number): number => {
    let at = i
    while (parents[at] !== at) {
      parents[at] = parents[parents[at] ?? at] ?? at
      at = parents[at] ?? at
    }
    return at
  }
  const read = units.factors.map((f) => {
    const values = f64(memory, f.values)
    // the first cell that each row of the factor reads
    const first = new Int32Array(values.length).fill(-1)
    for (const { rows, columns } of f.pairs) {
      const [a, b] = [f64(memory, rows), f64(memory, columns)]
      const width = values.length === 0 ? 1 : a.length / values.length
      for (let e = 0; e < a.length; e++) {
        const [i, j] = [a[e] ?? -1, b[e] ?? -1]
        if (i < 0 || j < 0) continue
        const row = Math.floor(e / width)
        const known = first[row] ?? -1
        if (known < 0) first[row] = i
        else parents[root(known)] = root(i)
        parents[root(i)] = root(j)
      }
    }
    return { ...f, values, first }
  })
  const existing = [...cells.keys()].filter((i) => (cells[i] ?? -1) >= 0)
  const { loop, unitOf, count } = rowsOfUnits(units, numbers, existing.map(root), existing)
  const out = new Float64Array(count)
  const add = (cell: number, part: number): void => {
    const unit = unitOf.get(root(cell)) ?? 0
    out[unit] = (out[unit] ?? 0) + part
  }
  for (const i of existing) if (cells[i] === 1) add(i, (LOG_2PI - (pivots[i] ?? Number.NaN)) / 2)
  let rest = 0
  for (const { values, first } of read)
    values.forEach((part, row) => {
      const cell = first[row] ?? -1
      if (cell >= 0) add(cell, part)
      else rest += part
    })
  const owners = new Map(read.map((f) => [f.factor, f]))
  return {
    loop,
    values: out,
    rest,
    reads: (factor) => owners.has(factor),
    unitOfRow(factor, at) {
      const own = owners.get(factor)
      if (own === undefined) return null
      const row = own.loops.reduce(
        (n, v) => n * numbers.extent(paddedExtent(v)) + (at.get(v.id) ?? 0) - numbers.value(v.from, at),
        0,
      )
      const cell = own.first[row] ?? -1
      return cell < 0 ? -1 : (unitOf.get(root(cell)) ?? 0)
    },
  }
}

interface UnitRows {
  readonly loop: IndexVar | null
  /** Place of each unit, by its root. */
  readonly unitOf: ReadonlyMap<number, number>
  readonly count: number
}

/** The outermost loop of a latent whose rows are the units, the finest of them: no unit reads two of its rows. */
function rowsOfUnits(
  { block }: JointUnits,
  numbers: BoundNumbers,
  roots: readonly number[],
  existing: readonly number[],
): UnitRows {
  let best: (UnitRows & { readonly distinct: number }) | null = null
  let last = 0
  for (const l of block.latents) {
    const loop = l.latent.loops[0]?.index
    const extents = l.coordinates.map((v) => numbers.extent(paddedExtent(v)))
    const from = last
    last += extents.reduce((a, b) => a * b, 1)
    if (loop === undefined) continue
    const width = extents.slice(1).reduce((a, b) => a * b, 1)
    const unitOf = new Map<number, number>()
    const before = numbers.value(loop.from) - 1
    const to = last
    const isOne = existing.every((cell, e) => {
      if (cell < from || cell >= to) return true
      const place = Math.floor((cell - from) / width) + before
      const known = unitOf.get(roots[e] ?? -1)
      if (known === undefined) unitOf.set(roots[e] ?? -1, place)
      return known === undefined || known === place
    })
    if (!isOne || roots.some((r) => !unitOf.has(r))) continue
    const distinct = new Set(unitOf.values()).size
    if (best === null || distinct > best.distinct)
      best = { loop, unitOf, count: before + numbers.extent(extentOf(loop)), distinct }
  }
  if (best !== null) return best
  const unitOf = new Map<number, number>()
  for (const r of roots) if (!unitOf.has(r)) unitOf.set(r, unitOf.size)
  return { loop: null, unitOf, count: unitOf.size }
}
