/** Data whose units are drawn anew, with replacement, from those of a model's data. */
import type { BoundArray, BoundData } from '../../runtime/contract.js'
import { keyOf } from '../algebra/key.js'
import type { Expr } from '../algebra/types.js'
import type { ProgramModel } from './bound-model.js'
import { whyNotMoved } from './moved-rows.js'
import type { SamplingUnits, UnitRange } from './sampling-units.js'

/** Rows of a range in the new data: which of the old ones they are. */
type Rows = ReadonlyMap<string, Int32Array>

export interface Resampler {
  draw(integer: (bound: number) => number): BoundData
  /** The data of some units alone, by range; ranges that are left out stay whole. */
  take(units: Rows): BoundData
}

/**
 * What draws units: those of each range by themselves, as often as there are units. Frequency weights stand for so many
 * rows, which are drawn one by one. One sentence where units cannot be drawn.
 */
export function resampler(
  model: ProgramModel,
  units: SamplingUnits,
  weights: 'frequency' | 'sampling',
): Resampler | string {
  const { derivation: d, data } = model
  const moving = new Set([...units.ranges.keys(), ...units.keyed.keys()])
  const shapes = new Map(d.graph.data.map((s) => [s.name, d.shapes.shape('data', s.name)]))
  const counted = new Map<string, string>()
  for (const [range, own] of units.ranges) {
    const name = weights === 'frequency' ? countedBy(own) : null
    if (name !== null) counted.set(range, name)
  }
  for (const p of d.graph.params)
    if (d.shapes.shape('param', p.name).some((e) => moving.has(keyOf(e)) && !counted.has(keyOf(e))))
      return `\`${p.name}\` has a value for each unit, and units that are not drawn would leave theirs without data`
  for (const [name, shape] of shapes)
    if (shape.slice(1).some((e) => moving.has(keyOf(e)))) return `the rows of \`${name}\` are not its first dimension`
  // rows that are counted stay where they are
  const moved = whyNotMoved(d, new Set([...moving].filter((key) => !counted.has(key))))
  if (moved !== null) return moved
  const keys = new Map<string, string>()
  for (const [rows, { key }] of units.keyed) {
    if (key.kind !== 'ref' || key.space !== 'data') return 'rows find their unit by more than a column'
    if (sizeOf(key.name, shapes) === null) return `the number of rows of \`${key.name}\` is fixed`
    keys.set(rows, key.name)
  }
  const members = new Map(
    [...units.keyed].map(([rows, { of, units: u }]) => [rows, membersOf(of, units.ranges.get(u))]),
  )
  const withMembers = (drawn: Rows, counts: ReadonlyMap<string, Float64Array>): BoundData => {
    const all = new Map(drawn)
    const owners = new Map<string, Int32Array>()
    for (const [rows, { units: u }] of units.keyed) {
      const own = drawn.get(u)
      if (own === undefined) continue
      const lists = Array.from(own, (old) => members.get(rows)?.[old] ?? [])
      all.set(rows, Int32Array.from(lists.flat()))
      owners.set(keys.get(rows) ?? '', Int32Array.from(lists.flatMap((l, unit) => l.map(() => unit))))
    }
    return gathered(data, shapes, all, owners, counts)
  }
  return {
    draw(integer) {
      const drawn = new Map<string, Int32Array>()
      const counts = new Map<string, Float64Array>()
      for (const [range, own] of units.ranges) {
        const by = counted.get(range)
        if (by === undefined)
          drawn.set(
            range,
            Int32Array.from({ length: own.size }, () => integer(own.size)),
          )
        else counts.set(by, recount(own.weights ?? new Float64Array(own.size).fill(1), integer))
      }
      return withMembers(drawn, counts)
    },
    take: (drawn) => withLevels(withMembers(drawn, new Map()), model, units, drawn),
  }
}

/** As many levels as there are units of a range that counts levels. */
function withLevels(data: BoundData, { derivation }: ProgramModel, units: SamplingUnits, drawn: Rows): BoundData {
  const levels = new Map(data.levels)
  for (const [range, own] of drawn) {
    const to = units.ranges.get(range)?.loop.to
    const s = derivation.model.symbols.find((x) => to?.kind === 'ref' && x.id === to.name)
    const lists = s?.kind === 'size' && s.origin === 'levels' ? data.levels.get(s.name) : undefined
    if (s === undefined || lists === undefined) continue
    levels.set(
      s.name,
      lists.map((list) => Array.from(own, (old) => list[old] ?? '')),
    )
  }
  return { ...data, levels }
}

