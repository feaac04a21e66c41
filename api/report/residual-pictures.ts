/** How cells of data lie in the distributions that the fitted model gives them. */
import { counted, short } from '../charts/format.js'
import type { DataResiduals } from '../residuals.js'
import type { Picture } from './data-pictures.js'
import { type Html, h } from './html.js'
import { bars, curve } from './plot.js'
import { table } from './table.js'

/** Arrays, or columns, that are drawn one by one. */
const MOST = 12
const MOST_VALUES = 40

/** A mean of numbers of size 1. */
const near = (x: number): string => (Math.abs(x) < 1e-9 ? '0' : short(x, 2))

const nameOf = ({ data, column }: DataResiduals): string => (column === null ? data : `${data}: ${column}`)

/** Histograms of the probability integral transform: level where the model is right. */
export const residualPictures = (all: readonly DataResiduals[]): readonly Picture[] =>
  all
    .flatMap((r): readonly Picture[] => {
      const { histogram, distance, residual, quantile } = r
      if (histogram === null || distance === null) return []
      const top = Math.max(0.2, ...histogram) * 1.08
      const far = distance.value > distance.limit
      const sd =
        quantile === null
          ? ''
          : ` As normal numbers they have mean ${near(quantile.mean)} and sd ${short(quantile.sd, 3)}.`
      const standardised =
        residual === null
          ? ''
          : ` Standardised residuals have mean ${near(residual.mean)} and sd ${short(residual.sd, 3)}.`
      return [
        {
          title: `${nameOf(r)} in its distribution`,
          summary: `Where ${counted(r.cells.length, 'cell lies', 'cells lie')} in the distribution that the model gives them, given all others: level if the model is right. Largest distance ${short(distance.value, 2)}, ${far ? 'more' : 'no more'} than the ${short(distance.limit, 2)} of chance.${sd}${standardised}`,
          plot: {
            x: [0, 1],
            y: [0, top],
            xLabel: 'P(value ≤ observed)',
            yLabel: 'share of the cells',
            height: 220,
            marks: (frame) => [
              bars(
                frame,
                histogram.map((share, i) => ({ from: i / 10, to: (i + 1) / 10, height: share })),
                { colour: 'var(--chart-rule)', opacity: 0.45 },
              ),
              curve(frame, [0, 1], [0.1, 0.1], { colour: 'var(--chart-rule)', dash: '4 3' }),
            ],
          },
          table: table({
            caption: `Cells of ${nameOf(r)} by tenths.`,
            name: `Cells of ${nameOf(r)} by tenths`,
            head: ['P(value ≤ observed)', 'share'],
            rows: histogram.map((share, i) => [`${i / 10} to ${(i + 1) / 10}`, short(share, 3)]),
          }),
        },
      ]
    })
    .slice(0, MOST)

/** Observed and expected counts, calibration, and what has no residuals. */
export function residualTables(all: readonly DataResiduals[]): readonly Html[] {
  const counts = all.flatMap((r) => {
    const { frequencies, calibration } = r
    if (frequencies === null) return []
    const brier =
      calibration === null
        ? ''
        : ` Brier score ${short(calibration.brier, 4)}; probabilities are off by ${short(calibration.error, 2)} on average.`
    return [
      table({
        caption: `${nameOf(r)}: how often each value was observed, and how often the model expects it.${brier}`,
        name: `Observed and expected counts of ${nameOf(r)}`,
        head: ['value', 'observed', 'expected', 'difference in sds'],
        rows: frequencies
          .slice(0, MOST_VALUES)
          .map((f) => [f.value, short(f.observed, 5), short(f.expected, 5), f.z === null ? '' : short(f.z, 2)]),
        more: Math.max(0, frequencies.length - MOST_VALUES),
      }),
    ]
  })
  const without = all.flatMap((r) =>
    r.reason === null ? [] : [h('li', {}, h('code', {}, nameOf(r)), `: ${r.reason}`)],
  )
  const left = all.flatMap((r) =>
    r.left === 0
      ? []
      : [
          h(
            'li',
            {},
            h('code', {}, nameOf(r)),
            `: ${counted(r.left, 'cell is', 'cells are')} left out, since what the model says of them without them is not known`,
          ),
        ],
  )
  const notes = [...without, ...left]
  const rough = all.filter((r) => r.approximate).flatMap((r, i) => [i > 0 ? ', ' : '', h('code', {}, nameOf(r))])
  return [
    ...counts.slice(0, MOST),
    ...(rough.length === 0
      ? []
      : [
          h(
            'p',
            {},
            'The posterior without each cell is a factorised one, so these are approximations: ',
            ...rough,
            '.',
          ),
        ]),
    ...(notes.length === 0 ? [] : [h('p', {}, 'Without residuals:'), h('ul', {}, ...notes)]),
  ]
}
