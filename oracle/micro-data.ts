/** Small random data for any typed model: a few rows, every category with at least two levels that all occur. */
import type { DataSymbol, Dim, SizeSymbol, SymbolId, TExpr, TypedModel } from '../lang/typed/types.js'
import { at, range } from './arrays.js'
import { densities } from './densities/index.js'
import { type Environment, evaluate } from './evaluate.js'
import { integer, normal, shuffled } from './random.js'
import { OracleError, type Value, type Values } from './types.js'
import { dimensions, sizeOf, type Uses, usesOf } from './uses.js'
import type { World } from './world.js'

export interface MicroArray {
  readonly name: string
  /** Categories are level numbers from 0, −1 missing; other numbers NaN where missing. */
  readonly values: Float64Array | Int32Array
  readonly shape: readonly number[]
  readonly offsets: Int32Array | null
  readonly missing: number
}

/** Data with nothing to complain about; structurally what a runtime binds. */
export interface MicroData {
  readonly sizes: ReadonlyMap<string, number>
  readonly lengths: ReadonlyMap<string, Int32Array>
  readonly arrays: ReadonlyMap<string, MicroArray>
  readonly levels: ReadonlyMap<string, readonly (readonly string[])[]>
  readonly columns: ReadonlyMap<string, readonly string[]>
  readonly warnings: readonly never[]
}

/** How large, and of what kind where the declarations leave it open. */
export interface MicroShape {
  /** Sizes of outermost dimensions, and of dimensions that only stand further in. */
  readonly rows: number
  readonly columns: number
  /** Levels of a category. */
  readonly levels: number
  /** Where numbers declared `real` lie. */
  readonly reals: 'real' | 'positive' | 'unit'
}

export function microData(model: TypedModel, consts: Values, shape: MicroShape, random: () => number): MicroData {
  return new Maker(model, consts, shape, random).make()
}

class Maker {
  private readonly sizes = new Map<string, number>()
  private readonly lengths = new Map<string, Int32Array>()
  private readonly levels = new Map<string, readonly (readonly string[])[]>()
  private readonly world: World
  private readonly env: Environment
  private readonly uses: Uses

  constructor(
    private readonly model: TypedModel,
    consts: Values,
    private readonly shape: MicroShape,
    private readonly random: () => number,
  ) {
    const data = { sizes: this.sizes, lengths: this.lengths, arrays: new Map(), levels: this.levels }
    this.world = {
      symbols: new Map(model.symbols.map((s) => [s.id, s])),
      data,
      consts,
      densities,
      stored: new Map(),
      cells: [],
    }
    this.env = { world: this.world, bound: new Map(), params: new Map(), lookup: () => Number.NaN }
    this.uses = usesOf(model)
  }

  make(): MicroData {
    const data = this.model.symbols.filter((s) => s.kind === 'data')
    const inner = new Set(data.flatMap((d) => dimensions(d.type).slice(1).flatMap(sizeOf)))
    for (const s of this.model.symbols) {
      if (s.kind === 'size' && s.origin === 'dimension' && s.rank === 0)
        this.sizes.set(s.name, inner.has(s.id) ? this.shape.columns : this.shape.rows)
    }
    for (const d of data) this.bindLengths(d)
    for (const d of data) this.bindLevels(d)
    const arrays = new Map(data.map((d) => [d.name, this.array(d)]))
    const { sizes, lengths, levels } = this
    return { sizes, lengths, arrays, levels, columns: new Map(), warnings: [] }
  }

  private sizeSymbol(id: SymbolId): SizeSymbol | null {
    const s = this.world.symbols.get(id)
    return s?.kind === 'size' ? s : null
  }

  /** Sequences of unequal length. */
  private bindLengths(d: DataSymbol): void {
    const dims = dimensions(d.type)
    for (const dim of dims) {
      const [id] = sizeOf(dim)
      const size = id === undefined ? null : this.sizeSymbol(id)
      if (dim.raggedBy === null || size === null || this.lengths.has(size.name)) continue
      if (size.origin === 'levels') continue
      const rows = this.extent(at(dims, dim.raggedBy))
      const named = this.uses.places.get(size.id) ?? 1
      const most = Math.max(2, named, Math.min(4, this.shape.rows))
      // a model that names a place may still have a condition for the sequences without it
      const least = named > 1 && integer(this.random, 4) > 0 ? named : 1
      this.lengths.set(
        size.name,
        Int32Array.from({ length: rows }, (_, r) => (r === 0 ? most : least + integer(this.random, most - least + 1))),
      )
    }
  }

  private bindLevels(d: DataSymbol): void {
    const { support } = d.type
    if (support.kind !== 'category') return
    const set = this.sizeSymbol(support.levels)
    if (set === null || this.levels.has(set.name)) return
    const own = [...(this.uses.labels.get(set.id) ?? [])]
    const count = Math.max(this.shape.levels, own.length)
    const list = (): readonly string[] => {
      const n = set.rank === 1 ? Math.max(own.length, 2, count - integer(this.random, 2)) : count
      const fresh = range(1, n).map((i) => `level ${i}`)
      return [...own, ...fresh].slice(0, n).sort()
    }
    const last = dimensions(d.type).at(-1)
    const columns = set.rank === 1 && last !== undefined ? this.extent(last) : 1
    const lists = range(1, columns).map(list)
    this.levels.set(set.name, lists)
    if (set.rank === 0) this.sizes.set(set.name, at(lists, 0).length)
  }

