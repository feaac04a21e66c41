import type { Against } from '../against.js'
import { formatNumber } from './numbers.js'
import { printable } from './paint.js'
import { textTable } from './text-table.js'

/** A confusion table with its figures. */
export function againstLines(against: Against): string[] {
  const { column, latent, rows, columns, table, errors, total, adjustedRand } = against
  const header = [`${column} \\ ${latent}`, ...columns].map(printable)
  const body = rows.map((label, i) => [printable(label), ...columns.map((_, j) => String(table[i]?.[j] ?? 0))])
  const share = total === 0 ? 0 : (100 * errors) / total
  return [
    ...textTable(header, body),
    `${errors} of ${total} differ under the best matching (${formatNumber(share)} %); adjusted Rand index ${formatNumber(adjustedRand)}`,
  ]
}
