import type { Search } from './find-column.js'
import { type Location, longRank } from './grid.js'
import { locate, locateOpenMatrix } from './locate.js'
import { nameRows } from './locate-scalar.js'
import { looksNumeric } from './parse-cell.js'
import { dataCodes, dataProblem, dataWarnings } from './problems.js'
import { nestedCells } from './table-from-object.js'
import type { Column, DataDeclaration, DataProblem, NestedCells } from './types.js'

/** What is found on the way. */
export interface Remarks {
  readonly problems: DataProblem[]
  readonly warnings: DataProblem[]
}

/** Finds the data of every declaration among the values of `--set` and the tables. */
export function locateAll(
  search: Search,
  given: ReadonlyMap<string, unknown>,
  { problems, warnings }: Remarks,
): ReadonlyMap<DataDeclaration, Location> {
  const set = setValues(search.declarations, given, problems)
  const locations = new Map<DataDeclaration, Location>()
  const open: DataDeclaration[] = []
  let unbound = 0
  for (const declaration of search.declarations) {
    const located = locate(declaration, search, set)
    if (located.kind === 'found') locations.set(declaration, located.location)
    else if (located.kind === 'open') open.push(declaration)
    else {
      problems.push(located.problem)
      unbound++
    }
  }
  const used = new Set<Column>(
    [...locations.values()].flatMap((location) => (location.kind === 'columns' ? location.columns : [])),
  )
  const matrices = search.declarations.filter((declaration) => longRank(declaration) === 2).length
  for (const declaration of open) {
    const location = locateOpenMatrix(declaration, search, matrices === 1 && unbound === 0, used)
    if ('code' in location) {
      problems.push(location)
      continue
    }
    locations.set(declaration, location)
    warnings.push(...rowNumberColumns(declaration, location))
  }
  warnings.push(...unusedNames(search, locations))
  return locations
}

/** Columns that count the rows, in a matrix that takes all columns: probably not meant. */
function rowNumberColumns(
  declaration: DataDeclaration,
  location: Extract<Location, { kind: 'columns' }>,
): readonly DataProblem[] {
  const { table, columns } = location
  if (table.rows < 3 || columns.length < 2) return []
  return columns
    .filter(({ cells }) => {
      const start = Number(cells[0])
      if (start !== 0 && start !== 1) return false
      for (let i = 0; i < table.rows; i++) if (Number(cells[i] ?? Number.NaN) !== start + i) return false
      return true
    })
    .map(({ name }) => {
      const message = `column \`${name}\` of ${table.source} counts the rows and is taken as part of \`${declaration.name}\``
      return dataProblem(dataWarnings.rowNumbers, message, { source: table.source, column: name })
    })
}

/** Lines of a table of names and values that no data takes. */
function unusedNames(search: Search, locations: ReadonlyMap<DataDeclaration, Location>): readonly DataProblem[] {
  const taken = [...locations.values()].flatMap((location) =>
    location.kind === 'cell' && location.row !== null ? [location] : [],
  )
  return search.tables.flatMap((table) => {
    const rows = nameRows(table)
    const here = new Set(
      taken.filter((location) => location.source === table.source).map((location) => location.column),
    )
    if (table.rows < 2 || here.size === 0) return []
    return rows
      .filter((row) => !here.has(row.name) && looksNumeric(String(row.cell)))
      .map((row) =>
        dataProblem(dataWarnings.unusedName, `\`${row.name}\` of ${table.source} is not used by the model`, {
          source: table.source,
          column: row.name,
        }),
      )
  })
}

function setValues(
  declarations: readonly DataDeclaration[],
  set: ReadonlyMap<string, unknown>,
  problems: DataProblem[],
): ReadonlyMap<string, NestedCells> {
  const values = new Map<string, NestedCells>()
  for (const { name } of declarations) {
    if (!set.has(name)) continue
    const cells = nestedCells(set.get(name))
    if (typeof cells === 'string')
      problems.push(dataProblem(dataCodes.json, `--set ${name} ${cells}`, { source: '--set', column: name }))
    else values.set(name, cells)
  }
  return values
}
