/** Pictures of latents: along a chain, as numbers with their spread, as vectors. */

import type { ColumnView } from '../charts/columns.js'
import { componentName, counted } from '../charts/format.js'
import type { Frame } from '../charts/frame.js'
import { colourOf, SERIES } from '../charts/palette.js'
import { type Domain, extentOf, linear, padded, ticksOf } from '../charts/scales.js'
import type { View } from '../charts/views.js'
import type { Picture } from './data-pictures.js'
import { type Child, h } from './html.js'
import { band, curve, type LegendItem, markers, round } from './plot.js'
import type { Latent, ShownPoint } from './shown.js'

/** Places of a sequence, and rows, that one picture shows. */
const MOST_PLACES = 150
const MOST_ROWS = 60
/** Part of the height below the data that the strip of states takes. */
const STRIP = 0.14

/** The first sequence: the states of a chain as a strip below the data, or a mean ± 2 sd over them. */
export function pathPictures(point: ShownPoint, view: Extract<View, { kind: 'path' }>): Picture[] {
  return view.latents.flatMap((name) => {
    const latent = point.latents.find((l) => l.name === name)
    if (latent === undefined) return []
    const column = view.columns.find((c) => c.rows === latent.rows && c.levels === null) ?? null
    const { length, all, sequences } = firstSequence(latent)
    const xs = Float64Array.from({ length }, (_, i) => i + 1)
    const which = sequences > 1 ? ` of the first of ${sequences} sequences` : ''
    const part =
      length < all ? `The first ${length} of ${counted(all, 'place')}${which}` : `${counted(all, 'place')}${which}`
    return latent.kind === 'discrete'
      ? [stateStrip(latent, column, xs, part)]
      : latent.own.length === 0
        ? [meanBand(latent, column, xs, part)]
        : []
  })
}

function firstSequence(latent: Latent): { readonly length: number; readonly all: number; readonly sequences: number } {
  const second = latent.beginnings?.[1]
  const all = latent.lengths?.[0] ?? second ?? latent.rows
  return {
    length: Math.min(all, MOST_PLACES),
    all,
    sequences: latent.lengths?.length ?? latent.beginnings?.length ?? 1,
  }
}

function stateStrip(latent: Latent, column: ColumnView | null, xs: Float64Array, part: string): Picture {
  const ys = column?.values.subarray(0, xs.length) ?? null
  const [low, high] = ys === null ? ([0, 1] as const) : padded(extentOf(ys), 0.06)
  const y: Domain = ys === null ? [0, 1] : [low - STRIP * (high - low), high]
  const states = (frame: Frame): Child =>
    Array.from(xs, (x, i) => {
      const k = latent.modes?.[i] ?? 0
      const p = latent.probabilities?.[i * latent.labels.length + k] ?? 1
      const from = frame.x(x - 0.5)
      const bottom = frame.top + frame.height
      const height = ys === null ? frame.height : bottom - frame.y(low) - 4
      return h('rect', {
        x: round(from),
        y: round(bottom - height),
        width: round(frame.x(x + 0.5) - from),
        height: round(height),
        'shape-rendering': 'crispEdges',
        fill: colourOf(k),
        opacity: round(10 * (0.25 + 0.75 * p)) / 10,
      })
    })
  const byState = latent.labels.map((_, k) => [...xs.keys()].filter((i) => latent.modes?.[i] === k))
  return {
    title: `${latent.name} along the sequence`,
    summary: `${part}: the most probable state of each as a strip, paler where it is less certain${column === null ? '' : `, below ${column.label}, whose marks tell the states apart too`}.`,
    legend: latent.labels.map(
      (label, k): LegendItem => ({ label: componentName(latent.name, label), kind: 'marker', series: k }),
    ),
    plot: {
      x: [0.5, xs.length + 0.5],
      y,
      xLabel: 'place in the sequence',
      yLabel: column?.label ?? latent.name,
      wholeX: true,
      yTicks: ys === null ? [] : ticksOf(linear([low, high], [0, 1]), 5).filter((t) => t.value >= low),
      marks: (frame) => [
        states(frame),
        ys === null ? null : curve(frame, xs, ys, { colour: 'var(--chart-rule)', width: 1 }),
        ...(ys === null
          ? []
          : byState.map((rows, k) =>
              markers(
                frame,
                rows.map((i) => [xs[i] ?? 0, ys[i] ?? Number.NaN]),
                k,
                { size: 26, opacity: 1 },
              ),
            )),
      ],
    },
  }
}

