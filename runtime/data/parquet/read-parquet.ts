import type { Cell, Column, ReadResult } from '../types.js'
import { bytesInMemory } from './byte-source.js'
import { ColumnCursor, type PageCells } from './column-cursor.js'
import { damaged, openParquet, type ParquetColumn, type ParquetFile } from './parquet-file.js'

/** Reads a whole Parquet file as a table: numbers, text and truth values, a null where nothing is there. */
export function readParquet(source: string, bytes: Uint8Array): ReadResult {
  const opened = openParquet(source, bytesInMemory(bytes))
  if (opened.value === undefined) return { problems: opened.problems }
  const file = opened.value
  try {
    const columns = file.columns.map(
      (column): Column => ({ name: column.name, cells: cellsOf(file, column, file.rows) }),
    )
    const rowNumbers = Array.from({ length: file.rows }, (_, i) => i + 1)
    return { value: { source, columns, rows: file.rows, rowNumbers }, problems: [] }
  } catch (error) {
    return { problems: [damaged(source, error)] }
  }
}

/** The first cells of a column. Throws where its pages are damaged. */
export const cellsOf = (file: ParquetFile, column: ParquetColumn, count: number): readonly Cell[] =>
  new CellReader(file, column).next(count)

/** The cells of a column in their order. */
export class CellReader {
  private readonly cursor: ColumnCursor
  private page: PageCells | null = null
  /** Rows of the page that were read, and values among them. */
  private row = 0
  private value = 0

  constructor(
    file: ParquetFile,
    private readonly column: ParquetColumn,
  ) {
    this.cursor = new ColumnCursor(file.bytes, column)
  }

  /** So many cells more. Throws where there are fewer, or pages are damaged. */
  next(count: number): readonly Cell[] {
    const { name } = this.column
    const cells: Cell[] = []
    while (cells.length < count) {
      if (this.page === null || this.row === this.page.rows) {
        this.page = this.cursor.next()
        this.row = 0
        this.value = 0
      }
      if (this.page === null) throw new Error(`column ${name} has fewer values than rows`)
      const { values, dictionary, isThere, rows } = this.page
      for (; this.row < rows && cells.length < count; this.row++) {
        if (isThere !== null && isThere[this.row] === 0) {
          cells.push(null)
          continue
        }
        const value = values[this.value++]
        cells.push(asCell(dictionary === null ? value : dictionary[Number(value)], name))
      }
    }
    return cells
  }
}

/** A decoded value as a cell: whole numbers beyond 2⁵³ as text, so that no digit is lost in silence. */
export function asCell(value: unknown, column: string): Cell {
  switch (typeof value) {
    case 'number':
    case 'string':
    case 'boolean':
      return value
    case 'bigint': {
      const number = Number(value)
      return Number.isSafeInteger(number) ? number : String(value)
    }
    default:
      if (value === null || value === undefined) return null
      throw new Error(`column ${column} holds neither numbers nor text`)
  }
}
