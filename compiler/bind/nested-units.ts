/**
 * Units that the data tell apart and the model does not: rows and groups that reach one another through the columns that say
 * which groups rows are in, as casks within batches.
 */
import type { BoundArray, BoundData } from '../../runtime/contract.js'
import { literal } from '../algebra/build.js'
import { keyOf } from '../algebra/key.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import type { ProgramModel } from './bound-model.js'
import { whyNotMoved } from './moved-rows.js'

export interface NestedUnits {
  readonly count: number
  /** Keys of the ranges whose rows belong to units. */
  readonly ranges: ReadonlySet<string>
  /** The data of some units, by their numbers from 0; one may come several times, with groups of its own each time. */
  take(units: ArrayLike<number>): BoundData
}

/** A range whose rows belong to units: rows of data, or the levels of a category. */
interface Range {
  readonly loop: IndexVar
  readonly size: number
  /** Of the first of its nodes. */
  readonly offset: number
}

/** null where there are none, or rows and groups cannot be taken away. */
export function nestedUnits(model: ProgramModel): NestedUnits | null {
  const found = unitsByReach(model)
  return typeof found === 'string' ? null : found
}

/** The same, or why there are none, as the end of a sentence. */
export function unitsByReach(model: ProgramModel): NestedUnits | string {
  const { derivation: d, data, numbers } = model
  const { latents } = d.graph
  const sums = [...d.eStep.countGroups, ...d.graph.solved, ...d.graph.constraints]
  if (latents.length === 0) return 'it has no latents that rows share'
  if (sums.length > 0 || d.lifted.some((f) => f.counts.length > 0)) return 'counts share out an observed total'
  const factors = d.lifted.filter((f) => f.factor.role !== 'prior')
  const ranges = new Map<string, Range>()
  let nodes = 0
  const outermost = [
    ...factors.map((f) => [f.factor.target.name, f.factor.loops[0]] as const),
    ...latents.map((l) => [l.name, l.loops[0]] as const),
  ]
  for (const [name, loop] of outermost) {
    if (loop === undefined) return `\`${name}\` belongs to all of the data`
    if (literal(loop.index.from) !== 1) return `\`${name}\` does not begin at row 1`
    const key = keyOf(loop.index.to)
    if (ranges.has(key)) continue
    const size = numbers.extent(loop.index.to)
    ranges.set(key, { loop: loop.index, size, offset: nodes })
    nodes += size
  }
  const moving = new Set(ranges.keys())
  const isMoving = (e: Expr | undefined): boolean => e !== undefined && moving.has(keyOf(e))
  const valued = d.graph.params.find((p) => d.shapes.shape('param', p.name).some(isMoving))
  if (valued !== undefined)
    return `\`${valued.name}\` has a value for each of the rows or groups that units are made of`
  const inner = d.graph.data.find((s) => d.shapes.shape('data', s.name).slice(1).some(isMoving))
  if (inner !== undefined) return `the rows of \`${inner.name}\` are not its first dimension`
  if ([...data.arrays.values()].some((a) => a.offsets !== null)) return 'sequences have lengths of their own'
  for (const f of factors) {
    const outer = f.factor.loops[0]?.index
    const far = [...f.continuous, ...f.variables].find(({ latent, index: [at] }) => {
      const isOwn = at?.kind === 'index' && at.var === outer?.id
      return outer === undefined || at === undefined || (!isOwn && !isColumn(at, outer)) || latent.loops.length === 0
    })
    if (far !== undefined)
      return `\`${f.factor.target.name}\` reads \`${far.latent.name}\` otherwise than at its own row or by a column of its rows, so all of the data hang together through it`
  }
  const moved = whyNotMoved(d, moving)
  if (moved !== null) return moved
  const parents = Int32Array.from({ length: nodes }, (_, i) => i)
  const root = (i: number): number => {
    let at = i
    while (parents[at] !== at) {
      parents[at] = parents[parents[at] ?? at] ?? at
      at = parents[at] ?? at
    }
    return at
  }
  for (const f of factors) {
    const outer = f.factor.loops[0]?.index
    const own = outer === undefined ? undefined : ranges.get(keyOf(outer.to))
    if (outer === undefined || own === undefined) throw new Error(`${f.factor.target.name} has no range`)
    for (const { latent, index } of [...f.continuous, ...f.variables]) {
      const to = ranges.get(keyOf(latent.loops[0]?.index.to ?? outer.to))
      const [at] = index
      const isOwn = at?.kind === 'index' && at.var === outer.id
      if (to === undefined || at === undefined) throw new Error(`${latent.name} has no range`)
      for (let i = 1; i <= own.size; i++) {
        const level = isOwn ? i : numbers.value(at, new Map([[outer.id, i]]))
        if (!(level >= 1 && level <= to.size))
          return `a row of \`${f.factor.target.name}\` belongs to no \`${latent.name}\``
        parents[root(own.offset + i - 1)] = root(to.offset + level - 1)
      }
    }
  }
  const numberOf = new Map<number, number>()
  // members of each unit, by range
  const members = new Map([...ranges.keys()].map((key) => [key, [] as number[][]]))
  for (const [key, { size, offset }] of ranges)
    for (let i = 0; i < size; i++) {
      const r = root(offset + i)
      const unit = numberOf.get(r) ?? numberOf.size
      numberOf.set(r, unit)
      const lists = members.get(key) ?? []
      while (lists.length <= unit) lists.push([])
      lists[unit]?.push(i)
    }
  const count = numberOf.size
  if (count < 2) {
    const names = latents.filter((l) => !l.name.includes(' ')).map((l) => `\`${l.name}\``)
    return `all of its rows reach one another through ${names.join(', ')}, and the posterior of a part of them reads that of the others`
  }
  return { count, ranges: moving, take: (units) => taken(model, data, ranges, members, units) }
}

