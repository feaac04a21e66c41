/** Tables with their missing cells filled. */
import type { Cell, Table } from '../../runtime/data/types.js'
import type { ImputedArray, ImputedCell } from '../impute.js'
import { csvText } from './csv-text.js'

/** Arrays with the cells that were missing. */
interface Filled {
  readonly arrays: readonly Pick<ImputedArray, 'name' | 'cells'>[]
}

/**
 * The rows of the table that has missing cells, every column kept. With `sd` a column `x:sd` follows a column x of
 * numbers that had some, and `x:probability` one of labels; it is empty where a cell was observed.
 * Cells that are not those of one table have no such rows: the reason is given in their place.
 */
export function imputedCsv(
  { arrays }: Filled,
  tables: readonly Table[],
  sd: boolean,
): { readonly text: string } | { readonly reason: string } {
  const cells = arrays.flatMap((a) => a.cells)
  const sources = new Set(cells.flatMap((c) => (c.origin === null ? [] : [c.origin.source])))
  const table = tables.find((t) => sources.has(t.source)) ?? tables[0]
  if (table === undefined) return { reason: noTable }
  if (sources.size > 1)
    return { reason: `cells are missing in several files: ${[...sources].map((s) => `\`${s}\``).join(', ')}` }
  const rowOf = new Map(table.rowNumbers.map((row, i) => [row, i]))
  const byColumn = new Map<string, Map<number, ImputedCell>>()
  for (const c of cells) {
    const row = c.origin === null || c.origin.row === null ? undefined : rowOf.get(c.origin.row)
    if (c.origin === null || row === undefined) return { reason: noTable }
    const column = byColumn.get(c.origin.column) ?? new Map<number, ImputedCell>()
    byColumn.set(c.origin.column, column.set(row, c))
  }
  const columns = table.columns.flatMap(({ name, cells: own }) => {
    const filled = byColumn.get(name)
    const plain = { header: name, at: (i: number) => text(filled?.get(i)?.value ?? own[i] ?? null) }
    if (filled === undefined || !sd) return [plain]
    const isNumber = [...filled.values()].some((c) => c.sd !== null)
    const beside = (i: number): string => text((isNumber ? filled.get(i)?.sd : filled.get(i)?.probability) ?? null)
    return [plain, { header: `${name}:${isNumber ? 'sd' : 'probability'}`, at: beside }]
  })
  const lines = [columns.map((c) => c.header)]
  for (let i = 0; i < table.rows; i++) lines.push(columns.map((c) => c.at(i)))
  return { text: csvText(lines) }
}

const noTable = 'the data is no table of rows and columns'

const text = (cell: Cell): string => (cell === null ? '' : String(cell))

/** Array → the cells that were missing, with what they are filled with. */
export function imputedJson({ arrays }: Filled): unknown {
  const entries = arrays.map(
    ({ name, cells }) =>
      [
        name,
        cells.map(({ index, value, sd, probability, probabilities }) => ({
          index,
          value,
          ...(sd === null ? {} : { sd }),
          ...(probability === null ? {} : { probability }),
          ...(probabilities === null ? {} : { probabilities: Object.fromEntries(probabilities) }),
        })),
      ] as const,
  )
  return { imputed: Object.assign(Object.create(null), Object.fromEntries(entries)) }
}
