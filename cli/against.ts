import { adjustedRand } from '../runtime/adjusted-rand.js'
import { bestMatching } from '../runtime/best-matching.js'
import { type Calibration, calibrationOf } from '../runtime/calibration.js'
import { sortLevels } from '../runtime/data/level-sets.js'
import { didYouMean } from '../runtime/data/nearest-name.js'
import { isMissing, labelOf } from '../runtime/data/parse-cell.js'
import type { Column, Table } from '../runtime/data/types.js'
import { UsageError } from './exit-codes.js'
import type { LatentPosterior, TableRows } from './ports.js'

/** How the most probable values of a latent agree with a column of known labels. */
export interface Against {
  readonly column: string
  readonly latent: string
  /** Labels of the column. */
  readonly rows: readonly string[]
  /** Values of the latent. */
  readonly columns: readonly string[]
  /** table[i][j]: rows with label i whose most probable value is j. */
  readonly table: readonly (readonly number[])[]
  /** Label matched to each value, null for a value left over. */
  readonly matching: readonly (string | null)[]
  readonly errors: number
  readonly total: number
  /** Hubert and Arabie (1985), Journal of Classification 2, p. 198. */
  readonly adjustedRand: number
  /** How often the labels come true that values are matched to, beside their probabilities; null without these. */
  readonly calibration: Calibration | null
}

/** The column of `--against COLUMN`, and the table that it stands in. @throws UsageError where there is none */
export function labelColumn(
  columnName: string,
  tables: readonly Table[],
): { readonly column: Column; readonly table: Table } {
  for (const table of tables) {
    const column = table.columns.find((candidate) => candidate.name === columnName)
    if (column !== undefined) return { column, table }
  }
  const known = tables.flatMap((table) => table.columns.map((candidate) => candidate.name))
  throw new UsageError(
    `--against: there is no column \`${columnName}\``,
    didYouMean(columnName, known) ?? `the columns are ${known.join(', ')}`,
  )
}

/**
 * The confusion table of `--against COLUMN`. Rows whose label is missing do not count, others as often as their weights say.
 *
 * @param rowsOf by latent, the rows of a table that its rows are; a latent that is not in it has them in the table's order
 */
export function against(
  columnName: string,
  tables: readonly Table[],
  latents: readonly LatentPosterior[],
  rowsOf: ReadonlyMap<string, TableRows> = new Map(),
): Against {
  const { column, table: labelTable } = labelColumn(columnName, tables)
  const latent = latents.find((candidate) => candidate.modes !== null && candidate.modes.length === column.cells.length)
  if (latent === undefined || latent.modes === null) {
    throw new UsageError(
      `--against ${columnName}: no discrete latent has one value per row of the column (${column.cells.length})`,
    )
  }
  const own = rowsOf.get(latent.name)
  const isOfRows = own?.kind === 'rows' && own.table === labelTable && own.rows.length === latent.modes.length
  const order = isOfRows ? own.rows : null
  const labelled: { readonly label: string; readonly value: number; readonly row: number }[] = []
  for (let i = 0; i < column.cells.length; i++) {
    const cell = column.cells[order === null ? i : (order[i] ?? i)]
    if (cell !== null && cell !== undefined && !isMissing(cell))
      labelled.push({ label: labelOf(cell), value: latent.modes[i] ?? 0, row: i })
  }
  const rows = sortLevels(new Set(labelled.map(({ label }) => label)))
  const position = new Map(rows.map((label, i) => [label, i]))
  const table = rows.map(() => new Array<number>(latent.labels.length).fill(0))
  const copies = labelled.map(({ row }) => latent.weights?.[row] ?? 1)
  for (const [i, { label, value }] of labelled.entries()) {
    const row = table[position.get(label) ?? -1]
    if (row !== undefined) row[value] = (row[value] ?? 0) + (copies[i] ?? 1)
  }
  const matched = table.length === 0 ? [] : bestMatching(table.map((row) => row.map((count) => -count)))
  const right = matched.reduce((sum, j, i) => sum + (table[i]?.[j] ?? 0), 0)
  const matching = latent.labels.map((_, j) => rows[matched.indexOf(j)] ?? null)
  const total = copies.reduce((a, b) => a + b, 0)
  return {
    column: columnName,
    latent: latent.name,
    rows,
    columns: latent.labels,
    table,
    matching,
    errors: total - right,
    total,
    adjustedRand: adjustedRand(table),
    calibration: calibration(
      latent,
      matched,
      labelled.map(({ label, row }) => ({ label: position.get(label) ?? -1, row })),
      copies,
    ),
  }
}

/** Probabilities of the labels are those of the values matched to them. */
function calibration(
  { probabilities, labels }: LatentPosterior,
  matched: readonly number[],
  rows: readonly { readonly label: number; readonly row: number }[],
  copies: readonly number[],
): Calibration | null {
  if (probabilities === null || rows.length === 0) return null
  const own = new Float64Array(rows.length * matched.length)
  rows.forEach(({ row }, i) => {
    matched.forEach((value, j) => {
      own[i * matched.length + j] = value < 0 ? 0 : (probabilities[row * labels.length + value] ?? 0)
    })
  })
  return calibrationOf(
    own,
    matched.length,
    rows.map(({ label }) => label),
    copies,
  )
}
