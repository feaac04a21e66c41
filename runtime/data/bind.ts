import { agreeLengths, agreeSizes, checkExtents } from './agree-sizes.js'
import { checkOptions } from './bind-options.js'
import { fillArray } from './fill-array.js'
import type { Search } from './find-column.js'
import { gridOfColumns, type Location, longRank } from './grid.js'
import { keyOrder } from './key-order.js'
import { collectLevels, type LevelSets } from './level-sets.js'
import { locate, locateOpenMatrix } from './locate.js'
import { nameRows } from './locate-scalar.js'
import { makeGrids } from './make-grids.js'
import { looksNumeric } from './parse-cell.js'
import { dataCodes, dataProblem, dataWarnings } from './problems.js'
import { sizeLedger } from './size-ledger.js'
import { nestedCells } from './table-from-object.js'
import type { BoundArray, BoundData, Column, DataDeclaration, DataProblem, NestedCells, Table } from './types.js'

export interface BindOptions {
  /** `--columns`: data name → column names (one renames, several make a matrix). */
  readonly columns?: ReadonlyMap<string, readonly string[]>
  /** Names in `columns` that come from an earlier fit, not from the user. */
  readonly asFitted?: ReadonlySet<string>
  /** `--group-by`: the column that says which sequence a row belongs to. */
  readonly groupBy?: string | null
  /** `--set`: values by name; names that are no data (consts) are left alone. */
  readonly set?: ReadonlyMap<string, unknown>
  /** Levels of a fit, for new data: an unseen level is a complaint, or is added where it only indexes latents. */
  readonly frozenLevels?: LevelSets
  /** Sizes of a fit that new data must have too (not the number of rows). */
  readonly frozenSizes?: ReadonlyMap<string, number>
}

export interface BindResult {
  readonly value?: BoundData
  readonly problems: readonly DataProblem[]
}

const maxProblems = 20

/**
 * Binds tables to the data declarations of a model by name, checks every cell, and infers sizes and levels. Every
 * complaint names file, row, column and value; with one there is no value.
 */
export function bindData(
  declarations: readonly DataDeclaration[],
  tables: readonly Table[],
  options: BindOptions = {},
): BindResult {
  const problems: DataProblem[] = []
  const warnings: DataProblem[] = []
  const search: Search = {
    declarations,
    tables,
    columns: options.columns ?? new Map(),
    groupBy: options.groupBy ?? null,
    asFitted: options.asFitted ?? new Set(),
  }
  problems.push(...checkOptions(search))
  const locations = locateAll(search, setValues(declarations, options.set ?? new Map(), problems), problems, warnings)
  const ledger = sizeLedger(options.frozenSizes ?? new Map())
  const { grids, keyed } = makeGrids(search, locations, problems)
  const collected = collectLevels(grids, options.frozenLevels ?? null)
  problems.push(...collected.problems)
  warnings.push(...collected.warnings)
  for (const { declaration, location } of keyed) {
    const ordered = keyOrder(declaration, location, search, collected.levels)
    problems.push(...ordered.problems)
    warnings.push(...ordered.warnings)
    if (ordered.order !== null) grids.push(gridOfColumns(declaration, location, ordered.order, null))
  }
  const keyedLevels = collectLevels(
    grids.filter((grid) => !collected.levels.has(grid.declaration.levels?.name ?? '')),
    options.frozenLevels ?? null,
  )
  const levels: LevelSets = new Map([...collected.levels, ...keyedLevels.levels])
  problems.push(...keyedLevels.problems)
  const arrays = new Map<string, BoundArray>()
  for (const grid of grids) {
    const filled = fillArray(grid, levels)
    problems.push(...filled.problems)
    arrays.set(grid.declaration.name, filled.array)
  }
  const byName = new Map(grids.map((grid) => [grid.declaration.name, grid]))
  const inOrder = declarations.flatMap((declaration) => byName.get(declaration.name) ?? [])
  problems.push(...agreeSizes(inOrder, ledger, levels))
  const lengths = agreeLengths(inOrder, problems)
  if (problems.length === 0) problems.push(...checkExtents(inOrder, ledger, arrays))
  if (problems.length > 0) return { problems: problems.slice(0, maxProblems) }
  const sizes = new Map(ledger.values)
  for (const [name, lists] of levels) if (lists.length === 1) sizes.set(name, lists[0]?.length ?? 0)
  const ordered = new Map(
    declarations.flatMap((declaration) => {
      const array = arrays.get(declaration.name)
      return array === undefined ? [] : [[declaration.name, array] as const]
    }),
  )
  const columns = new Map(inOrder.map((grid) => [grid.declaration.name, grid.columns]))
  return { value: { sizes, lengths, arrays: ordered, levels, columns, warnings }, problems: [] }
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

function locateAll(
  search: Search,
  set: ReadonlyMap<string, NestedCells>,
  problems: DataProblem[],
  warnings: DataProblem[],
): ReadonlyMap<DataDeclaration, Location> {
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
