import { checkCell } from './check-cell.js'
import { columnsLine } from './columns-option.js'
import { columnOf, type Found, findColumns, repeatedRow, type Search, shortList, tablesFor } from './find-column.js'
import { type Location, longRank, rowPlace } from './grid.js'
import { locateScalar } from './locate-scalar.js'
import { didYouMean } from './nearest-name.js'
import { isMissing } from './parse-cell.js'
import { dataCodes, dataProblem } from './problems.js'
import type { Column, DataDeclaration, DataProblem, NestedCells } from './types.js'

/** `open`: a matrix that no column is named for; it may take all columns of the file. */
export type Located =
  | { readonly kind: 'found'; readonly location: Location }
  | { readonly kind: 'open' }
  | { readonly kind: 'problem'; readonly problem: DataProblem }

/** Finds the data of one declaration. */
export function locate(declaration: DataDeclaration, search: Search, set: ReadonlyMap<string, NestedCells>): Located {
  const { name } = declaration
  const given = set.get(name)
  if (given !== undefined) return found({ kind: 'nested', source: '--set', column: name, cells: given })
  const rank = longRank(declaration)
  if (declaration.dims.length === 0) {
    const scalar = locateScalar(declaration, search)
    return 'code' in scalar ? problem(scalar) : found(scalar)
  }
  const nested = findNested(declaration, search)
  if (nested !== null && nested.cells.shape.length === declaration.dims.length && !search.columns.has(name))
    return found(nested)
  if (rank <= 2) {
    const columns =
      declaration.dims[0]?.kind === 'levels'
        ? findKeyed(declaration, rank > 1, search)
        : findColumns(declaration, rank > 1, search)
    if (columns !== null && 'code' in columns) return nested === null ? problem(columns) : found(nested)
    if (columns !== null)
      return found({ kind: 'columns', table: columns.table, columns: columns.columns, key: columns.key ?? null })
  }
  // A vector given for a matrix is a column of the table like any other.
  if (nested !== null && (rank !== 2 || nested.cells.shape.length !== 1)) return found(nested)
  if (rank === 2) return { kind: 'open' }
  return problem(noColumn(declaration, search))
}

function found(location: Location): Located {
  return { kind: 'found', location }
}

function problem(value: DataProblem): Located {
  return { kind: 'problem', problem: value }
}

function findNested(declaration: DataDeclaration, search: Search): Extract<Location, { kind: 'nested' }> | null {
  const names = [declaration.name, ...(search.columns.get(declaration.name) ?? []).slice(0, 1)]
  for (const table of tablesFor(declaration.name, search.tables).flat()) {
    for (const name of names) {
      const cells = table.nested?.get(name)
      if (cells !== undefined) return { kind: 'nested', source: table.source, column: name, cells }
    }
  }
  return null
}

/** Names of the columns that may say the level: the data whose levels they are, and their level set. */
function keyNames(of: string, search: Search): readonly string[] {
  const owners = search.declarations.filter((other) => other.name === of || other.levels?.name === of)
  const names = owners.flatMap((other) => [search.columns.get(other.name)?.[0] ?? other.name, other.name])
  return [...new Set([...names, of, ...owners.flatMap((other) => (other.levels === null ? [] : [other.levels.name]))])]
}

/** An array over levels: in the file where the column of the levels is a key. */
function findKeyed(
  declaration: DataDeclaration,
  matrix: boolean,
  search: Search,
): (Found & { readonly key: Column }) | DataProblem | null {
  const first = declaration.dims[0]
  if (first?.kind !== 'levels') return null
  const keys = keyNames(first.of, search)
  let reason: DataProblem | null = null
  for (const table of tablesFor(declaration.name, search.tables).flat()) {
    const columns = findColumns(declaration, matrix, { ...search, tables: [table] })
    if (columns === null) continue
    if ('code' in columns) {
      reason ??= columns
      continue
    }
    const key = keys.map((name) => columnOf(table, name)).find((column) => column !== null) ?? null
    const help = `give a file with one row per level of ${first.of}, and the columns \`${keys[0] ?? first.of}\` and \`${declaration.name}\``
    if (key === null) {
      const message = `\`${declaration.name}\` has one value per level of ${first.of}, but ${table.source} has no column \`${keys[0] ?? first.of}\``
      reason ??= dataProblem(dataCodes.noKey, message, { source: table.source, column: keys[0] ?? first.of }, help)
      continue
    }
    const repeated = repeatedRow(table, key)
    if (repeated === null) return { table, columns: columns.columns, key }
    const place = rowPlace(table, repeated, key.name)
    const value = String(key.cells[repeated])
    const message = `${table.source}, ${place.text}: \`${value}\` is there twice, but \`${declaration.name}\` has one value per level of ${first.of}`
    reason ??= dataProblem(
      dataCodes.noKey,
      message,
      { source: table.source, row: place.row, column: key.name, value },
      help,
    )
  }
  return reason
}

