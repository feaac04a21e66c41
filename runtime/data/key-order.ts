import type { Search } from './find-column.js'
import { type Location, rowPlace } from './grid.js'
import type { LevelSets } from './level-sets.js'
import { isMissing, labelOf } from './parse-cell.js'
import { dataCodes, dataProblem, dataWarnings, shown } from './problems.js'
import type { DataDeclaration, DataProblem } from './types.js'

export interface KeyOrder {
  /** Row of the table for each level; null where levels are missing. */
  readonly order: Int32Array | null
  readonly problems: readonly DataProblem[]
  readonly warnings: readonly DataProblem[]
}

/** Puts the rows of a table with one row per level into the order of the levels. */
export function keyOrder(
  declaration: DataDeclaration,
  location: Extract<Location, { kind: 'columns' }>,
  search: Search,
  levels: LevelSets,
): KeyOrder {
  const { table, key } = location
  const dim = declaration.dims[0]
  if (key === null || dim?.kind !== 'levels') return { order: null, problems: [], warnings: [] }
  const owner = search.declarations.find((other) => other.name === dim.of)
  const list = (levels.get(dim.of) ?? levels.get(owner?.levels?.name ?? ''))?.[0]
  // Without levels the category itself is not bound, and that is complained about already.
  if (list === undefined) return { order: null, problems: [], warnings: [] }
  const rows = new Map<string, number>()
  for (let i = 0; i < table.rows; i++) {
    const cell = key.cells[i]
    if (cell !== null && cell !== undefined && !isMissing(cell)) rows.set(labelOf(cell), i)
  }
  const absent = list.filter((level) => !rows.has(level))
  const [first] = absent
  if (first !== undefined) {
    const more = absent.length > 1 ? ` (and ${absent.length - 1} more)` : ''
    const message = `${table.source} has no row whose \`${key.name}\` is \`${shown(first)}\`${more}, but \`${declaration.name}\` needs one per level of ${dim.of}`
    return {
      order: null,
      problems: [dataProblem(dataCodes.keyLevel, message, { source: table.source, column: key.name, value: first })],
      warnings: [],
    }
  }
  const known = new Set(list)
  const warnings = [...rows]
    .filter(([label]) => !known.has(label))
    .map(([label, row]) => {
      const message = `${table.source}, ${rowPlace(table, row, key.name).text}: no other data has the level \`${shown(label)}\`; the row is not used`
      return dataProblem(dataWarnings.unusedKey, message, {
        source: table.source,
        row: table.rowNumbers[row] ?? null,
        column: key.name,
        value: label,
      })
    })
  return { order: Int32Array.from(list, (level) => rows.get(level) ?? 0), problems: [], warnings }
}
