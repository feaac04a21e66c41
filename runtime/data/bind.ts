import { agreeLengths, agreeSizes, checkExtents } from './agree-sizes.js'
import { checkOptions } from './bind-options.js'
import { fillArray } from './fill-array.js'
import type { Search } from './find-column.js'
import { type Grid, gridOfColumns, type Location } from './grid.js'
import { keyOrder } from './key-order.js'
import { collectLevels, type LevelSets } from './level-sets.js'
import { locateAll, type Remarks } from './locate-all.js'
import { makeGrids } from './make-grids.js'
import { sizeLedger } from './size-ledger.js'
import type { BoundArray, BoundData, DataDeclaration, DataProblem, Table } from './types.js'

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
  const search = searchOf(declarations, tables, options)
  const remarks: Remarks = { problems: [...checkOptions(search)], warnings: [] }
  return bindLocated(search, locateAll(search, options.set ?? new Map(), remarks), options, remarks)
}

export function searchOf(
  declarations: readonly DataDeclaration[],
  tables: readonly Table[],
  options: BindOptions,
): Search {
  return {
    declarations,
    tables,
    columns: options.columns ?? new Map(),
    groupBy: options.groupBy ?? null,
    asFitted: options.asFitted ?? new Set(),
  }
}

/** An array whose rows do not lie in memory. */
export interface StreamedArray {
  /** Its place and shape; it has no cells. */
  readonly grid: Grid
  /** The labels that a category has, one below the other in each column; null for numbers. */
  readonly labels: Grid | null
  array(levels: LevelSets): BoundArray
}

/** Binds what was found. `streamed`: arrays that are not among the locations. */
export function bindLocated(
  search: Search,
  locations: ReadonlyMap<DataDeclaration, Location>,
  options: BindOptions,
  { problems, warnings }: Remarks,
  streamed: readonly StreamedArray[] = [],
): BindResult {
  const { declarations } = search
  const ledger = sizeLedger(options.frozenSizes ?? new Map())
  const { grids, keyed } = makeGrids(search, locations, problems)
  const labels = streamed.flatMap((s) => (s.labels === null ? [] : [s.labels]))
  const collected = collectLevels([...grids, ...labels], options.frozenLevels ?? null)
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
  for (const s of streamed) arrays.set(s.grid.declaration.name, s.array(levels))
  const byName = new Map([...grids, ...streamed.map((s) => s.grid)].map((grid) => [grid.declaration.name, grid]))
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