function noColumn(declaration: DataDeclaration, search: Search): DataProblem {
  const tables = tablesFor(declaration.name, search.tables).flat()
  const { name } = declaration
  const source = tables.length === 1 ? (tables[0]?.source ?? null) : null
  if (longRank(declaration) > 2) {
    const message = `\`${name}\` has ${declaration.dims.length} dimensions, which columns of a table cannot give`
    return dataProblem(
      dataCodes.noColumn,
      message,
      { source, column: name },
      `give it as nested arrays: JSON with a member "${name}"`,
    )
  }
  if (tables.length === 0)
    return dataProblem(
      dataCodes.noColumn,
      `no data was given for \`${name}\``,
      { column: name },
      'give a file with --data FILE',
    )
  const known = tables.flatMap((table) => table.columns.map((column) => column.name))
  const message = `${source === null ? 'no file has' : `${source} has no`} column \`${name}\``
  const used = new Set([...search.declarations.map((other) => other.name), ...[...search.columns.values()].flat()])
  const free = tables.flatMap((table) =>
    table.columns.filter((column) => !used.has(column.name) && misfit(declaration, column) === null),
  )
  const nearest = didYouMean(name, known)
  const only = free.length === 1 ? free[0] : undefined
  const paste =
    only === undefined
      ? `name it: --columns ${name}=COLUMN; the columns are ${shortList(known)}`
      : `if \`${only.name}\` is meant: ${columnsLine(name, [only.name])}`
  return dataProblem(
    dataCodes.noColumn,
    message,
    { source, column: name },
    nearest === null ? paste : `${nearest} ${paste}`,
  )
}

/**
 * The matrix that is left when all else is bound takes every column of the only file, where each fits; otherwise the
 * complaint has the `--columns` line to paste. `used`: columns that other data took.
 */
export function locateOpenMatrix(
  declaration: DataDeclaration,
  search: Search,
  alone: boolean,
  used: ReadonlySet<Column>,
): Extract<Location, { kind: 'columns' }> | DataProblem {
  const tables = (tablesFor(declaration.name, search.tables)[0] ?? []).filter((table) => table.columns.length > 0)
  const [table] = tables
  if (table === undefined) return noColumn(declaration, search)
  const all = table.columns.filter((column) => column.name !== search.groupBy)
  const misfits = all.map((column) => ({ column, row: misfit(declaration, column) }))
  const fitting = misfits.filter(({ column, row }) => row === null && !used.has(column)).map(({ column }) => column)
  if (alone && tables.length === 1 && fitting.length === all.length)
    return { kind: 'columns', table, columns: all, key: null }
  const { name } = declaration
  const bad = misfits.find(({ row }) => row !== null)
  let why =
    tables.length > 1
      ? 'there are several files'
      : !alone
        ? 'other data is not bound either'
        : 'other data takes some of its columns'
  let place = { row: null as number | null, column: name, value: null as string | null }
  if (bad !== undefined && bad.row !== null) {
    const at = rowPlace(table, bad.row, bad.column.name)
    const value = String(bad.column.cells[bad.row])
    const checked = checkCell(declaration, bad.column.cells[bad.row])
    why = `\`${value}\` (${at.text}) ${'why' in checked ? checked.why : 'does not fit'}`
    place = { row: at.row, column: bad.column.name, value }
  }
  const message = `which columns of ${table.source} are \`${name}\`? There is no \`${name}1\`, and it does not take them all: ${why}`
  const line =
    fitting.length === 0
      ? `--columns ${name}=COLUMN,COLUMN`
      : columnsLine(
          name,
          fitting.map((column) => column.name),
        )
  return dataProblem(
    dataCodes.whichColumns,
    message,
    { source: table.source, ...place },
    `say it, for instance: ${line}`,
  )
}

/** The first row that is not of the declared type; missing cells are judged later. */
function misfit(declaration: DataDeclaration, column: Column): number | null {
  for (let i = 0; i < column.cells.length; i++) {
    const cell = column.cells[i]
    if (cell === null || cell === undefined || isMissing(cell)) continue
    if (!('value' in checkCell(declaration, cell))) return i
  }
  return null
}
