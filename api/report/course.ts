/** How a fit went: its trace, its starts. */
import { numberFromJson } from '../../runtime/json.js'
import type { FitResult, StartSummary } from '../../runtime/result.js'
import { counted, fixed, short } from '../charts/format.js'
import { colourOf } from '../charts/palette.js'
import { extentOf, padded } from '../charts/scales.js'
import type { Html } from './html.js'
import { curve, type FigureRequest, markers } from './plot.js'
import { table } from './table.js'

const MOST_NUMBERS = 200

export function traceFigure(
  result: FitResult,
  traces: readonly (readonly number[])[] | null,
  id: string,
): FigureRequest | null {
  const own = result.trace.map((value) => numberFromJson(value) ?? Number.NaN)
  if (own.length < 2) return null
  const others = (traces ?? []).filter((trace) => trace.length > 1)
  const [first = Number.NaN, last = Number.NaN] = [own[0], own.at(-1)]
  // starts are far below where they end: the axis shows what the run itself went through
  const lowest = Number.isFinite(first) ? first : (own.find(Number.isFinite) ?? 0)
  const heights = [own.slice(own.length > 6 ? 1 : 0), ...others.map((trace) => trace.slice(1))]
  const [low, high] = extentOf(...heights)
  const most = Math.max(own.length, ...others.map((trace) => trace.length)) - 1
  const step = Math.max(1, Math.ceil(own.length / MOST_NUMBERS))
  const from = Number.isFinite(lowest) ? fixed(lowest, 2) : short(lowest)
  return {
    title: 'Objective by iteration',
    summary: `From ${from} at the start to ${fixed(last, 4)} after ${counted(own.length - 1, 'iteration')}${others.length > 1 ? `; ${counted(others.length, 'start')} as thin lines` : ''}.`,
    legend:
      others.length > 1
        ? [
            { label: 'the best start', kind: 'line', series: 0 },
            { label: 'other starts', kind: 'line', series: 7 },
          ]
        : [],
    table: table({
      caption: 'The objective after each iteration.',
      name: 'Objective by iteration',
      head: ['iteration', 'objective'],
      rows: own.flatMap((value, i) => (i % step === 0 || i === own.length - 1 ? [[String(i), fixed(value, 6)]] : [])),
    }),
    plot: {
      id,
      x: [0, Math.max(1, most)],
      y: padded([Math.max(low, high - 20 * Math.max(1e-9, high - quantile(own, 0.25))), high], 0.06),
      xLabel: 'iteration',
      yLabel: 'objective',
      wholeX: true,
      marks: (frame) => [
        ...others.map((trace) =>
          curve(frame, [...trace.keys()], trace, { colour: colourOf(7), width: 1, opacity: 0.7 }),
        ),
        curve(frame, [...own.keys()], own, { colour: colourOf(0), width: 2.5 }),
        markers(frame, [[own.length - 1, last]], 0, { size: 50, ring: true, opacity: 1 }),
      ],
    },
  }
}

function quantile(values: readonly number[], p: number): number {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b)
  return sorted[Math.floor(p * (sorted.length - 1))] ?? 0
}

export function startsTable({ starts }: FitResult): Html | null {
  if (starts.length < 2) return null
  return table({
    caption: `${counted(starts.length, 'start')}: where each of them came to.`,
    name: 'Starts',
    head: ['seed', 'objective', 'iterations', 'end'],
    rows: starts.map((s) => [
      String(s.seed),
      fixed(numberFromJson(s.objective) ?? Number.NaN, 4),
      String(s.iterations),
      endOf(s),
    ]),
  })
}

function endOf({ brief, degenerate, stop }: StartSummary): string {
  if (brief) return 'left after a brief run: others were more promising, or another went on for it'
  const how = stop === null ? 'left' : STOPS[stop]
  return degenerate ? `${how}; degenerate` : how
}

export const STOPS: Readonly<Record<FitResult['stop'], string>> = {
  tolerance: 'converged',
  direct: 'the maximum, in one step',
  completed: 'the schedule came to its end',
  'max-iterations': 'the limit of iterations was reached',
  'max-time': 'the limit of time was reached',
  aborted: 'interrupted',
  numerical: 'failed numerically',
}