/** The column that says how often each unit was seen; null where there is none, or it holds no counts. */
export function countedBy({ weights, weight }: UnitRange): string | null {
  if (weights === null || weight === null || !weights.every((w) => Number.isInteger(w) && w >= 0)) return null
  const { value, loop } = weight
  if (value.kind !== 'ref' || value.space !== 'data' || value.index.length !== 1) return null
  const [at] = value.index
  return at?.kind === 'index' && at.var === loop.id ? value.name : null
}

/** As many draws as the counts have in all, each falling on a unit as often as its count says. */
function recount(weights: Float64Array, integer: (bound: number) => number): Float64Array {
  const ends: number[] = []
  let total = 0
  for (const w of weights) {
    total += w
    ends.push(total)
  }
  const out = new Float64Array(weights.length)
  for (let i = 0; i < total; i++) {
    const at = integer(total)
    let [low, high] = [0, ends.length - 1]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((ends[middle] ?? 0) > at) high = middle
      else low = middle + 1
    }
    out[low] = (out[low] ?? 0) + 1
  }
  return out
}

function membersOf(of: Int32Array, units: UnitRange | undefined): readonly (readonly number[])[] {
  const out: number[][] = Array.from({ length: units?.size ?? 0 }, () => [])
  for (const [row, u] of of.entries()) out[u]?.push(row)
  return out
}

/** Name of the size that counts the rows of an array, where data gives it. */
function sizeOf(name: string, shapes: ReadonlyMap<string, readonly Expr[]>): string | null {
  const [first] = shapes.get(name) ?? []
  return first?.kind === 'ref' && first.space === 'size' && first.index.length === 0
    ? first.name.replace(/^size:/, '')
    : null
}

/** The data with these rows, and with other counts. */
export function gathered(
  data: BoundData,
  shapes: ReadonlyMap<string, readonly Expr[]>,
  drawn: Rows,
  owners: ReadonlyMap<string, Int32Array>,
  counts: ReadonlyMap<string, Float64Array>,
): BoundData {
  const sizes = new Map(data.sizes)
  const lengths = new Map(data.lengths)
  const arrays = new Map<string, BoundArray>()
  for (const [name, array] of data.arrays) {
    const shape = shapes.get(name) ?? []
    const rows = shape[0] === undefined ? undefined : drawn.get(keyOf(shape[0]))
    const weights = counts.get(name)
    if (weights !== undefined) arrays.set(name, { ...array, values: weights })
    else if (rows === undefined) arrays.set(name, array)
    else {
      const unit = owners.get(name)
      arrays.set(name, unit === undefined ? take(array, rows) : relabelled(array, rows, unit))
      const size = sizeOf(name, shapes)
      if (size !== null && sizes.has(size)) sizes.set(size, rows.length)
      const ragged = shape[1]
      if (array.offsets !== null && ragged?.kind === 'ref') {
        const id = ragged.name.replace(/^size:/, '')
        const own = data.lengths.get(id)
        if (own !== undefined)
          lengths.set(
            id,
            Int32Array.from(rows, (r) => own[r] ?? 0),
          )
      }
    }
  }
  return { ...data, sizes, lengths, arrays }
}

function take({ origins: _, ...array }: BoundArray, rows: Int32Array): BoundArray {
  const { values, shape, offsets } = array
  const total = shape[0] ?? 0
  const inner = offsets === null ? 0 : shape.slice(2).reduce((a, b) => a * b, 1)
  const width = total === 0 ? 0 : values.length / total
  const span = (r: number): readonly [number, number] =>
    offsets === null ? [r * width, (r + 1) * width] : [(offsets[r] ?? 0) * inner, (offsets[r + 1] ?? 0) * inner]
  const spans = Array.from(rows, span)
  const length = spans.reduce((n, [from, to]) => n + to - from, 0)
  const out = values instanceof Int32Array ? new Int32Array(length) : new Float64Array(length)
  const ends = new Int32Array(rows.length + 1)
  let at = 0
  spans.forEach(([from, to], i) => {
    out.set(values.subarray(from, to), at)
    at += to - from
    ends[i + 1] = inner === 0 ? 0 : at / inner
  })
  const missing = Array.from(out).filter((x) => Number.isNaN(x) || (out instanceof Int32Array && x === -1)).length
  return offsets === null
    ? { ...array, values: out, shape: [rows.length, ...shape.slice(1)], missing }
    : { ...array, values: out, shape: [rows.length, at / inner, ...shape.slice(2)], offsets: ends, missing }
}

/** A column that says which unit a row belongs to: the new units are numbered as they were drawn. */
function relabelled({ origins: _, ...array }: BoundArray, rows: Int32Array, unit: Int32Array): BoundArray {
  // levels are numbered from 0, numbers that are given from 1
  const values = array.values instanceof Int32Array ? Int32Array.from(unit) : Float64Array.from(unit, (u) => u + 1)
  return { ...array, values, shape: [rows.length, ...array.shape.slice(1)], missing: 0 }
}
