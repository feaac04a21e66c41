import { csvText } from '../../api/rows/csv-text.js'
import type { DataResiduals } from '../../index.js'
import { formatNumber, plural } from './numbers.js'
import { printable } from './paint.js'
import { textTable } from './text-table.js'

const BLOCKS = ' ▁▂▃▄▅▆▇█'
const MOST_VALUES = 20

/** A mean of numbers of size 1. */
const near = (x: number): string => formatNumber(Math.abs(x) < 1e-9 ? 0 : x)

/** A cell on each line. */
export function residualsCsv(arrays: readonly DataResiduals[]): string {
  const number = (x: number | null): string => (x === null ? '' : String(x))
  return csvText([
    ['data', 'index', 'observed', 'pit', 'quantile', 'residual', 'probability'],
    ...arrays.flatMap(({ data, cells }) =>
      cells.map((c) => [
        data,
        c.index.join(' '),
        String(c.observed),
        number(c.pit),
        number(c.quantile),
        number(c.residual),
        number(c.probability),
      ]),
    ),
  ])
}

/** What the residuals of each array say together. */
export function residualsText(arrays: readonly DataResiduals[]): string {
  if (arrays.length === 0) return 'the model gives no cell of data a distribution\n'
  return `${arrays.map((a) => lines(a).join('\n')).join('\n\n')}\n`
}

function lines(r: DataResiduals): readonly string[] {
  const name = printable(r.column === null ? r.data : `${r.data} (${r.column})`)
  if (r.reason !== null) return [`${name}: no residuals, since ${printable(r.reason)}`]
  const out = [`${name}: ${plural(r.cells.length, 'cell')}, each given all others`]
  if (r.left > 0) out.push(`  left out: ${plural(r.left, 'cell')} of which nothing is known without them`)
  if (r.approximate) out.push('  by a factorised posterior without the cell: an approximation, as that posterior is')
  if (r.readElsewhere) out.push('  other statements read these cells too, and still know them')
  if (r.histogram !== null) {
    const most = Math.max(...r.histogram)
    const bars = r.histogram.map((share) => BLOCKS[Math.round((8 * share) / most)] ?? ' ').join('')
    out.push(`  place in its distribution, by tenths  ${bars}  (${r.histogram.map((s) => s.toFixed(2)).join(' ')})`)
  }
  if (r.distance !== null)
    out.push(
      `  largest distance from uniform ${formatNumber(r.distance.value)} (5 % of samples exceed ${formatNumber(r.distance.limit)})`,
    )
  if (r.quantile !== null)
    out.push(`  quantile residuals: mean ${near(r.quantile.mean)}, sd ${formatNumber(r.quantile.sd)}`)
  if (r.residual !== null)
    out.push(`  standardised residuals: mean ${near(r.residual.mean)}, sd ${formatNumber(r.residual.sd)}`)
  if (r.frequencies !== null) {
    const rows = r.frequencies
      .slice(0, MOST_VALUES)
      .map((f) => [
        printable(f.value),
        formatNumber(f.observed),
        formatNumber(f.expected),
        f.z === null ? '' : near(f.z),
      ])
    out.push(...textTable(['value', 'observed', 'expected', 'in sds'], rows).map((line) => `  ${line}`))
  }
  if (r.calibration !== null)
    out.push(
      `  Brier score ${formatNumber(r.calibration.brier)}, probabilities off by ${formatNumber(r.calibration.error)} on average`,
    )
  return out
}
