import type { Calibration } from '../../runtime/calibration.js'
import type { Against } from '../against.js'
import { formatNumber } from './numbers.js'
import { printable } from './paint.js'
import { textTable } from './text-table.js'

/** Numbers of rows: whole ones as they are, sums of weights without the noise of their last digits. */
const rowsText = (n: number): string => String(Number.isInteger(n) ? n : Number(n.toPrecision(7)))

/** A confusion table with its figures. */
export function againstLines(against: Against): string[] {
  const { column, latent, rows, columns, table, errors, total, adjustedRand, calibration } = against
  const header = [`${column} \\ ${latent}`, ...columns].map(printable)
  const body = rows.map((label, i) => [printable(label), ...columns.map((_, j) => rowsText(table[i]?.[j] ?? 0))])
  const share = total === 0 ? 0 : (100 * errors) / total
  return [
    ...textTable(header, body),
    `${rowsText(errors)} of ${rowsText(total)} differ under the best matching (${formatNumber(share)} %); adjusted Rand index ${formatNumber(adjustedRand)}`,
    ...(calibration === null ? [] : ['', ...calibrationLines(calibration)]),
  ]
}

/** How often what was given a probability came true. */
function calibrationLines({ bins, brier, error }: Calibration): string[] {
  const percent = (x: number | null): string => (x === null ? '' : `${(100 * x).toFixed(1)} %`)
  const rows = bins
    .filter((b) => b.count > 0)
    .map((b) => [`${b.from} to ${b.to}`, rowsText(b.count), percent(b.predicted), percent(b.observed)])
  return [
    ...textTable(['probability of a label', 'how often', 'its mean', 'came true'], rows),
    `Brier score ${formatNumber(brier)}; probabilities are off by ${formatNumber(error)} on average`,
  ]
}