/** A column of data at the row of the loop. */
const isColumn = (e: Expr, loop: IndexVar): boolean =>
  e.kind === 'ref' &&
  e.space === 'data' &&
  e.index.length === 1 &&
  e.index[0]?.kind === 'index' &&
  e.index[0].var === loop.id

function taken(
  { derivation: d }: ProgramModel,
  data: BoundData,
  ranges: ReadonlyMap<string, Range>,
  members: ReadonlyMap<string, readonly (readonly number[])[]>,
  units: ArrayLike<number>,
): BoundData {
  const rows = new Map<string, { readonly old: number[]; readonly copy: number[] }>()
  // where the groups of a copy begin among the new ones, by range
  const places = new Map<string, Map<number, number>[]>()
  for (const key of ranges.keys()) {
    const own = { old: [] as number[], copy: [] as number[] }
    const at: Map<number, number>[] = []
    for (let copy = 0; copy < units.length; copy++) {
      const list = members.get(key)?.[units[copy] ?? 0] ?? []
      at.push(new Map(list.map((i, n) => [i, own.old.length + n])))
      for (const i of list) {
        own.old.push(i)
        own.copy.push(copy)
      }
    }
    rows.set(key, own)
    places.set(key, at)
  }
  const [sizes, levels, arrays] = [new Map(data.sizes), new Map(data.levels), new Map<string, BoundArray>()]
  for (const s of d.model.symbols) {
    if (s.kind !== 'size') continue
    const own = rows.get(keyOf({ kind: 'ref', space: 'size', name: s.id, index: [] }))
    if (own === undefined) continue
    const lists = s.origin === 'levels' ? data.levels.get(s.name) : undefined
    if (lists !== undefined)
      levels.set(
        s.name,
        lists.map((list) => own.old.map((i) => list[i] ?? '')),
      )
    if (sizes.has(s.name)) sizes.set(s.name, own.old.length)
  }
  for (const [name, array] of data.arrays) {
    const [first] = d.graph.data.some((s) => s.name === name) ? d.shapes.shape('data', name) : []
    const own = first === undefined ? undefined : rows.get(keyOf(first))
    if (own === undefined) arrays.set(name, array)
    else arrays.set(name, gathered(array, own, places.get(levelsOf(d.model.symbols, name) ?? '') ?? null))
  }
  return { ...data, sizes, levels, arrays }
}

/** Key of the range of levels that a category is one of. */
function levelsOf(symbols: ProgramModel['derivation']['model']['symbols'], name: string): string | null {
  const s = symbols.find((x) => x.kind === 'data' && x.name === name)
  if (s?.kind !== 'data' || s.type.support.kind !== 'category') return null
  return keyOf({ kind: 'ref', space: 'size', name: s.type.support.levels, index: [] })
}

function gathered(
  { origins: _, ...array }: BoundArray,
  { old, copy }: { readonly old: readonly number[]; readonly copy: readonly number[] },
  places: readonly ReadonlyMap<number, number>[] | null,
): BoundArray {
  const { values, shape } = array
  const width = values.length / Math.max(1, shape[0] ?? 1)
  const out = values instanceof Int32Array ? new Int32Array(old.length * width) : new Float64Array(old.length * width)
  old.forEach((from, i) => {
    for (let j = 0; j < width; j++) {
      const value = values[from * width + j] ?? Number.NaN
      out[i * width + j] = places === null || value < 0 ? value : (places[copy[i] ?? 0]?.get(value) ?? value)
    }
  })
  const isMissing = (x: number): boolean => Number.isNaN(x) || (out instanceof Int32Array && x < 0)
  const missing = Array.from(out).filter(isMissing).length
  return { ...array, values: out, shape: [old.length, ...shape.slice(1)], missing }
}
