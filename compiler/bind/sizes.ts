/** Numbers that are known once data is bound: sizes, consts, reductions, level numbers. */
import { suggest } from '../../lang/suggest.js'
import type { ModelSymbol, SizeSymbol } from '../../lang/typed/types.js'
import type { BoundArray, BoundData, StreamedRows } from '../../runtime/contract.js'
import { ONE } from '../algebra/build.js'
import { type Environment, evaluate } from '../algebra/evaluate.js'
import { keyOf } from '../algebra/key.js'
import type { ArraySpace, Expr, IndexVar } from '../algebra/types.js'
import { freeIndices, rewrite } from '../algebra/visit.js'
import { placesTable } from '../estep/node-layout.js'
import type { BindTable } from '../graph/types.js'
import { CHUNK_ROWS, partsOf } from './array-parts.js'
import { NodeRules } from './node-rules.js'

/** Thrown where bound data contradicts the model (a level that is not there, a const that is no number): the user's. */
export class BindError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly help: string | null = null,
  ) {
    super(message)
  }
}

function noSuchLabel(label: string, levels: string, known: readonly string[]): BindError {
  const shown = `${known.slice(0, 8).join(', ')}${known.length > 8 ? ', …' : ''}`
  const near = suggest(label, known)
  return new BindError(
    'E410',
    `the label "${label}" is none of ${levels}: ${shown}`,
    near === undefined
      ? 'labels are compared letter by letter; if no row of these data is meant to have it, leave the comparison out'
      : `did you mean "${near}"? Labels are compared letter by letter`,
  )
}

const NONE: ReadonlyMap<string, number> = new Map()

interface Patterns {
  readonly numbers: readonly number[]
  readonly representatives: readonly number[]
}

export class BoundNumbers {
  /** The nodes of posteriors that are no family. */
  readonly nodes = new NodeRules((block) =>
    this.value(this.tables.get(placesTable({ id: block }))?.indices[1]?.to ?? ONE),
  )
  private readonly sizeSymbols: ReadonlyMap<string, SizeSymbol>
  private readonly tables: ReadonlyMap<string, BindTable>
  private readonly memo = new Map<string, number>()
  private readonly vectors = new Map<string, readonly number[]>()
  private readonly environment: Environment

  constructor(
    symbols: readonly ModelSymbol[],
    bindTables: readonly BindTable[],
    private readonly data: BoundData,
    private readonly overrides: ReadonlyMap<string, unknown>,
    private readonly frozen: ReadonlyMap<string, readonly number[]> = new Map(),
  ) {
    this.sizeSymbols = new Map(symbols.flatMap((s) => (s.kind === 'size' ? [[s.id, s] as const] : [])))
    this.tables = new Map(bindTables.map((t) => [t.name, t]))
    this.environment = { ref: (space, name, index) => this.read(space, name, index) }
  }

  /** Value of an expression in sizes, consts and data. */
  value(e: Expr, indices: ReadonlyMap<string, number> = new Map()): number {
    return evaluate(e, { ...this.environment, indices })
  }

  /** Extent of a size key: ragged extents give their largest value. */
  extent(e: Expr): number {
    if (freeIndices(e).size === 0) return this.value(e)
    const largest = rewrite(e, (n) =>
      n.kind === 'ref' && n.space === 'size' && n.index.length > 0 ? { kind: 'float', value: this.most(n.name) } : n,
    )
    if (freeIndices(largest).size > 0) throw new Error('an extent depends on a loop in a way that cannot be bounded')
    return this.value(largest)
  }

  /** A rank-1 size: level counts per column, or lengths of sequences. */
  vector(id: string): readonly number[] {
    const s = this.sizeSymbols.get(id)
    if (s === undefined) throw new Error(`unknown size ${id}`)
    let known = this.vectors.get(id)
    if (known === undefined) {
      const levels = (): readonly number[] => (this.data.levels.get(s.name) ?? []).map((l) => l.length)
      known = s.origin === 'levels' ? levels() : [...(this.data.lengths.get(s.name) ?? [])]
      this.vectors.set(id, known)
    }
    return known
  }

  /** The largest of a rank-1 size; 0 of none. */
  private most(id: string): number {
    return this.vector(id).reduce((a, b) => Math.max(a, b), 0)
  }

  /** All elements of a bind table, row-major. */
  table(t: BindTable): { readonly shape: readonly number[]; readonly values: Float64Array } {
    const shape = t.indices.map((i) => this.extent(i.to))
    const total = shape.reduce((a, b) => a * b, 1)
    const values = new Float64Array(total)
    for (let flat = 0; flat < total; flat++) values[flat] = this.element(t, unflatten(flat, shape))
    return { shape, values }
  }

