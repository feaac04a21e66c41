import { dataCodes, dataProblem, shown } from '../problems.js'
import type { Cell, Column, ColumnRequest, OpenedRows, RowSource, Table } from '../types.js'

/** Rows by which columns are told apart. */
export const HEAD_ROWS = 1000

/**
 * A table over rows that do not lie in memory, to be given to a fit in place of data. Columns are numbers or levels; a
 * category takes levels.
 *
 * @param name what to call it in messages
 */
export function rowsTable(name: string, source: RowSource): Table {
  const rows = Math.min(source.rows, HEAD_ROWS)
  const columns = source.columns.map((column, i): Column => {
    if (column.kind === 'number') {
      const cells = new Float64Array(rows)
      source.read(i, 0, rows, cells)
      return { name: column.name, cells }
    }
    const numbers = new Int32Array(rows)
    source.read(i, 0, rows, numbers)
    return { name: column.name, cells: Array.from(numbers, (n): Cell => column.levels[n] ?? null) }
  })
  return {
    source: name,
    columns,
    rows,
    rowNumbers: Array.from({ length: rows }, (_, i) => source.rowNumber?.(i) ?? i + 1),
    all: { rows: source.rows, open: async (requests) => chosen(name, source, requests) },
  }
}

/** The requested columns of a source. */
function chosen(name: string, source: RowSource, requests: readonly ColumnRequest[]): OpenedRows {
  if (source.rows === 0) return { problems: [dataProblem(dataCodes.noRows, `${name} has no rows`, { source: name })] }
  const at = requests.map(({ column }) => source.columns.findIndex((c) => c.name === column))
  const columns = at.flatMap((i) => source.columns[i] ?? [])
  const wrong = requests.find(
    ({ declaration }, i) => (declaration.element === 'category') !== (columns[i]?.kind === 'levels'),
  )
  if (wrong !== undefined) {
    const { column, declaration } = wrong
    const has = declaration.element === 'category' ? 'numbers, but a category takes levels' : 'levels, not numbers'
    const message = `column \`${shown(column)}\` of ${name}, which is \`${declaration.name}\`, has ${has}`
    return { problems: [dataProblem(dataCodes.notNumber, message, { source: name, column })] }
  }
  return {
    value: {
      rows: source.rows,
      columns,
      read: (column, from, to, into) => source.read(at[column] ?? -1, from, to, into),
      rowNumber: (row) => source.rowNumber?.(row) ?? row + 1,
      close: () => source.close?.(),
    },
    problems: [],
  }
}
