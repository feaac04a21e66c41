import { dataCodes, dataProblem } from './problems.js'
import type { Cell, Column, DataDeclaration, DataProblem, NestedCells, Table } from './types.js'

/** Where the data of one declaration was found. */
export type Location =
  | {
      readonly kind: 'cell'
      readonly source: string
      readonly row: number | null
      readonly column: string
      readonly cell: Cell
    }
  | { readonly kind: 'nested'; readonly source: string; readonly column: string; readonly cells: NestedCells }
  /** `key`: the column that says which level each row is, for arrays over levels. */
  | {
      readonly kind: 'columns'
      readonly table: Table
      readonly columns: readonly Column[]
      readonly key: Column | null
    }

export interface CellPlace {
  readonly row: number | null
  /** `row 11 (line 12), column `x``, for messages. */
  readonly text: string
  readonly column: string
}

/** The cells of one array in order, row-major, before they are checked and turned into numbers. */
export interface Grid {
  readonly declaration: DataDeclaration
  readonly source: string
  /** What to call it in messages: `x` (columns a, b of file.csv). */
  readonly origin: string
  readonly columns: readonly string[]
  readonly shape: readonly number[]
  readonly offsets: Int32Array | null
  readonly length: number
  /** The cells as they are, where they were given as numbers of one type, in order. */
  readonly numbers?: Float64Array | Float32Array | Int32Array
  cell(index: number): Cell | undefined
  place(index: number): CellPlace
}

export function isRagged(declaration: DataDeclaration): boolean {
  return declaration.dims[1]?.kind === 'length'
}

/** Number of dimensions a long table must give: a ragged pair counts once. */
export function longRank(declaration: DataDeclaration): number {
  return declaration.dims.length - (isRagged(declaration) ? 1 : 0)
}

export function gridOfCell(declaration: DataDeclaration, location: Extract<Location, { kind: 'cell' }>): Grid {
  const text = location.row === null ? `\`${location.column}\`` : `line ${location.row}, \`${location.column}\``
  return {
    declaration,
    source: location.source,
    origin: `\`${declaration.name}\` (${location.source})`,
    columns: [location.column],
    shape: declaration.dims.map(() => 1),
    offsets: null,
    length: 1,
    cell: () => location.cell,
    place: () => ({ row: location.row, text, column: location.column }),
  }
}

/** A nested array, or the complaint that its depth is not that of the declaration. */
export function gridOfNested(
  declaration: DataDeclaration,
  location: Extract<Location, { kind: 'nested' }>,
): Grid | DataProblem {
  const { cells, source, column } = location
  const ragged = isRagged(declaration)
  const rank = declaration.dims.length
  if (cells.shape.length !== rank || (cells.lengths !== null && !ragged)) {
    const found =
      cells.lengths !== null && cells.shape.length === rank
        ? 'arrays of different lengths'
        : depthWord(cells.shape.length)
    const message = `\`${column}\` of ${source} is ${found}, but the model declares ${depthWord(rank)}`
    return dataProblem(dataCodes.wrongShape, message, { source, column })
  }
  const [rows = 1, extent = 1] = cells.shape
  const lengths = ragged ? (cells.lengths ?? new Array<number>(rows).fill(extent)) : null
  const shape = lengths === null ? cells.shape : [rows, lengths.reduce((sum, n) => sum + n, 0), ...cells.shape.slice(2)]
  const offsets = lengths === null ? null : offsetsOf(lengths)
  return {
    declaration,
    source,
    origin: `\`${declaration.name}\` (\`${column}\` of ${source})`,
    columns: [column],
    shape,
    offsets,
    length: cells.cells.length,
    ...numbersOf(cells.cells),
    cell: (index) => cells.cells[index],
    place: (index) => nestedPlace(index, shape, offsets, column),
  }
}

function numbersOf(cells: ArrayLike<Cell>): Pick<Grid, 'numbers'> {
  return cells instanceof Float64Array || cells instanceof Float32Array || cells instanceof Int32Array
    ? { numbers: cells }
    : {}
}

/** Columns of a table as an array of rows × columns; `order` gives the table's row for each row of the array. */
export function gridOfColumns(
  declaration: DataDeclaration,
  location: Extract<Location, { kind: 'columns' }>,
  order: ArrayLike<number> | null,
  offsets: Int32Array | null,
): Grid {
  const { table, columns } = location
  const width = columns.length
  const rows = order?.length ?? columns[0]?.cells.length ?? 0
  const matrix = longRank(declaration) > 1
  const leading = offsets === null ? [rows] : [offsets.length - 1, rows]
  return {
    declaration,
    source: table.source,
    origin: `\`${declaration.name}\` (${columnList(columns)} of ${table.source})`,
    columns: columns.map((column) => column.name),
    shape: matrix ? [...leading, width] : leading,
    offsets,
    length: rows * width,
    ...(width === 1 && order === null ? numbersOf(columns[0]?.cells ?? []) : {}),
    cell: (index) => {
      const i = Math.floor(index / width)
      return columns[index % width]?.cells[order === null ? i : (order[i] ?? -1)]
    },
    place: (index) => {
      const i = Math.floor(index / width)
      return rowPlace(table, order === null ? i : (order[i] ?? 0), columns[index % width]?.name ?? '')
    },
  }
}

/** A row of a table in words. */
export function rowPlace(table: Table, index: number, column: string): CellPlace {
  return placeOfRow((table.before ?? 0) + index, table.rowNumbers[index] ?? index + 1, column)
}

/** The same of the row at a position that stands in a line or record of that number. */
export function placeOfRow(index: number, row: number, column: string): CellPlace {
  const at = row === index + 1 ? `row ${row}` : `row ${index + 1} (line ${row})`
  return { row, text: `${at}, column \`${column}\``, column }
}

function nestedPlace(index: number, shape: readonly number[], offsets: Int32Array | null, column: string): CellPlace {
  const indices = cellIndex({ shape, offsets }, index)
  const text = indices.length === 0 ? `\`${column}\`` : `\`${column}[${indices.join(', ')}]\``
  return { row: indices[0] ?? null, text, column }
}

/** 1-based indices of the cell at a position of an array; sequences lie one after another. */
export function cellIndex(
  { shape, offsets }: { readonly shape: readonly number[]; readonly offsets: Int32Array | null },
  position: number,
): readonly number[] {
  const dims = offsets === null ? shape : shape.slice(2)
  const out: number[] = []
  let rest = position
  for (const extent of dims.toReversed()) {
    out.unshift((rest % Math.max(1, extent)) + 1)
    rest = Math.floor(rest / Math.max(1, extent))
  }
  if (offsets === null) return out
  let r = 0
  while (r + 1 < offsets.length - 1 && (offsets[r + 1] ?? 0) <= rest) r++
  return [r + 1, rest - (offsets[r] ?? 0) + 1, ...out]
}

function columnList(columns: readonly Column[]): string {
  if (columns.length === 1) return `column ${columns[0]?.name ?? ''}`
  const names = columns.map((column) => column.name)
  return `columns ${names.length > 6 ? `${names.slice(0, 5).join(', ')}, … ${names[names.length - 1] ?? ''}` : names.join(', ')}`
}

function depthWord(rank: number): string {
  return rank === 0 ? 'a single value' : rank === 1 ? 'an array' : `an array of ${rank} dimensions`
}

export function offsetsOf(lengths: ArrayLike<number>): Int32Array {
  const offsets = new Int32Array(lengths.length + 1)
  for (let i = 0; i < lengths.length; i++) offsets[i + 1] = (offsets[i] ?? 0) + (lengths[i] ?? 0)
  return offsets
}