  private element(t: BindTable, at: readonly number[]): number {
    // they change while a fit runs
    if (t.compute.kind === 'nodes') return this.compute(t, at)
    const key = `${t.name} ${at.join(',')}`
    const known = this.memo.get(key)
    if (known !== undefined) return known
    const value = this.compute(t, at)
    this.memo.set(key, value)
    return value
  }

  private compute(t: BindTable, at: readonly number[]): number {
    const indices = new Map(t.indices.map((v, i) => [v.id, at[i] ?? 1]))
    switch (t.compute.kind) {
      case 'const': {
        if (this.overrides.has(t.compute.name)) return pick(this.overrides.get(t.compute.name), at, t.compute.name)
        return this.value(t.compute.value, indices)
      }
      case 'given':
        return pick(this.overrides.get(t.compute.name), at, t.compute.name)
      case 'label': {
        const s = this.sizeSymbols.get(t.compute.levels)
        const column = t.compute.column === null ? 0 : this.value(t.compute.column, indices) - 1
        const labels = this.data.levels.get(s?.name ?? '')?.[column] ?? []
        const position = labels.indexOf(t.compute.label)
        if (position < 0) throw noSuchLabel(t.compute.label, s?.name ?? 'the levels', labels)
        return position + 1
      }
      case 'reduction': {
        const kept = this.frozen.get(t.name)
        if (kept !== undefined)
          return (
            kept[
              flatten(
                at,
                t.indices.map((i) => this.extent(i.to)),
              )
            ] ?? Number.NaN
          )
        return this.reduce(t.compute.fn, t.compute.over, t.compute.value, indices)
      }
      case 'nodes': {
        const [q = 1, i = 1] = at
        const { block, part } = t.compute
        return part === 'place' ? this.nodes.place(block, q - 1, i - 1) : this.nodes.logWeight(block, q - 1)
      }
      case 'pattern': {
        const { numbers, representatives } = this.patterns(t.compute)
        return (t.compute.part === 'number' ? numbers : representatives)[(at[0] ?? 1) - 1] ?? Number.NaN
      }
    }
  }

  private readonly patternMemo = new Map<string, Patterns>()

  /** Patterns are numbered from 1 in the order in which rows show them. */
  private patterns({ row, masks }: Extract<BindTable['compute'], { kind: 'pattern' }>): Patterns {
    const key = `${row.id} ${masks.map((m) => keyOf(m.value)).join(' ')}`
    const known = this.patternMemo.get(key)
    if (known !== undefined) return known
    const seen = new Map<string, number>()
    const numbers: number[] = []
    const representatives: number[] = []
    const to = this.value(row.to)
    for (let n = this.value(row.from); n <= to; n++) {
      let bits = ''
      const walk = (mask: (typeof masks)[number], depth: number, indices: Map<string, number>): void => {
        const v = mask.over[depth]
        if (v === undefined) {
          bits += this.value(mask.value, indices)
          return
        }
        const last = this.value(v.to, indices)
        for (let i = this.value(v.from, indices); i <= last; i++) walk(mask, depth + 1, indices.set(v.id, i))
      }
      for (const mask of masks) walk(mask, 0, new Map([[row.id, n]]))
      const number = seen.get(bits) ?? seen.size + 1
      if (!seen.has(bits)) representatives.push(n)
      seen.set(bits, number)
      numbers.push(number)
    }
    const found = { numbers, representatives }
    this.patternMemo.set(key, found)
    return found
  }

  private reduce(
    fn: 'min' | 'max' | 'mean' | 'sd' | 'sum',
    over: readonly IndexVar[],
    value: Expr,
    outer: ReadonlyMap<string, number>,
  ): number {
    const numbers = (): Iterable<number> => this.reduced(over, value, outer)
    let count = 0
    let total = 0
    let low = Number.POSITIVE_INFINITY
    let high = Number.NEGATIVE_INFINITY
    for (const x of numbers()) {
      if (Number.isNaN(x)) continue
      count += 1
      total += x
      low = Math.min(low, x)
      high = Math.max(high, x)
    }
    switch (fn) {
      case 'min':
        return low
      case 'max':
        return high
      case 'sum':
        return total
      case 'mean':
        return total / count
      case 'sd': {
        const mean = total / count
        let squares = 0
        for (const x of numbers()) if (!Number.isNaN(x)) squares += (x - mean) ** 2
        return Math.sqrt(squares / (count - 1))
      }
    }
  }

