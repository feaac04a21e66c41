import { offsetsOf, rowPlace } from './grid.js'
import { isMissing, labelOf } from './parse-cell.js'
import { dataCodes, dataProblem } from './problems.js'
import type { Column, DataProblem, Table } from './types.js'

/** Rows of a long table by sequence: in order of first appearance, rows in file order. */
export interface Sequences {
  readonly labels: readonly string[]
  /** Row of the table for each position of the concatenated sequences. */
  readonly order: Int32Array
  readonly offsets: Int32Array
}

export function groupRows(table: Table, column: Column): Sequences | DataProblem {
  const groups = new Map<string, number[]>()
  for (let i = 0; i < table.rows; i++) {
    const cell = column.cells[i]
    if (cell === null || cell === undefined || isMissing(cell)) {
      const place = rowPlace(table, i, column.name)
      const message = `${table.source}, ${place.text}: the name of the sequence is missing`
      return dataProblem(dataCodes.groupColumn, message, { source: table.source, row: place.row, column: column.name })
    }
    const label = labelOf(cell)
    const rows = groups.get(label)
    if (rows === undefined) groups.set(label, [i])
    else rows.push(i)
  }
  const lists = [...groups.values()]
  return {
    labels: [...groups.keys()],
    order: Int32Array.from(lists.flat()),
    offsets: offsetsOf(lists.map((rows) => rows.length)),
  }
}

/**
 * Row of the table for each sequence, for an array with one element per sequence: the table has one row per sequence, or
 * the columns do not change within one.
 */
export function oneRowEach(
  table: Table,
  columns: readonly Column[],
  key: Column,
  labels: readonly string[],
): Int32Array | DataProblem {
  const firstRow = new Map<string, number>()
  for (let i = 0; i < table.rows; i++) {
    const cell = key.cells[i]
    if (cell === null || cell === undefined || isMissing(cell)) continue
    const label = labelOf(cell)
    const first = firstRow.get(label)
    if (first === undefined) {
      firstRow.set(label, i)
      continue
    }
    for (const column of columns) {
      if (column.cells[i] === column.cells[first]) continue
      const place = rowPlace(table, i, column.name)
      const message = `${table.source}, ${place.text}: one value per sequence is wanted, but within \`${label}\` it changes from \`${String(column.cells[first])}\` to \`${String(column.cells[i])}\``
      return dataProblem(dataCodes.notConstant, message, {
        source: table.source,
        row: place.row,
        column: column.name,
        value: String(column.cells[i]),
      })
    }
  }
  const order = new Int32Array(labels.length)
  for (const [i, label] of labels.entries()) {
    const row = firstRow.get(label)
    if (row === undefined) {
      const message = `${table.source} has no row whose \`${key.name}\` is \`${label}\``
      return dataProblem(dataCodes.keyLevel, message, { source: table.source, column: key.name, value: label })
    }
    order[i] = row
  }
  return order
}
