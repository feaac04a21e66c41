import { columnOf, type Search, shortList, tablesFor } from './find-column.js'
import type { Location } from './grid.js'
import { didYouMean } from './nearest-name.js'
import { isMissing, labelOf, looksNumeric } from './parse-cell.js'
import { dataCodes, dataProblem } from './problems.js'
import type { Cell, DataDeclaration, DataProblem, Table } from './types.js'

/** One line of a two-column table of names and values; `row` null where it is the header. */
interface NameRow {
  readonly name: string
  readonly cell: Cell
  readonly index: number | null
}

/**
 * One number: a member of an object, a column of a one-row table, or a line of a two-column table of names and values
 * whatever its header (`cell,count`).
 */
export function locateScalar(declaration: DataDeclaration, search: Search): Location | DataProblem {
  const { name } = declaration
  const wanted = search.columns.get(name)?.[0] ?? name
  const tables = tablesFor(name, search.tables).flat()
  for (const table of tables) {
    const nested = table.nested?.get(wanted) ?? table.nested?.get(name)
    if (nested !== undefined && nested.cells.length === 1 && nested.shape.length <= 1) {
      return { kind: 'cell', source: table.source, row: null, column: wanted, cell: nested.cells[0] ?? null }
    }
    const column = columnOf(table, wanted)
    if (column !== null && table.rows === 1) {
      return {
        kind: 'cell',
        source: table.source,
        row: table.rowNumbers[0] ?? null,
        column: wanted,
        cell: column.cells[0] ?? null,
      }
    }
  }
  for (const table of tables) {
    const rows = nameRows(table).filter((row) => row.name === wanted)
    const [first, second] = rows
    if (first === undefined) continue
    const lineOf = (row: NameRow): number | null => (row.index === null ? 1 : (table.rowNumbers[row.index] ?? null))
    if (second !== undefined) {
      const message = `${table.source} gives \`${wanted}\` twice (lines ${lineOf(first)} and ${lineOf(second)})`
      return dataProblem(dataCodes.nameTwice, message, {
        source: table.source,
        row: lineOf(second),
        column: wanted,
        value: String(second.cell),
      })
    }
    return { kind: 'cell', source: table.source, row: lineOf(first), column: wanted, cell: first.cell }
  }
  return notFound(declaration, wanted, tables)
}

/** Lines of a table of names and values; its header counts as one where its second cell is a number. */
export function nameRows(table: Table): readonly NameRow[] {
  const [names, values] = table.columns
  if (table.columns.length !== 2 || names === undefined || values === undefined) return []
  const rows: NameRow[] = looksNumeric(values.name) ? [{ name: names.name, cell: values.name, index: null }] : []
  for (let i = 0; i < table.rows; i++) {
    const name = names.cells[i]
    if (name === null || name === undefined || isMissing(name)) continue
    rows.push({ name: labelOf(name), cell: values.cells[i] ?? null, index: i })
  }
  return rows
}

function notFound(declaration: DataDeclaration, wanted: string, tables: readonly Table[]): DataProblem {
  const { name } = declaration
  const holder = tables.find((table) => columnOf(table, wanted) !== null || table.nested?.has(wanted) === true)
  if (holder !== undefined) {
    const rows = columnOf(holder, wanted)?.cells.length ?? 0
    const message = `\`${name}\` is one number, but column \`${wanted}\` of ${holder.source} has ${rows} rows`
    const help = `declare \`data ${name} : ${declaration.type}[N]\`, or give a table with one row, or --set ${name}=VALUE`
    return dataProblem(dataCodes.notScalar, message, { source: holder.source, column: wanted }, help)
  }
  if (tables.length === 0) {
    return dataProblem(
      dataCodes.noColumn,
      `no data was given for \`${name}\``,
      { column: name },
      `give a file with --data FILE, or --set ${name}=VALUE`,
    )
  }
  const known = tables.flatMap((table) => [
    ...nameRows(table).map((row) => row.name),
    ...table.columns.map((column) => column.name),
  ])
  const source = tables.length === 1 ? (tables[0]?.source ?? null) : null
  const message = `${source === null ? 'no file gives' : `${source} does not give`} \`${wanted}\``
  const nearest = didYouMean(wanted, known)
  const help =
    nearest === null
      ? `it has ${shortList([...new Set(known)])}; rename with --columns ${name}=NAME or give --set ${name}=VALUE`
      : `${nearest} Rename with --columns ${name}=NAME`
  return dataProblem(dataCodes.noColumn, message, { source, column: wanted }, help)
}
