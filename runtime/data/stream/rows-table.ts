import { dataCodes, dataProblem, shown } from '../problems.js'
import type { Cell, Column, ColumnRequest, OpenedRows, ReadResult, RowSource, Table } from '../types.js'
import { RowsError } from './rows-error.js'

/** Rows by which columns are told apart. */
export const HEAD_ROWS = 1000

/**
 * A table over rows that do not lie in memory, to be given to a fit in place of data. Columns are numbers or levels; a
 * category takes levels.
 *
 * @param name what to call it in messages
 */
export function rowsTable(name: string, source: RowSource): Table {
  return {
    ...tableOf(name, source, 0, Math.min(source.rows, HEAD_ROWS)),
    all: {
      rows: source.rows,
      open: async (requests) => chosen(name, source, requests),
      parts: (most) => partsOf(name, source, most),
    },
  }
}

/** Rows [from, to) as a table in memory. */
function tableOf(name: string, source: RowSource, from: number, to: number): Table {
  const rows = to - from
  const columns = source.columns.map((column, i): Column => {
    if (column.kind === 'number') {
      const cells = new Float64Array(rows)
      source.read(i, from, to, cells)
      return { name: column.name, cells }
    }
    const numbers = new Int32Array(rows)
    source.read(i, from, to, numbers)
    return { name: column.name, cells: Array.from(numbers, (n): Cell => column.levels[n] ?? null) }
  })
  const rowNumbers = Array.from({ length: rows }, (_, i) => source.rowNumber?.(from + i) ?? from + i + 1)
  return { source: name, columns, rows, rowNumbers }
}

async function* partsOf(name: string, source: RowSource, most: number): AsyncGenerator<ReadResult> {
  try {
    for (let from = 0; from < source.rows; from += most)
      yield {
        value: { ...tableOf(name, source, from, Math.min(source.rows, from + most)), before: from },
        problems: [],
      }
  } catch (error) {
    if (!(error instanceof RowsError)) throw error
    yield { problems: [error.problem] }
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