  /** Sum of an expression over loops, the outermost first; of what is not a number nothing is added. */
  sum(over: readonly IndexVar[], value: Expr, outer: ReadonlyMap<string, number> = NONE): number {
    const column = this.column(over, value, outer)
    if (column !== null) return sumOf(column)
    const [v, ...rest] = over
    if (v === undefined) return sumOf([this.value(value, outer)])
    const [from, to] = [this.value(v.from, outer), this.value(v.to, outer)]
    const varies = [value, ...rest.flatMap((w) => [w.from, w.to])].some((e) => freeIndices(e).has(v.id))
    if (!varies) return to < from ? 0 : (to - from + 1) * this.sum(rest, value, outer)
    const indices = new Map(outer)
    let total = 0
    for (let i = from; i <= to; i++) total += this.sum(rest, value, indices.set(v.id, i))
    return total
  }

  /** The values that an expression takes over loops. */
  private *reduced(
    over: readonly IndexVar[],
    value: Expr,
    outer: ReadonlyMap<string, number>,
  ): Generator<number, void, undefined> {
    const column = this.column(over, value, outer)
    if (column !== null) {
      yield* column
      return
    }
    const indices = new Map(outer)
    const numbers = this
    function* walk(depth: number): Generator<number, void, undefined> {
      const v = over[depth]
      if (v === undefined) {
        yield numbers.value(value, indices)
        return
      }
      const to = numbers.value(v.to, indices)
      for (let i = numbers.value(v.from, indices); i <= to; i++) {
        indices.set(v.id, i)
        yield* walk(depth + 1)
      }
      indices.delete(v.id)
    }
    yield* walk(0)
  }

  /** The cells of a whole column of data, or whether they are observed, without looking each of them up; else null. */
  private column(over: readonly IndexVar[], value: Expr, outer: ReadonlyMap<string, number>): Iterable<number> | null {
    if (value.kind !== 'ref' || (value.space !== 'data' && value.space !== 'observed')) return null
    const array = this.data.arrays.get(value.name)
    if (array === undefined) return null
    // the rows, or the places of all sequences
    const depth = array.offsets === null ? 1 : 2
    const rest = value.index.slice(depth)
    const isItsOwn = (v: IndexVar, i: number): boolean => {
      const e = value.index[i]
      return e?.kind === 'index' && e.var === v.id && !rest.some((other) => freeIndices(other).has(v.id))
    }
    if (over.length !== depth || !over.every(isItsOwn) || !this.areAll(over, array, outer)) return null
    const inner = array.shape.slice(depth)
    const width = inner.reduce((a, b) => a * b, 1)
    const at = flatten(
      rest.map((e) => this.value(e, outer)),
      inner,
    )
    const { space } = value
    const isLevel = array.values instanceof Int32Array
    return (function* cells() {
      for (const part of partsOf(array))
        for (let i = at; i < part.length; i += width) {
          const x = part[i] ?? Number.NaN
          yield space === 'data' ? (isLevel ? x + 1 : x) : Number(isLevel ? x >= 0 : !Number.isNaN(x))
        }
    })()
  }

  /** true where loops go over all rows of an array, or over all sequences and all of their places. */
  private areAll(over: readonly IndexVar[], array: BoundArray, outer: ReadonlyMap<string, number>): boolean {
    const [row, place] = over
    if (row === undefined || this.value(row.from, outer) !== 1) return false
    const rows = this.value(row.to, outer)
    const { offsets } = array
    if (offsets === null || place === undefined) return rows === array.shape[0]
    if (rows !== offsets.length - 1) return false
    const at = new Map(outer)
    for (let r = 1; r <= rows; r++) {
      at.set(row.id, r)
      const length = (offsets[r] ?? 0) - (offsets[r - 1] ?? 0)
      if (this.value(place.from, at) !== 1 || this.value(place.to, at) !== length) return false
    }
    return true
  }

  private read(space: ArraySpace, name: string, index: readonly number[]): number {
    switch (space) {
      case 'size':
        return this.size(name, index)
      case 'const': {
        const t = this.tables.get(name)
        if (t === undefined) throw new Error(`unknown const ${name}`)
        return this.element(t, index)
      }
      case 'data':
        return this.cell(this.array(name), index)
      case 'observed': {
        const a = this.array(name)
        const value = this.cell(a, index)
        return a.values instanceof Int32Array ? (value > 0 ? 1 : 0) : Number.isNaN(value) ? 0 : 1
      }
      default:
        throw new Error(`${space} ${name} is not known when data is bound`)
    }
  }

