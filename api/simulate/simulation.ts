/** What was simulated: data as the library takes it, latents, and both as the columns of a table. */
import { type Scaling, unscaledArrays } from '../../compiler/bind/log-jacobian.js'
import type { ArrayType, DataSymbol, LatentSymbol, SymbolId, TypedModel } from '../../lang/typed/types.js'
import type { BoundArray, BoundData } from '../../runtime/data/types.js'
import { record } from '../../runtime/json.js'
import { rowSize } from '../take-rows.js'
import type { DrawnValue } from './ancestral.js'

/** A value, or arrays of them: numbers, labels of categories, truth values; null where missing. */
export type SimulatedValue = number | string | boolean | null | readonly SimulatedValue[]

/** A column of a table of simulated rows. */
export interface SimulatedColumn {
  readonly name: string
  readonly cells: readonly SimulatedValue[]
}

/** Rows as columns. `left`: names of data and latents that have other rows, or more than two dimensions. */
export interface SimulatedTable {
  readonly columns: readonly SimulatedColumn[]
  readonly left: readonly string[]
}

interface Parts {
  readonly model: TypedModel
  readonly seed: number
  readonly bound: BoundData
  readonly drawn: ReadonlySet<SymbolId>
  readonly latents: ReadonlyMap<string, DrawnValue>
  readonly groupBy: string | null
}

/** Data drawn from a model. `data` can be fitted as it is: `model.fit(simulation.data)`. */
export class Simulation {
  constructor(private readonly parts: Parts) {}

  /** The same in the units of the data, drawn on the standardised scale. */
  unscaled(scaling: Scaling): Simulation {
    const { bound } = this.parts
    return new Simulation({ ...this.parts, bound: { ...bound, arrays: unscaledArrays(bound.arrays, scaling) } })
  }

  get seed(): number {
    return this.parts.seed
  }

  /** Sizes by name. */
  get sizes(): { readonly [name: string]: number } {
    return record(this.parts.bound.sizes)
  }

  /** Every data array by name, nested as declared: categories by their labels, missing cells null. */
  get data(): { readonly [name: string]: SimulatedValue } {
    return record(this.dataSymbols().map((s) => [s.name, this.nested(s)] as const))
  }

  /** Latents by name, nested as declared; null where one does not exist. */
  get latents(): { readonly [name: string]: SimulatedValue } {
    const { model, latents } = this.parts
    return record(
      model.symbols.flatMap((s) => {
        const value = s.kind === 'latent' ? latents.get(s.name) : undefined
        return s.kind !== 'latent' || value === undefined ? [] : [[s.name, this.labelled(s.type, value, 0)] as const]
      }),
    )
  }

  /** The data as it is bound. */
  get bound(): BoundData {
    return this.parts.bound
  }

  toJSON(): { readonly [key: string]: unknown } {
    const { seed, sizes, data, latents } = this
    return { seed, sizes, data, latents }
  }

  /**
   * The rows of what was drawn as columns, named as those of the fit; with `latents` also latents that have one value, or
   * one vector, a row.
   */
  table({ latents = false }: { readonly latents?: boolean } = {}): SimulatedTable {
    const symbols = this.dataSymbols()
    const drawn = symbols.filter((s) => this.parts.drawn.has(s.id) && (this.array(s)?.shape.length ?? 0) > 0)
    const main = drawn[0] ?? symbols.find((s) => (this.array(s)?.shape.length ?? 0) > 0)
    const columns: SimulatedColumn[] = []
    const left: string[] = []
    if (main === undefined) {
      // nothing but scalars: one row
      for (const s of symbols)
        columns.push({ name: this.columnNames(s)[0] ?? s.name, cells: [this.cells(s)[0] ?? null] })
      return { columns, left }
    }
    const { offsets } = this.array(main) ?? { offsets: null }
    if (offsets !== null) {
      const cells = Array.from({ length: offsets.length - 1 }, (_, r) =>
        new Array<number>((offsets[r + 1] ?? 0) - (offsets[r] ?? 0)).fill(r + 1),
      ).flat()
      columns.push({ name: this.parts.groupBy ?? 'sequence', cells })
    }
    for (const s of symbols) {
      const array = this.array(s)
      if (array === undefined) continue
      const own = array.shape.slice(array.offsets === null ? 1 : 2)
      if (rowSize(s) !== rowSize(main) || (array.offsets === null) !== (offsets === null) || own.length > 1)
        left.push(s.name)
      else columns.push(...this.columnsOf(this.columnNames(s), this.cells(s), own[0] ?? 1))
    }
    if (latents) {
      const { latents: values } = this.parts
      for (const s of this.parts.model.symbols) {
        const value = s.kind === 'latent' ? values.get(s.name) : undefined
        if (s.kind !== 'latent' || value === undefined) continue
        const rows = this.rowsOf(s, value, main, offsets)
        if (rows === null) left.push(s.name)
        else columns.push(...rows)
      }
    }
    return { columns, left }
  }