  private extent(d: Dim): number {
    const n = evaluate(d.size, this.env)
    if (typeof n !== 'number') throw new OracleError('a ragged dimension of data is not within another')
    return n
  }

  private array(d: DataSymbol): MicroArray {
    const dims = dimensions(d.type)
    const ragged = dims.find((x) => x.raggedBy !== null)
    let offsets: Int32Array | null = null
    const shape = dims.map((dim) => {
      if (dim.raggedBy === null) return this.extent(dim)
      const [id] = sizeOf(dim)
      const lengths = this.lengths.get((id === undefined ? null : this.sizeSymbol(id))?.name ?? '')
      if (lengths === undefined || dim !== ragged || dim.raggedBy !== 0 || dims[1] !== dim)
        throw new OracleError(`${d.name} is ragged in a way that micro-data does not make`)
      const ends = [0]
      for (const n of lengths) ends.push((ends.at(-1) ?? 0) + n)
      offsets = Int32Array.from(ends)
      return ends.at(-1) ?? 0
    })
    const length = (offsets === null ? shape : shape.slice(1)).reduce((a, b) => a * b, 1)
    const values = this.values(d, length, shape.at(-1) ?? 1)
    const { missing } = d.type.optional ? this.drop(values) : { missing: 0 }
    return { name: d.name, values, shape, offsets, missing }
  }

  /** Makes a quarter of the cells missing, never all. */
  private drop(values: Float64Array | Int32Array): { missing: number } {
    let missing = 0
    values.forEach((_, i) => {
      if (this.random() < 0.25 && missing < values.length - 1) {
        values[i] = values instanceof Int32Array ? -1 : Number.NaN
        missing += 1
      }
    })
    return { missing }
  }

  private values(d: DataSymbol, length: number, last: number): Float64Array | Int32Array {
    const { support } = d.type
    const { random } = this
    const each = (f: (i: number) => number): Float64Array => Float64Array.from({ length }, (_, i) => f(i))
    switch (support.kind) {
      case 'category': {
        const lists = this.levels.get(this.sizeSymbol(support.levels)?.name ?? '') ?? []
        const out = new Int32Array(length)
        lists.forEach((list, column) => {
          const cells =
            lists.length === 1 ? range(0, length - 1) : range(0, length / last - 1).map((r) => r * last + column)
          shuffled(cells, random).forEach((cell, i) => {
            out[cell] = i < 2 * list.length ? i % list.length : integer(random, list.length)
          })
        })
        return out
      }
      case 'bool': {
        const out = each(() => integer(random, 2))
        if (length > 1) out.set(shuffled([0, 1], random), integer(random, length - 1))
        return out
      }
      case 'count':
        if (this.uses.totals.has(d.id)) return each(() => 4 + integer(random, 3))
        return each(() => Math.floor(random() ** 1.5 * 4.5))
      case 'int':
        return each(() => 1 + integer(random, 2))
      case 'real':
        return each(() => this.real(this.uses.weights.has(d.id)))
      case 'positive':
      case 'nonnegative':
        return each(() => Math.exp(0.7 * normal(random)))
      case 'unit':
        return each(() => 0.05 + 0.9 * random())
      case 'interval': {
        const [low, high] = [support.low, support.high].map((e) => this.number(e))
        if (low === undefined || high === undefined) throw new OracleError('an interval without ends')
        const start = Number.isFinite(low) ? low : high - 2
        return each(() => start + (Number.isFinite(high - low) ? high - low : 2) * (0.05 + 0.9 * random()))
      }
      case 'simplex':
        return this.vectors(length, last, (n) => {
          const w = range(1, n).map(() => 0.3 + random())
          const total = w.reduce((a, b) => a + b, 0)
          return w.map((x) => x / total)
        })
      case 'ordered':
        return this.vectors(length, last, (n) =>
          range(1, n)
            .map(() => normal(random))
            .sort((a, b) => a - b),
        )
      case 'covariance':
      case 'correlation':
        return this.vectors(length, last * last, () => randomCovariance(last, support.kind === 'correlation', random))
    }
  }

  private vectors(length: number, size: number, draw: (n: number) => readonly number[]): Float64Array {
    return Float64Array.from(range(1, length / size).flatMap(() => draw(size)))
  }

  private real(weight: boolean): number {
    if (weight || this.shape.reals === 'positive') return Math.exp(0.7 * normal(this.random))
    return this.shape.reals === 'unit' ? 0.05 + 0.9 * this.random() : 1.5 * normal(this.random)
  }

  private number(e: TExpr): number {
    const value: Value = evaluate(e, this.env)
    return typeof value === 'number' ? value : Number.NaN
  }
}

/** A random positive definite matrix, row by row: A·Aᵀ + I/2, or scaled to a unit diagonal. */
export function randomCovariance(size: number, correlation: boolean, random: () => number): readonly number[] {
  const a = range(1, size).map(() => range(1, size).map(() => normal(random)))
  const s = a.map((row, i) =>
    a.map((other, j) => row.reduce((t, x, k) => t + x * at(other, k), i === j ? 0.5 : 0) / size),
  )
  const scale = s.map((row, i) => (correlation ? 1 / Math.sqrt(at(row, i)) : 1))
  return s.flatMap((row, i) => row.map((x, j) => (i === j && correlation ? 1 : x * at(scale, i) * at(scale, j))))
}