  /** Categories count from 1. */
  private cell(a: BoundArray, index: readonly number[]): number {
    const position = cellPosition(a, index)
    const value = (a.stream === undefined ? a.values[position] : this.streamed(a, a.stream, position)) ?? Number.NaN
    return a.values instanceof Int32Array ? value + 1 : value
  }

  /** Of arrays whose rows do not lie in memory, those around the last cell that was read. */
  private readonly around = new Map<string, { from: number; readonly part: Float64Array | Int32Array }>()

  private streamed({ name, values }: BoundArray, stream: StreamedRows, position: number): number | undefined {
    const row = Math.floor(position / stream.width)
    let known = this.around.get(name)
    if (known === undefined) {
      const length = Math.min(stream.rows, CHUNK_ROWS) * stream.width
      known = { from: -1, part: values instanceof Int32Array ? new Int32Array(length) : new Float64Array(length) }
      this.around.set(name, known)
    }
    const from = row - (row % CHUNK_ROWS)
    if (known.from !== from) {
      stream.read(from, Math.min(stream.rows, from + CHUNK_ROWS), known.part)
      known.from = from
    }
    return known.part[position - from * stream.width]
  }

  private array(name: string): BoundArray {
    const a = this.data.arrays.get(name)
    if (a === undefined) throw new Error(`data ${name} is not bound`)
    return a
  }

  private size(id: string, index: readonly number[]): number {
    if (id.endsWith('#count')) return this.vector(id.slice(0, -6)).length
    if (id.endsWith('#max')) return this.most(id.slice(0, -4))
    if (id.startsWith('patterns ')) {
      const t = this.tables.get(id.slice('patterns '.length))
      if (t?.compute.kind !== 'pattern') throw new Error(`unknown ${id}`)
      return this.patterns(t.compute).representatives.length
    }
    const [kind, block] = [id.slice(0, id.indexOf(' ')), id.slice(id.indexOf(' ') + 1)]
    if (kind === 'nodes') return this.nodes.count(block)
    if (kind === 'drawn') return this.nodes.isDrawn(block) ? 1 : 0
    if (kind === 'seed') return this.nodes.seed
    if (id.endsWith('#total')) return this.vector(id.slice(0, -6)).reduce((a, b) => a + b, 0)
    const s = this.sizeSymbols.get(id)
    if (s === undefined) throw new Error(`unknown size ${id}`)
    if (index[0] !== undefined) return this.vector(id)[index[0] - 1] ?? 0
    if (s.origin === 'levels') return this.data.levels.get(s.name)?.[0]?.length ?? this.data.sizes.get(s.name) ?? 0
    const n = this.data.sizes.get(s.name)
    if (n === undefined) throw new Error(`the size ${s.name} is not bound by any data`)
    return n
  }
}

function sumOf(numbers: Iterable<number>): number {
  let total = 0
  for (const x of numbers) if (!Number.isNaN(x)) total += x
  return total
}

function pick(value: unknown, at: readonly number[], name: string): number {
  let current: unknown = value
  for (const i of at) current = Array.isArray(current) ? current[i - 1] : undefined
  if (typeof current !== 'number')
    throw new BindError(
      'E412',
      `--set ${name} needs ${at.length === 0 ? 'a number' : 'an array of the declared shape'}`,
    )
  return current
}

const flatten = (at: readonly number[], shape: readonly number[]): number =>
  at.reduce((flat, i, d) => flat * (shape[d] ?? 1) + i - 1, 0)

/** Position of a cell in an array, from its 1-based indices. */
export function cellPosition({ shape, offsets }: BoundArray, index: readonly number[]): number {
  if (offsets === null) return flatten(index, shape)
  // sequences lie one after another: the first two dimensions are one
  const [r = 1, t = 1, ...rest] = index
  return rest.reduce((n, i, d) => n * (shape[d + 2] ?? 1) + i - 1, (offsets[r - 1] ?? 0) + t - 1)
}

export function unflatten(flat: number, shape: readonly number[]): readonly number[] {
  const out: number[] = []
  let rest = flat
  for (let i = shape.length - 1; i >= 0; i--) {
    const n = shape[i] ?? 1
    out.unshift((rest % n) + 1)
    rest = Math.floor(rest / n)
  }
  return out
}
