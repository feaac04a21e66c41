/** The symbols of a typed model with the values that data and consts give them: what stays fixed while latents vary. */
import type { ArrayType, DataSymbol, ModelSymbol, SizeSymbol, SymbolId, TypedModel } from '../lang/typed/types.js'
import { at, range } from './arrays.js'
import { densities } from './densities/index.js'
import type { Density } from './densities/types.js'
import type { Cell, Stored } from './stored.js'
import { type OracleArray, type OracleData, OracleError, type Value, type Values } from './types.js'

export interface World {
  readonly symbols: ReadonlyMap<SymbolId, ModelSymbol>
  readonly data: OracleData
  /** Values of consts that override those of the model, by name. */
  readonly consts: Values
  /** Distributions by name: the oracle's own, and those that the caller adds. */
  readonly densities: ReadonlyMap<string, Density>
  /** Data arrays, and latents once their cells are known. */
  readonly stored: Map<SymbolId, Stored>
  /** All cells, by id. */
  readonly cells: Cell[]
}

export function makeWorld(model: TypedModel, data: OracleData, consts: Values, more: readonly Density[] = []): World {
  const world: World = {
    symbols: new Map(model.symbols.map((s) => [s.id, s])),
    data,
    consts,
    densities: new Map([...more.map((d) => [d.name, d] as const), ...densities]),
    stored: new Map(),
    cells: [],
  }
  for (const symbol of model.symbols) {
    if (symbol.kind !== 'data') continue
    const array = data.arrays.get(symbol.name)
    if (array === undefined) throw new OracleError(`no data for ${symbol.name}`)
    world.stored.set(symbol.id, store(world, symbol, array))
  }
  return world
}

export function symbolOf(world: World, id: SymbolId): ModelSymbol {
  const symbol = world.symbols.get(id)
  if (symbol === undefined) throw new OracleError(`unknown symbol ${id}`)
  return symbol
}

export function newCell(world: World, symbol: SymbolId, name: string, indices: readonly number[]): Cell {
  const cell: Cell = { id: world.cells.length, symbol, name, indices }
  world.cells.push(cell)
  return cell
}

/** Nested numbers, level numbers made to start from 1, with a cell where a value is missing. */
function store(world: World, symbol: DataSymbol, array: OracleArray): Stored {
  const { kind } = symbol.type.support
  const shift = kind === 'category' ? 1 : 0
  const leaf = (position: number, indices: readonly number[]): Stored => {
    const x = at(array.values, position)
    const missing = Number.isNaN(x) || ((kind === 'category' || kind === 'bool') && x < 0)
    return missing ? newCell(world, symbol.id, symbol.name, indices) : x + shift
  }
  const { shape } = array
  const nest = (dimension: number, base: number, indices: readonly number[]): Stored => {
    if (dimension === shape.length) return leaf(base, indices)
    const n = at(shape, dimension)
    const bounds = dimension === 1 && isRagged(symbol.type) ? array.offsets : undefined
    if (bounds === null || bounds === undefined)
      return range(1, n).map((i) => nest(dimension + 1, base * n + i - 1, [...indices, i]))
    const from = at(bounds, base)
    return range(1, at(bounds, base + 1) - from).map((i) => nest(dimension + 1, from + i - 1, [...indices, i]))
  }
  return nest(0, 0, [])
}

/** True for `[R][T]`: the second dimension has its own size for each index of the first. */
function isRagged(type: ArrayType): boolean {
  return [...type.batch, ...type.core].some((d) => d.raggedBy !== null)
}

/** Level lists of a level set: one, or one per column. */
export function levelsOf(world: World, id: SymbolId): readonly (readonly string[])[] {
  const symbol = symbolOf(world, id)
  const inner = /^levels\((.*)\)$/.exec(symbol.name)?.[1]
  const lists = world.data.levels.get(symbol.name) ?? (inner === undefined ? undefined : world.data.levels.get(inner))
  if (lists === undefined) throw new OracleError(`no levels for ${symbol.name}`)
  return lists
}

/** Number of levels, of column `column` (from 1) where each column has its own. */
export function levelCount(world: World, id: SymbolId, column: number | null): number {
  const symbol = symbolOf(world, id)
  if (column === null && symbol.kind === 'size') {
    const bound = world.data.sizes.get(symbol.name)
    if (bound !== undefined) return bound
  }
  return at(levelsOf(world, id), column === null ? 0 : column - 1).length
}

export function sizeValue(world: World, symbol: SizeSymbol): Value {
  if (symbol.origin === 'length' || (symbol.rank === 1 && symbol.origin === 'dimension')) {
    const lengths = world.data.lengths.get(symbol.name)
    if (lengths === undefined) throw new OracleError(`no lengths for ${symbol.name}`)
    return Array.from(lengths)
  }
  if (symbol.origin === 'levels') {
    if (symbol.rank === 1) return levelsOf(world, symbol.id).map((list) => list.length)
    return levelCount(world, symbol.id, null)
  }
  const size = world.data.sizes.get(symbol.name)
  if (size === undefined) throw new OracleError(`no value for the size ${symbol.name}`)
  return size
}