function meanBand(latent: Latent, column: ColumnView | null, xs: Float64Array, part: string): Picture {
  const at = (values: Float64Array | null): Float64Array => (values ?? new Float64Array(0)).subarray(0, xs.length)
  const [mean, sd] = [at(latent.means), at(latent.sd)]
  const [low, high] = [mean.map((m, i) => m - 2 * (sd[i] ?? 0)), mean.map((m, i) => m + 2 * (sd[i] ?? 0))]
  const ys = column?.element === 'category' ? null : (column?.values.subarray(0, xs.length) ?? null)
  return {
    title: `${latent.name} along the sequence`,
    summary: `${part}: the posterior mean, within 2 standard deviations${ys === null ? '' : `, and the values of ${column?.label}`}.`,
    legend: [
      { label: `${latent.name}, mean ± 2 sd`, kind: 'line', series: 0 },
      ...(ys === null ? [] : [{ label: column?.label ?? '', kind: 'marker', series: 1 } as const]),
    ],
    plot: {
      x: [0.5, xs.length + 0.5],
      y: padded(extentOf(low, high, ys ?? [])),
      xLabel: 'place in the sequence',
      yLabel: column?.label ?? latent.name,
      wholeX: true,
      marks: (frame) => [
        band(frame, xs, low, high, colourOf(0)),
        ys === null
          ? null
          : markers(
              frame,
              Array.from(xs, (x, i) => [x, ys[i] ?? Number.NaN]),
              1,
              { size: 18 },
            ),
        curve(frame, xs, mean, { colour: colourOf(0) }),
      ],
    },
  }
}

/** Posterior mean ± 2 sd of each row, in the order of the means. */
export function intervalPictures(point: ShownPoint, view: Extract<View, { kind: 'intervals' }>): Picture[] {
  return view.latents.flatMap((name) => {
    const latent = point.latents.find((l) => l.name === name)
    const { means = null, sd = null } = latent ?? {}
    if (latent === undefined || means === null) return []
    const names = latent.rowLabels.at(-1) ?? null
    const order = [...means.keys()].sort((a, b) => (means[a] ?? 0) - (means[b] ?? 0))
    const step = Math.max(1, Math.ceil(order.length / MOST_ROWS))
    const rows = order.filter((_, i) => i % step === 0)
    const spread = (i: number): number => 2 * (sd?.[i] ?? 0)
    const ends = rows.flatMap((i) => [(means[i] ?? 0) - spread(i), (means[i] ?? 0) + spread(i)])
    const some = step > 1 ? ` Every ${step}th of them is shown.` : ''
    return [
      {
        title: `Values of ${latent.name}`,
        summary: `The posterior means of ${counted(means.length, 'row')} in their order${sd === null ? '' : ', with 2 standard deviations on both sides'}.${some}`,
        plot: {
          x: padded(extentOf(ends)),
          y: [rows.length - 0.4, -0.6],
          xLabel: latent.name,
          yLabel: names === null ? 'row' : '',
          height: Math.max(160, 66 + 13 * rows.length),
          yTicks: rows.map((row, value) => ({ value, label: names?.[row] ?? String(row + 1) })),
          marks: (frame) => [
            ...rows.map((row, i) => {
              const m = means[row] ?? Number.NaN
              const y = round(frame.y(i))
              return h('path', {
                d: `M${round(frame.x(m - spread(row)))},${y}H${round(frame.x(m + spread(row)))}`,
                stroke: colourOf(0),
                'stroke-width': 2,
                opacity: 0.55,
              })
            }),
            markers(
              frame,
              rows.map((row, i) => [means[row] ?? Number.NaN, i]),
              0,
              { size: 30, opacity: 1 },
            ),
          ],
        },
      },
    ]
  })
}

/** Two coordinates of the posterior means of a vector. */
export function vectorPictures(point: ShownPoint, view: Extract<View, { kind: 'scores' }>): Picture[] {
  return view.latents.flatMap((name) => {
    const latent = point.latents.find((l) => l.name === name)
    const { means = null } = latent ?? {}
    const size = latent?.own[0] ?? 0
    if (latent === undefined || means === null || size < 2) return []
    const step = Math.max(1, Math.ceil(latent.rows / 1500))
    const rows = Array.from({ length: Math.ceil(latent.rows / step) }, (_, i) => i * step)
    const coloured = point.latents.find((l) => l.kind === 'discrete' && l.rows === latent.rows && l.labels.length > 1)
    const at = (row: number, i: number): number => means[row * size + i] ?? Number.NaN
    const series = (row: number): number => coloured?.modes?.[row] ?? 0
    const groups = [...new Set(rows.map(series))]
    return [
      {
        title: `Means of ${latent.name}`,
        summary: `The first two of ${size} coordinates of the posterior means of ${counted(latent.rows, 'row')}${coloured === undefined ? '' : `, marked by ${coloured.name}`}.`,
        legend: (coloured?.labels ?? []).slice(0, 2 * SERIES).map((label, k): LegendItem => {
          return { label: componentName(coloured?.name ?? null, label), kind: 'marker', series: k }
        }),
        plot: {
          x: padded(extentOf(rows.map((r) => at(r, 0)))),
          y: padded(extentOf(rows.map((r) => at(r, 1)))),
          xLabel: `${latent.name}[·, 1]`,
          yLabel: `${latent.name}[·, 2]`,
          height: 360,
          marks: (frame) =>
            groups.map((k) =>
              markers(
                frame,
                rows.filter((r) => series(r) === k).map((r) => [at(r, 0), at(r, 1)]),
                k,
              ),
            ),
        },
      },
    ]
  })
}