  private dataSymbols(): readonly DataSymbol[] {
    return this.parts.model.symbols.flatMap((s) => (s.kind === 'data' && this.array(s) !== undefined ? [s] : []))
  }

  private array(s: DataSymbol): BoundArray | undefined {
    return this.parts.bound.arrays.get(s.name)
  }

  private columnNames(s: DataSymbol): readonly string[] {
    const known = this.parts.bound.columns.get(s.name) ?? []
    const array = this.array(s)
    const own = array?.shape.slice(array.offsets === null ? 1 : 2) ?? []
    const width = own[0] ?? 1
    if (known.length === width) return known
    return own.length === 0 ? [s.name] : Array.from({ length: width }, (_, i) => `${s.name}${i + 1}`)
  }

  /** Columns of a row-major table. */
  private columnsOf(names: readonly string[], cells: readonly SimulatedValue[], width: number): SimulatedColumn[] {
    return names.map((name, j) => ({ name, cells: cells.filter((_, i) => i % width === j) }))
  }

  private rowsOf(
    s: LatentSymbol,
    value: DrawnValue,
    main: DataSymbol,
    offsets: Int32Array | null,
  ): readonly SimulatedColumn[] | null {
    const labelled = this.labelled(s.type, value, 0)
    const depth = offsets === null ? 1 : 2
    const dims = [...s.type.batch, ...s.type.core]
    const rows = offsets === null ? (this.array(main)?.shape[0] ?? 0) : (offsets.at(-1) ?? 0)
    if (s.plateRank !== depth || dims.length > depth + 1 || !Array.isArray(labelled)) return null
    const flat: readonly SimulatedValue[] = depth === 1 ? labelled : labelled.flat()
    if (flat.length !== rows) return null
    if (dims.length === depth) return [{ name: s.name, cells: flat }]
    const width = Math.max(0, ...flat.map((row) => (Array.isArray(row) ? row.length : 0)))
    return Array.from({ length: width }, (_, j) => ({
      name: `${s.name}[${j + 1}]`,
      cells: flat.map((row) => (Array.isArray(row) ? (row[j] ?? null) : null)),
    }))
  }

  /** Cells of a data array, row-major. */
  private cells(s: DataSymbol): readonly SimulatedValue[] {
    const array = this.array(s)
    if (array === undefined) return []
    const { support } = s.type
    const lists = support.kind === 'category' ? this.lists(support.levels) : []
    const last = array.shape.at(-1) ?? 1
    return Array.from(array.values, (x, i) => {
      if (Number.isNaN(x) || (support.kind === 'category' && x < 0)) return null
      if (support.kind === 'category') return lists[lists.length === 1 ? 0 : i % last]?.[x] ?? null
      return support.kind === 'bool' ? x === 1 : x
    })
  }

  private lists(levels: SymbolId): readonly (readonly string[])[] {
    const name = this.parts.model.symbols.find((s) => s.id === levels)?.name ?? ''
    const inner = /^levels\((.*)\)$/.exec(name)?.[1]
    const { levels: all } = this.parts.bound
    return all.get(name) ?? (inner === undefined ? undefined : all.get(inner)) ?? []
  }

  private nested(s: DataSymbol): SimulatedValue {
    const array = this.array(s)
    if (array === undefined) return null
    const cells = this.cells(s)
    const { shape, offsets } = array
    const walk = (dimension: number, row: number): SimulatedValue => {
      if (dimension === shape.length) return cells[row] ?? null
      const ragged = dimension === 1 && offsets !== null
      const from = ragged ? (offsets[row] ?? 0) : row * (shape[dimension] ?? 0)
      const count = ragged ? (offsets[row + 1] ?? 0) - from : (shape[dimension] ?? 0)
      return Array.from({ length: count }, (_, i) => walk(dimension + 1, from + i))
    }
    return walk(0, 0)
  }

  /** Values of a latent; those of a category by their labels. */
  private labelled(type: ArrayType, value: DrawnValue, depth: number): SimulatedValue {
    if (value !== null && typeof value !== 'number') return value.map((v) => this.labelled(type, v, depth + 1))
    if (value === null || Number.isNaN(value)) return null
    if (type.support.kind === 'bool') return value === 1
    if (type.support.kind !== 'category') return value
    const lists = this.lists(type.support.levels)
    return lists.length === 1 ? (lists[0]?.[value - 1] ?? value) : value
  }
}
