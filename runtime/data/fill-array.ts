import { cellLabel, checkCell } from './check-cell.js'
import type { Grid } from './grid.js'
import type { LevelSets } from './level-sets.js'
import { isMissing } from './parse-cell.js'
import { dataCodes, dataProblem, shown } from './problems.js'
import type { BoundArray, Cell, CellOrigin, DataProblem } from './types.js'

/** Checks every cell and turns the grid into numbers; one complaint per kind, with how many more there are. */
export function fillArray(
  grid: Grid,
  levels: LevelSets,
): { readonly array: BoundArray; readonly problems: readonly DataProblem[] } {
  const { declaration, length } = grid
  const category = declaration.element === 'category'
  const values = category ? new Int32Array(length) : new Float64Array(length)
  const found = new Map<string, { readonly problem: DataProblem; count: number }>()
  const numbers = category ? numbersOf(grid, levels) : []
  const width = numbers.length
  const origins: CellOrigin[] = []
  let missing = 0
  for (let i = 0; i < length; i++) {
    const cell = grid.cell(i)
    const checked = checkCell(declaration, cell)
    if (!('value' in checked)) {
      const known = found.get(checked.code)
      if (known !== undefined) known.count++
      else found.set(checked.code, { problem: complaint(grid, i, checked.code, checked.why, checked.help), count: 1 })
      continue
    }
    if (Number.isNaN(checked.value)) {
      missing++
      const { row, column } = grid.place(i)
      if (declaration.optional) origins.push({ source: grid.source, row, column })
    }
    values[i] = category ? levelNumber(cell, numbers[i % width]) : checked.value
  }
  const problems = counted(found.values())
  if (problems.length === 0 && declaration.type === 'simplex') problems.push(...checkSimplex(grid, values))
  const array = { name: declaration.name, values, shape: grid.shape, offsets: grid.offsets, missing }
  return { array: declaration.optional ? { ...array, origins } : array, problems }
}

/** Complaints with how many more there are of each kind. */
export function counted(found: Iterable<{ readonly problem: DataProblem; readonly count: number }>): DataProblem[] {
  return [...found].map(({ problem, count }) =>
    count === 1
      ? problem
      : { ...problem, message: `${problem.message} (and ${count - 1} more such ${count === 2 ? 'cell' : 'cells'})` },
  )
}

function numbersOf(grid: Grid, levels: LevelSets): readonly ReadonlyMap<string, number>[] {
  const lists = levels.get(grid.declaration.levels?.name ?? grid.declaration.name) ?? [[]]
  return lists.map((list) => new Map(list.map((label, i) => [label, i])))
}

function levelNumber(cell: Cell | undefined, numbers: ReadonlyMap<string, number> | undefined): number {
  if (cell === null || cell === undefined || isMissing(cell)) return -1
  return numbers?.get(cellLabel(cell)) ?? -1
}

/** What is wrong with the cell at a position. */
export function complaint(grid: Grid, index: number, code: string, why: string, help: string | null): DataProblem {
  const place = grid.place(index)
  const cell = grid.cell(index)
  const value = cell === null || cell === undefined ? null : String(cell)
  const what = value === null || code === dataCodes.missing ? 'the cell' : `\`${shown(value)}\``
  const message = `${grid.source}, ${place.text}: ${what} ${why} (\`${grid.declaration.name}\` is ${grid.declaration.type})`
  return dataProblem(code, message, { source: grid.source, row: place.row, column: place.column, value }, help)
}

/** How far the sum of a point of a simplex may be from 1. */
const SIMPLEX = 1e-8

/** Points of a simplex sum to 1. `before`: cells of the array that stand before the values. */
export function checkSimplex(grid: Grid, values: ArrayLike<number>, before = 0): readonly DataProblem[] {
  const width = grid.shape.at(-1) ?? 1
  for (let start = 0; start < values.length; start += width) {
    let sum = 0
    for (let i = 0; i < width; i++) sum += values[start + i] ?? 0
    if (Math.abs(sum - 1) <= SIMPLEX) continue
    const place = grid.place(before + start)
    const message = `${grid.source}, ${place.text}: the ${width} numbers of \`${grid.declaration.name}\` sum to ${sum}, not to 1`
    return [dataProblem(dataCodes.notSimplex, message, { source: grid.source, row: place.row, column: place.column })]
  }
  return []
}
