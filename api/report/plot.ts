/** Axes with ticks and labels around marks, as SVG text: once for wide and once for narrow pages. */
import { area, line } from 'd3-shape'
import type { Frame } from '../charts/frame.js'
import { colourOf, markerPath } from '../charts/palette.js'
import { type Domain, linear, type Tick, ticksOf } from '../charts/scales.js'
import { type Child, type Html, h } from './html.js'

export interface PlotRequest {
  /** Different for every plot of a page. */
  readonly id: string
  readonly x: Domain
  readonly y: Domain
  readonly xLabel: string
  readonly yLabel: string
  readonly xTicks?: readonly Tick[]
  readonly yTicks?: readonly Tick[]
  readonly wholeX?: boolean
  readonly height?: number
  marks(frame: Frame): Child
}

export interface FigureRequest {
  readonly title: string
  /** One sentence that says what is to be seen. */
  readonly summary: string
  readonly plot: PlotRequest
  readonly legend?: readonly LegendItem[]
  /** The same as numbers. */
  readonly table?: Html
}

export interface LegendItem {
  readonly label: string
  readonly kind: 'marker' | 'line' | 'both' | 'bar'
  readonly series: number | null
  readonly dash?: string
}

/** A drawing with its title, its sentence and its legend. */
export function figure({ title, summary, plot, legend = [], table }: FigureRequest): Html {
  return h(
    'figure',
    { 'aria-labelledby': `${plot.id}-title` },
    h('figcaption', {}, h('h3', { id: `${plot.id}-title` }, title), h('p', {}, summary)),
    drawing(plot, title, summary),
    legend.length === 0
      ? null
      : h('ul', { class: 'legend' }, ...legend.map((item) => h('li', {}, key(item), item.label))),
    table === undefined ? null : h('details', {}, h('summary', {}, `Numbers: ${title}`), table),
  )
}

const WIDE = 660
const NARROW = 300

/** The page shows the one that fits. */
export const drawing = (plot: PlotRequest, title: string, summary: string): Html =>
  h(
    'div',
    { class: 'drawing' },
    h('div', { class: 'wide' }, svg(plot, WIDE, 'w', title, summary)),
    h('div', { class: 'narrow' }, svg(plot, NARROW, 'n', title, summary)),
  )

/** At 12 px, in a font with wide digits. */
const textWidth = (text: string): number => text.length * 7.2 + (text.includes('−') ? 4 : 0)

const cut = (text: string, room: number): string => {
  const most = Math.max(3, Math.floor(room / 7.2))
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`
}

function svg(p: PlotRequest, width: number, variant: string, title: string, summary: string): Html {
  const height = p.height ?? (width < 420 ? 230 : 290)
  const yTicks = p.yTicks ?? ticksOf(linear(p.y, [height, 0]), Math.floor((height - 60) / 44))
  const left = Math.ceil(Math.min(0.4 * width, Math.max(24, ...yTicks.map((t) => textWidth(t.label))) + 12))
  const frame: Frame = {
    x: linear(p.x, [left, width - 14]),
    y: linear(p.y, [height - 42, 24]),
    left,
    top: 24,
    width: Math.max(10, width - 14 - left),
    height: height - 66,
  }
  const xTicks = fitting(p.xTicks ?? ticksOf(frame.x, Math.floor(frame.width / 78), p.wholeX), frame)
  const bottom = frame.top + frame.height
  const clip = `${p.id}-${variant}`
  return h(
    'svg',
    {
      viewBox: `0 0 ${width} ${height}`,
      role: 'img',
      'aria-labelledby': `${clip}-title ${clip}-desc`,
    },
    h('title', { id: `${clip}-title` }, title),
    h('desc', { id: `${clip}-desc` }, summary),
    h(
      'clipPath',
      { id: clip },
      h('rect', { x: left, y: frame.top - 6, width: frame.width + 6, height: frame.height + 6 }),
    ),
    h(
      'g',
      { class: 'grid' },
      ...yTicks.map((t) => {
        const y = round(frame.y(t.value))
        return h('path', { d: `M${left},${y}H${left + frame.width}` })
      }),
    ),
    h('g', { 'clip-path': `url(#${clip})` }, p.marks(frame)),
    h(
      'g',
      { class: 'axis' },
      h('path', { d: `M${left},${frame.top}V${bottom}H${left + frame.width}` }),
      ...xTicks.map((t) => {
        const x = round(frame.x(t.value))
        return [
          h('path', { d: `M${x},${bottom}v5` }),
          h('text', { x, y: bottom + 18, 'text-anchor': 'middle' }, t.label),
        ]
      }),
      ...yTicks.map((t) => {
        const y = round(frame.y(t.value))
        return [
          h('path', { d: `M${left},${y}h-5` }),
          h('text', { x: left - 8, y, dy: '0.32em', 'text-anchor': 'end' }, cut(t.label, left - 10)),
        ]
      }),
      h(
        'text',
        { class: 'quiet', x: left + frame.width, y: height - 6, 'text-anchor': 'end' },
        cut(p.xLabel, frame.width + left - 8),
      ),
      h('text', { class: 'quiet', x: 2, y: 12 }, cut(p.yLabel, width - 8)),
    ),
  )
}

