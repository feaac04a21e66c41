import type { Cell, Column, ReadResult } from '../types.js'
import { bytesInMemory } from './byte-source.js'
import { ColumnCursor } from './column-cursor.js'
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
export function cellsOf(file: ParquetFile, column: ParquetColumn, count: number): readonly Cell[] {
  const cursor = new ColumnCursor(file.bytes, column)
  const cells: Cell[] = []
  while (cells.length < count) {
    const page = cursor.next()
    if (page === null) throw new Error(`column ${column.name} has fewer values than rows`)
    const { values, dictionary, isThere } = page
    for (let i = 0, v = 0; i < page.rows && cells.length < count; i++) {
      if (isThere !== null && isThere[i] === 0) {
        cells.push(null)
        continue
      }
      const value = values[v++]
      cells.push(asCell(dictionary === null ? value : dictionary[Number(value)], column.name))
    }
  }
  return cells
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
