/** Pictures of data with the fit over them. */

import { type Bins, binsOf } from '../charts/bins.js'
import { type ColumnView, latentOfRows } from '../charts/columns.js'
import { ellipsePoints } from '../charts/ellipse.js'
import { componentName, counted, listed, short } from '../charts/format.js'
import type { Frame } from '../charts/frame.js'
import { colourOf, dashOf } from '../charts/palette.js'
import { type Domain, extentOf, padded } from '../charts/scales.js'
import type { View } from '../charts/views.js'
import type { Child } from './html.js'
import { bars, curve, type FigureRequest, type LegendItem, markers, outline } from './plot.js'
import type { Latent, Shown, ShownPoint } from './shown.js'
import { table } from './table.js'

/** Points of one picture; more are thinned out evenly. */
const MOST_POINTS = 1500
const CURVE_POINTS = 80
/** Columns of a table that are drawn one by one. */
const MOST_COLUMNS = 6
/** Around the data, so that ellipses have room. */
const ROOM = 0.13
const MOST_LEVELS = 30

type Picture = Omit<FigureRequest, 'plot'> & { readonly plot: Omit<FigureRequest['plot'], 'id'> }

export function scatterPicture(shown: Shown, point: ShownPoint, view: Extract<View, { kind: 'scatter' }>): Picture[] {
  const [x, y] = [view.columns[view.x], view.columns[view.y]]
  if (x === undefined || y === undefined) return []
  const latent = latentOfRows(x.rows, point.latents)
  const xDomain = roomFor(x)
  const grid = evenly(xDomain, CURVE_POINTS)
  const ellipses = shown.pictures.ellipses(ref(x), ref(y), point.params)
  const lines = x.data === y.data ? null : shown.pictures.lines(ref(x), ref(y), point.params, grid)
  const rings = (ellipses?.components ?? []).map((e) =>
    e === null ? null : { points: ellipsePoints(e.mean, e.covariance), mean: e.mean },
  )
  const labels = latent?.labels ?? ellipses?.labels ?? lines?.labels ?? []
  const several = labels.length > 1
  const hasRings = rings.some((r) => r !== null)
  const step = Math.max(1, Math.ceil(x.rows / MOST_POINTS))
  const groups = new Map<number, [number, number][]>()
  for (let i = 0; i < x.rows; i += step) {
    const k = latent?.modes?.[i] ?? 0
    const group = groups.get(k) ?? []
    group.push([x.values[i] ?? Number.NaN, y.values[i] ?? Number.NaN])
    groups.set(k, group)
  }
  const drawn = hasRings
    ? ', each with the ellipse of 95 %'
    : lines === null
      ? ''
      : `, each with its mean of ${y.label}`
  const some = step > 1 ? ` Of the rows every ${step}th is drawn.` : ''
  const name = latent?.name ?? ellipses?.latent ?? lines?.latent ?? null
  return [
    {
      title: `${y.label} over ${x.label}`,
      summary: several
        ? `${counted(x.rows, 'row')}, marked by their most probable of ${counted(labels.length, 'component')}${drawn}: about ${listed(expectedRows(latent))} rows.${some}`
        : `${counted(x.rows, 'row')}${hasRings ? ', with the ellipse of 95 %' : lines === null ? '' : `, with the mean of ${y.label}`}.${some}`,
      legend: several
        ? labels.map(
            (label, k): LegendItem => ({
              label: componentName(name, label),
              kind: hasRings || lines !== null ? 'both' : 'marker',
              series: k,
              dash: dashOf(k),
            }),
          )
        : [],
      plot: {
        x: xDomain,
        y: roomFor(y),
        xLabel: x.label,
        yLabel: y.label,
        height: 360,
        marks: (frame) => [
          ...[...groups].map(([k, points]) => markers(frame, points, k)),
          ...(lines?.means ?? []).map((m, k) =>
            curve(frame, grid, m, { colour: colourOf(k), dash: dashOf(k), width: 2.5 }),
          ),
          ...rings.map((ring, k) =>
            ring === null
              ? null
              : [
                  outline(frame, ring.points, { colour: colourOf(k), dash: dashOf(k) }),
                  markers(frame, [ring.mean], k, { size: 110, ring: true, opacity: 1 }),
                ],
          ),
        ],
      },
    },
  ]
}

/** Rows that each component is expected to have, in words. */
function expectedRows(latent: Latent | null): readonly string[] {
  const width = latent?.labels.length ?? 0
  const counts = new Array<number>(width).fill(0)
  latent?.probabilities?.forEach((p, i) => {
    counts[i % width] = (counts[i % width] ?? 0) + p * (latent.weights?.[Math.floor(i / width)] ?? 1)
  })
  return counts.map((c) => c.toFixed(c < 10 ? 1 : 0))
}

