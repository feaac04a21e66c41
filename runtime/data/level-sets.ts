import { cellLabel } from './check-cell.js'
import { firstPositions } from './fill-numbers.js'
import type { Grid } from './grid.js'
import { isMissing, looksNumeric } from './parse-cell.js'
import { dataCodes, dataProblem, dataWarnings, shown } from './problems.js'
import type { DataProblem } from './types.js'

/** Level sets by name: one list, or one list per column of a matrix. */
export type LevelSets = ReadonlyMap<string, readonly (readonly string[])[]>

/** Sorted as numbers if all are numbers, else by code unit. */
export function sortLevels(labels: Iterable<string>): string[] {
  const list = [...labels]
  const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
  if (!list.every(looksNumeric)) return list.sort(byText)
  const value = (label: string): number =>
    /inf/i.test(label) ? (label.startsWith('-') ? -1 : 1) * Number.POSITIVE_INFINITY : Number(label)
  return list.sort((a, b) => (value(a) === value(b) ? byText(a, b) : value(a) - value(b)))
}

/**
 * The levels of every category among `grids`. With `frozen` (the levels of a fit) a level that the fit has not seen is a
 * complaint, unless it only indexes a latent: it is then added at the end.
 */
export function collectLevels(
  grids: readonly Grid[],
  frozen: LevelSets | null,
): {
  readonly levels: LevelSets
  readonly problems: readonly DataProblem[]
  readonly warnings: readonly DataProblem[]
} {
  const levels = new Map<string, readonly (readonly string[])[]>()
  const problems: DataProblem[] = []
  const warnings: DataProblem[] = []
  const bySet = new Map<string, Grid[]>()
  for (const grid of grids) {
    const set = grid.declaration.levels
    if (set === null) continue
    const members = bySet.get(set.name)
    if (members === undefined) bySet.set(set.name, [grid])
    else members.push(grid)
  }
  for (const [name, members] of bySet) {
    const perColumn = members[0]?.declaration.levels?.perColumn ?? false
    const width = perColumn ? (members[0]?.shape.at(-1) ?? 1) : 1
    const lists: (readonly string[])[] = []
    for (let column = 0; column < width; column++) {
      const list = oneSet(members, column, width, frozen?.get(name)?.[column] ?? null, problems)
      lists.push(list)
      const twin = twins(list)
      const first = members[0]
      if (twin === null || first === undefined) continue
      const message = `the levels \`${twin[0]}\` and \`${twin[1]}\` of ${first.origin} are the same number, but two levels`
      warnings.push(
        dataProblem(dataWarnings.sameNumber, message, {
          source: first.source,
          column: first.columns[column] ?? null,
          value: twin[1],
        }),
      )
    }
    levels.set(name, lists)
  }
  return { levels, problems, warnings }
}

function oneSet(
  members: readonly Grid[],
  column: number,
  step: number,
  frozen: readonly string[] | null,
  problems: DataProblem[],
): readonly string[] {
  const seen = new Set<string>(frozen ?? [])
  const added = new Set<string>()
  for (const grid of members) {
    const positions = firstPositions(grid, column, step)
    const count = positions?.length ?? Math.ceil((grid.length - column) / step)
    for (let at = 0; at < count; at++) {
      const i = positions?.[at] ?? column + at * step
      const cell = grid.cell(i)
      if (cell === null || cell === undefined || isMissing(cell)) continue
      const label = cellLabel(cell)
      if (seen.has(label)) continue
      seen.add(label)
      if (frozen === null || grid.declaration.indexesLatentsOnly) {
        added.add(label)
        continue
      }
      const place = grid.place(i)
      const message = `${grid.source}, ${place.text}: \`${shown(label)}\` is a level of \`${grid.declaration.name}\` that the fit has not seen`
      const help = `the fit knows ${frozen.slice(0, 8).map(shown).join(', ')}${frozen.length > 8 ? ', …' : ''}`
      problems.push(
        dataProblem(
          dataCodes.unseenLevel,
          message,
          { source: grid.source, row: place.row, column: place.column, value: label },
          help,
        ),
      )
    }
  }
  const list = frozen === null ? sortLevels(added) : [...frozen, ...sortLevels(added)]
  const first = members[0]
  if (list.length === 0 && first !== undefined && problems.length === 0) {
    const name = first.columns[column] ?? first.columns[0] ?? first.declaration.name
    const message = `column \`${name}\` of ${first.source} has no value at all, so \`${first.declaration.name}\` has no levels`
    problems.push(dataProblem(dataCodes.noLevels, message, { source: first.source, column: name }))
  }
  return list
}

/** Two levels that are one number in two spellings: `1` and `1.0`. */
function twins(levels: readonly string[]): readonly [string, string] | null {
  const seen = new Map<number, string>()
  for (const level of levels) {
    if (!looksNumeric(level)) return null
    const value = Number(level)
    const other = seen.get(value)
    if (other !== undefined) return [other, level]
    seen.set(value, level)
  }
  return null
}
