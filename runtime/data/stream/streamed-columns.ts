/** Arrays over columns of rows that do not lie in memory. */
import type { StreamedArray } from '../bind.js'
import { type Grid, type Location, longRank, placeOfRow } from '../grid.js'
import type { LevelSets } from '../level-sets.js'
import type { BoundArray, DataDeclaration, RowSource, StreamedRows } from '../types.js'

/** Columns that were found, of a table whose rows are elsewhere. */
export type ColumnsLocation = Extract<Location, { kind: 'columns' }>

/** Rows that are put side by side at a time. */
const PIECE = 16_384

/** The array of a declaration. `first`: where its columns begin among those of the source. */
export function streamedColumns(
  declaration: DataDeclaration,
  location: ColumnsLocation,
  source: RowSource,
  first: number,
): StreamedArray {
  const names = location.columns.map((c) => c.name)
  const width = names.length
  const { rows } = source
  const isMatrix = longRank(declaration) > 1
  const grid: Grid = {
    declaration,
    source: location.table.source,
    origin: `\`${declaration.name}\` (${names.length === 1 ? `column ${names[0]}` : `columns ${shortly(names)}`} of ${location.table.source})`,
    columns: names,
    shape: isMatrix ? [rows, width] : [rows],
    offsets: null,
    length: rows * width,
    cell: () => undefined,
    place: (index) => {
      const row = Math.floor(index / width)
      return placeOfRow(row, source.rowNumber?.(row) ?? row + 1, names[index % width] ?? '')
    },
  }
  const columns = source.columns.slice(first, first + width)
  const labels = columns.map((c) => (c.kind === 'levels' ? c.levels : []))
  const deepest = Math.max(0, ...labels.map((list) => list.length))
  const isCategory = declaration.element === 'category'
  return {
    grid,
    labels: isCategory
      ? { ...grid, length: deepest * width, cell: (i) => labels[i % width]?.[Math.floor(i / width)] ?? null }
      : null,
    array(levels) {
      const numbers = isCategory ? levelNumbers(declaration, labels, levels) : null
      return {
        name: declaration.name,
        values: isCategory ? new Int32Array(0) : new Float64Array(0),
        shape: grid.shape,
        offsets: null,
        missing: 0,
        stream: rowsOf(source, first, width, numbers),
      }
    },
  }
}

const shortly = (names: readonly string[]): string =>
  names.length > 6 ? `${names.slice(0, 5).join(', ')}, … ${names.at(-1)}` : names.join(', ')

/** For each column the level of each of its labels, behind that of a missing cell. */
function levelNumbers(
  declaration: DataDeclaration,
  labels: readonly (readonly string[])[],
  levels: LevelSets,
): readonly Int32Array[] {
  const lists = levels.get(declaration.levels?.name ?? declaration.name) ?? [[]]
  return labels.map((own, c) => {
    const at = new Map((lists.length === 1 ? lists[0] : lists[c])?.map((label, i) => [label, i]))
    return Int32Array.from([-1, ...own.map((label) => at.get(label) ?? -1)])
  })
}

function rowsOf(source: RowSource, first: number, width: number, numbers: readonly Int32Array[] | null): StreamedRows {
  const { rows } = source
  const length = Math.min(rows, PIECE)
  const column = numbers === null ? new Float64Array(length) : new Int32Array(length)
  return {
    rows,
    width,
    read(from, to, into) {
      if (width === 1 && numbers === null) {
        source.read(first, from, to, into.subarray(0, to - from))
        return
      }
      for (let start = from; start < to; start += PIECE) {
        const end = Math.min(to, start + PIECE)
        for (let c = 0; c < width; c++) {
          source.read(first + c, start, end, column.subarray(0, end - start))
          const levels = numbers?.[c] ?? null
          for (let i = 0, at = (start - from) * width + c; i < end - start; i++, at += width) {
            const x = column[i] ?? Number.NaN
            into[at] = levels === null ? x : (levels[x + 1] ?? -1)
          }
        }
      }
    },
  }
}

/** An array with a number of rows in memory, and how many of its cells are missing. */
export function withRows(array: BoundArray, values: Float64Array | Int32Array, rows: number): BoundArray {
  const { stream: _, ...rest } = array
  let missing = 0
  for (const x of values) if (values instanceof Int32Array ? x < 0 : Number.isNaN(x)) missing++
  return { ...rest, values, shape: [rows, ...array.shape.slice(1)], missing }
}
