import { columnOf, type Search } from './find-column.js'
import { type Grid, gridOfCell, gridOfColumns, gridOfNested, isRagged, type Location } from './grid.js'
import { dataCodes, dataProblem } from './problems.js'
import { groupRows, oneRowEach, type Sequences } from './sequences.js'
import type { DataDeclaration, DataProblem, Table } from './types.js'

/** An array over levels: its rows are put in order once the levels are known. */
export interface Keyed {
  readonly declaration: DataDeclaration
  readonly location: Extract<Location, { kind: 'columns' }>
}

/** The cells of every array that was found, ragged ones first: their sequences order the arrays over sequences. */
export function makeGrids(
  search: Search,
  locations: ReadonlyMap<DataDeclaration, Location>,
  problems: DataProblem[],
): { grids: Grid[]; keyed: Keyed[] } {
  const grids: Grid[] = []
  const keyed: Keyed[] = []
  const sequences = new Map<Table, Sequences | DataProblem>()
  const sequenceSizes = new Set<string>()
  let labels: readonly string[] | null = null
  const sorted = [...locations].sort(([a], [b]) => Number(isRagged(b)) - Number(isRagged(a)))
  for (const [declaration, location] of sorted) {
    const first = declaration.dims[0]
    if (location.kind === 'cell') grids.push(gridOfCell(declaration, location))
    else if (location.kind === 'nested') {
      const grid = gridOfNested(declaration, location)
      if ('code' in grid) problems.push(grid)
      else grids.push(grid)
    } else if (location.key !== null) keyed.push({ declaration, location })
    else if (isRagged(declaration)) {
      const grouped = groupsOf(location.table, declaration, search, sequences)
      if ('code' in grouped) {
        if (!problems.includes(grouped)) problems.push(grouped)
        continue
      }
      labels ??= grouped.labels
      if (first?.kind === 'size') sequenceSizes.add(first.name)
      grids.push(gridOfColumns(declaration, location, grouped.order, grouped.offsets))
    } else {
      const key = search.groupBy === null ? null : columnOf(location.table, search.groupBy)
      const perSequence = first?.kind === 'size' && sequenceSizes.has(first.name) && key !== null && labels !== null
      const order = perSequence ? oneRowEach(location.table, location.columns, key, labels ?? []) : null
      if (order !== null && 'code' in order) problems.push(order)
      else grids.push(gridOfColumns(declaration, location, order, null))
    }
  }
  return { grids, keyed }
}

function groupsOf(
  table: Table,
  declaration: DataDeclaration,
  search: Search,
  known: Map<Table, Sequences | DataProblem>,
): Sequences | DataProblem {
  const before = known.get(table)
  if (before !== undefined) return before
  const result = makeGroups(table, declaration, search)
  known.set(table, result)
  return result
}

function makeGroups(table: Table, declaration: DataDeclaration, search: Search): Sequences | DataProblem {
  const { groupBy } = search
  if (groupBy === null) {
    const message = `\`${declaration.name}\` has many sequences, and nothing says which sequence each row of ${table.source} belongs to`
    const others = table.columns.map((column) => column.name).filter((name) => name !== declaration.name)
    const help = `name the column that does: --group-by ${others.length === 1 ? others[0] : 'COLUMN'}`
    return dataProblem(dataCodes.noGroupBy, message, { source: table.source, column: declaration.name }, help)
  }
  const column = columnOf(table, groupBy)
  if (column !== null) return groupRows(table, column)
  const message = `--group-by ${groupBy}: ${table.source}, which holds \`${declaration.name}\`, has no such column`
  return dataProblem(dataCodes.groupColumn, message, { source: table.source, column: groupBy })
}
