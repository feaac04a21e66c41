/** Files as the reader sees them before they are bound: columns, inferred types, missing cells, the first rows. */
import { isMissing, looksNumeric } from '../../runtime/data/parse-cell.js'
import type { Cell, Table } from '../../runtime/data/types.js'
import type { ColumnPreview, FilePreview } from './messages.js'

const HEAD = 50
const MOST_DISTINCT = 1000
/** A column of whole numbers with so few different values may be a category as well. */
const TRUTH = new Set(['true', 'false', 'yes', 'no'])

export function preview(table: Table): FilePreview {
  const rows = Math.max(table.rows, ...table.columns.map((c) => c.cells.length), 0)
  return {
    name: table.source,
    rows,
    columns: table.columns.map((c) => columnPreview(c.name, c.cells)),
    head: Array.from({ length: Math.min(HEAD, rows) }, (_, r) => table.columns.map((c) => shown(c.cells[r]))),
    arrays: [...(table.nested ?? [])].map(([name, { shape }]) => ({ name, shape })),
  }
}

const shown = (cell: Cell | undefined): string | null => (isMissing(cell) ? null : String(cell).trim())

export function columnPreview(name: string, cells: ArrayLike<Cell>): ColumnPreview {
  let missing = 0
  let [numbers, whole, truths] = [0, 0, 0]
  const seen = new Set<string>()
  for (let i = 0; i < cells.length; i++) {
    const cell = cells[i]
    if (isMissing(cell)) {
      missing++
      continue
    }
    const text = String(cell).trim()
    if (typeof cell === 'number' || looksNumeric(text)) {
      numbers++
      if (Number.isInteger(Number(text))) whole++
    } else if (TRUTH.has(text.toLowerCase())) truths++
    if (seen.size <= MOST_DISTINCT) seen.add(text)
  }
  const present = cells.length - missing
  const type =
    present === 0
      ? 'empty'
      : numbers === present
        ? whole === present
          ? 'whole number'
          : 'number'
        : truths === present
          ? 'yes/no'
          : seen.size <= Math.min(MOST_DISTINCT, Math.max(12, present / 2))
            ? 'category'
            : 'text'
  return { name, type, missing, distinct: seen.size > MOST_DISTINCT ? null : seen.size }
}