export function histogramPictures(
  shown: Shown,
  point: ShownPoint,
  view: Extract<View, { kind: 'histogram' }>,
): Picture[] {
  return view.columns.slice(0, MOST_COLUMNS).map((column) => {
    const bins = binsOf(column.values, column.element !== 'real', column.weights)
    const curves = shown.pictures.curves(ref(column), point.params, bins.grid)
    const several = (curves?.components.length ?? 0) > 1
    const top = Math.max(...bins.bars.map((b) => b.height), ...finite(curves?.total ?? new Float64Array(0)))
    const unit = bins.whole ? 'share of rows' : `density (per unit of ${column.label})`
    const model = bins.whole ? 'probabilities' : 'density'
    const drawn =
      curves === null
        ? ''
        : several
          ? `, with the ${bins.whole ? 'probabilities' : 'densities'} of ${counted(curves.labels.length, 'component')} and their sum`
          : `, with the ${model} of the model`
    const over = (frame: Frame): Child =>
      curves === null
        ? null
        : [
            curve(frame, bins.grid, curves.total, { colour: 'var(--chart-strong)', width: 1.5 }),
            ...(several
              ? curves.components.map((c, k) =>
                  curve(frame, bins.grid, c, { colour: colourOf(k), dash: dashOf(k), width: 2.25 }),
                )
              : []),
          ]
    return {
      title: `Values of ${column.label}`,
      summary: `${counted(bins.count, 'value')} in ${counted(bins.bars.length, 'bar')}${drawn}.`,
      legend: densityLegend(curves?.latent ?? null, curves?.labels ?? [], curves !== null),
      table: binTable(column, bins),
      plot: {
        x: bins.domain,
        y: [0, top * 1.06 || 1],
        xLabel: column.label,
        yLabel: unit,
        wholeX: bins.whole,
        marks: (frame) => [bars(frame, bins.bars, { colour: 'var(--chart-rule)', opacity: 0.45 }), over(frame)],
      },
    }
  })
}

const binTable = ({ label }: ColumnView, bins: Bins) =>
  table({
    caption: `How many values of ${label} lie in each bar`,
    name: `Bars of ${label}`,
    head: ['from', 'to', 'rows', bins.whole ? 'share' : 'density'],
    rows: bins.bars.map((b) => [short(b.from, 5), short(b.to, 5), String(b.rows), short(b.height)]),
  })

function densityLegend(latent: string | null, labels: readonly string[], isDrawn: boolean): readonly LegendItem[] {
  const rows: LegendItem = { label: 'data', kind: 'bar', series: null }
  if (!isDrawn) return []
  if (labels.length < 2) return [rows, { label: 'model', kind: 'line', series: null }]
  return [
    rows,
    ...labels.map((label, k): LegendItem => {
      return { label: componentName(latent, label), kind: 'line', series: k, dash: dashOf(k) }
    }),
    { label: 'all together', kind: 'line', series: null },
  ]
}

/** Share of the rows at each level, and what the model expects. */
export function levelPictures(shown: Shown, point: ShownPoint, view: Extract<View, { kind: 'bars' }>): Picture[] {
  return view.columns.slice(0, MOST_COLUMNS).map((column) => {
    const levels = column.levels ?? []
    const counts = new Array<number>(levels.length).fill(0)
    for (const [row, value] of column.values.entries())
      if (value >= 0) counts[value] = (counts[value] ?? 0) + (column.weights?.[row] ?? 1)
    const total = counts.reduce((a, b) => a + b, 0)
    const shares = counts.map((n) => n / Math.max(1, total))
    const curves = shown.pictures.curves(ref(column), point.params, Float64Array.from(levels.keys()))
    const order = [...levels.keys()]
    if (levels.length > MOST_LEVELS) order.sort((a, b) => (shares[b] ?? 0) - (shares[a] ?? 0))
    const places = order.slice(0, MOST_LEVELS)
    const top = Math.max(...shares, ...finite(curves?.total ?? new Float64Array(0)))
    const expected = places.flatMap((level, i): [number, number][] => {
      const share = curves?.total[level] ?? Number.NaN
      return [[i, share]]
    })
    const left = levels.length > MOST_LEVELS ? ` The ${MOST_LEVELS} most frequent ones are shown.` : ''
    return {
      title: `Levels of ${column.label}`,
      summary: `The share of each of ${counted(levels.length, 'level')} among ${counted(Math.round(total), 'row')}${curves === null ? '' : ', beside what the model expects'}.${left}`,
      legend:
        curves === null
          ? []
          : [
              { label: 'data', kind: 'bar', series: null },
              { label: 'model', kind: 'marker', series: 1 },
            ],
      table: table({
        caption: `Levels of ${column.label}`,
        name: `Levels of ${column.label}`,
        head: ['level', 'rows', 'share', ...(curves === null ? [] : ['expected share'])],
        rows: places.map((level) => [
          levels[level] ?? '',
          short(counts[level] ?? 0, 7),
          short(shares[level] ?? 0),
          ...(curves === null ? [] : [short(curves.total[level] ?? Number.NaN)]),
        ]),
      }),
      plot: {
        x: [-0.6, places.length - 0.4],
        y: [0, top * 1.08 || 1],
        xLabel: column.label,
        yLabel: 'share of rows',
        xTicks: places.map((level, value) => ({ value, label: levels[level] ?? '' })),
        marks: (frame) => [
          bars(
            frame,
            places.map((level, i) => ({ from: i - 0.4, to: i + 0.4, height: shares[level] ?? 0 })),
            { colour: 'var(--chart-rule)', opacity: 0.45 },
          ),
          curves === null ? null : markers(frame, expected, 1, { size: 60, ring: true, opacity: 1 }),
        ],
      },
    }
  })
}

function roomFor(c: ColumnView): Domain {
  const [low, high] = padded(extentOf(c.values), ROOM)
  // counts do not go below 0
  return c.element === 'count' ? [Math.max(low, -0.03 * (high - low)), high] : [low, high]
}

export const ref = ({ data, column }: ColumnView): { readonly data: string; readonly column: number } => ({
  data,
  column,
})

export const evenly = ([low, high]: Domain, points: number): Float64Array =>
  Float64Array.from({ length: points }, (_, i) => low + ((high - low) * i) / (points - 1))

const finite = (values: Float64Array): number[] => Array.from(values).filter(Number.isFinite)

export type { Picture }