/** Leaves out ticks whose labels would touch. */
function fitting(ticks: readonly Tick[], { x, left, width }: Frame): readonly Tick[] {
  let end = Number.NEGATIVE_INFINITY
  return ticks.filter((t) => {
    const half = textWidth(t.label) / 2
    const at = x(t.value)
    if (at - half < end + 6 || at + half > left + width + 14 || at < left - 1) return false
    end = at + half
    return true
  })
}

// -- marks --------------------------------------------------------------------------------------------------------------

export const round = (x: number): number => Math.round(x * 10) / 10

interface Stroke {
  readonly colour: string
  readonly dash?: string
  readonly width?: number
  readonly opacity?: number
}

/** A line through points; it is broken where a number is not finite. */
export function curve(
  { x, y }: Frame,
  xs: ArrayLike<number>,
  ys: ArrayLike<number>,
  { colour, dash = 'none', width = 2, opacity = 1 }: Stroke,
): Html {
  const d = line<number>()
    .defined((i) => Number.isFinite(ys[i]) && Number.isFinite(xs[i]))
    .x((i) => round(x(xs[i] ?? 0)))
    .y((i) => round(y(ys[i] ?? 0)))(indices(xs.length))
  const shown = { stroke: colour, 'stroke-width': width, 'stroke-dasharray': dash, opacity }
  return h('path', { d: d ?? '', fill: 'none', 'stroke-linejoin': 'round', ...shown })
}

/** The area between two lines. */
export function band(
  { x, y }: Frame,
  xs: ArrayLike<number>,
  low: ArrayLike<number>,
  high: ArrayLike<number>,
  colour: string,
): Html {
  const d = area<number>()
    .defined((i) => Number.isFinite(low[i]) && Number.isFinite(high[i]))
    .x((i) => round(x(xs[i] ?? 0)))
    .y0((i) => round(y(low[i] ?? 0)))
    .y1((i) => round(y(high[i] ?? 0)))(indices(xs.length))
  return h('path', { d: d ?? '', fill: colour, opacity: 0.18 })
}

/** Markers of one series at many points: one path. */
export function markers(
  { x, y }: Frame,
  points: readonly (readonly [number, number])[],
  series: number,
  { size = 22, ring = false, colour = colourOf(series), opacity = 0.75 } = {},
): Html {
  const shape = markerPath(series, size)
  const shown = { fill: colour, opacity, ...(ring ? { stroke: 'var(--chart-back)', 'stroke-width': 1.5 } : {}) }
  return h(
    'g',
    shown,
    ...points.flatMap(([a, b]) =>
      Number.isFinite(a) && Number.isFinite(b)
        ? [h('path', { d: shape, transform: `translate(${round(x(a))} ${round(y(b))})` })]
        : [],
    ),
  )
}

export function bars(
  { x, y }: Frame,
  heights: readonly { readonly from: number; readonly to: number; readonly height: number }[],
  { colour, opacity = 1 }: { readonly colour: string; readonly opacity?: number },
): Html {
  const floor = y(0)
  const rects = heights.map((b) => {
    const from = x(b.from)
    const top = y(b.height)
    const width = Math.max(0.5, round(x(b.to) - from - 1))
    return h('rect', { x: round(from + 0.5), y: round(top), width, height: Math.max(0, round(floor - top)) })
  })
  return h('g', { fill: colour, opacity }, ...rects)
}

export function outline({ x, y }: Frame, points: readonly (readonly [number, number])[], stroke: Stroke): Html {
  const d = `${points.map(([a, b], i) => `${i === 0 ? 'M' : 'L'}${round(x(a))},${round(y(b))}`).join('')}Z`
  return h(
    'g',
    { fill: 'none' },
    h('path', { d, stroke: 'var(--chart-back)', 'stroke-width': 4.5, opacity: 0.8 }),
    h('path', { d, stroke: stroke.colour, 'stroke-width': 2.25, 'stroke-dasharray': stroke.dash ?? 'none' }),
  )
}

const indices = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

function key({ kind, series, dash = 'none' }: LegendItem): Html {
  const colour = series === null ? 'var(--chart-strong)' : colourOf(series)
  const stroke = h('path', { d: 'M1,7H25', stroke: colour, 'stroke-width': 2.25, 'stroke-dasharray': dash })
  const marker = h('path', { d: markerPath(series ?? 0, 50), fill: colour, transform: 'translate(13 7)' })
  const bar = h('rect', { x: 5, y: 1, width: 16, height: 12, fill: 'var(--chart-rule)', opacity: 0.45 })
  const marks = kind === 'line' ? [stroke] : kind === 'both' ? [stroke, marker] : kind === 'bar' ? [bar] : [marker]
  return h('svg', { viewBox: '0 0 26 14', class: 'key', 'aria-hidden': 'true' }, ...marks)
}
